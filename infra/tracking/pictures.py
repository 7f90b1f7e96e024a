"""A run's sample of pictures as files, named as `MlflowClient.log_image` names them, to be sent together.

`log_image` sends two files and a tag a picture, each in a call of its own; here they are in one. Names are made of the run,
the key and the step: what is sent once more after a crash replaces what was there."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from infra.tracking.model import Sample

FOLDER = "images"
LARGE = 640
"""Longest side that is sent, px: a PNG of more takes longer than making a small picture does; the sheet has it larger."""
SIDE = 256
"""Longer side of the small version that MLflow's grid shows, px; a smaller picture is enlarged, as MLflow does."""
QUICKLY = {"compress_level": 1, "compress_type": 3}
"""Of a PNG: by runs alone (zlib's Z_RLE), ten times as quick as Pillow's own choice and little larger."""
EFFORT = 1
"""Of a WebP, 0 to 6."""
NAMES = uuid.UUID("9f3f2bfa-6d0e-4a0e-8f5b-1c8f0f1b7a52")


def write_pictures(samples: Iterable[Sample], run_id: str, began: float, folder: Path) -> None:
    """`images/KEY+step+N+timestamp+MS+UUID.png` and a small `…+compressed.webp` of each, below `folder`; `/` in a key is `~`.

    began: of the run, seconds since the epoch. Raises Pillow's UnidentifiedImageError for bytes that are no picture."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    for sample in samples:
        name = uuid.uuid5(NAMES, f"{run_id}/{sample.key}/{sample.step}")
        key = sample.key.replace("/", "~")
        path = folder / FOLDER / f"{key}+step+{sample.step}+timestamp+{max(1, int(began * 1000))}+{name}"
        picture = Image.open(io.BytesIO(sample.data)).convert("RGB")
        picture.thumbnail((LARGE, LARGE), reducing_gap=2.0)
        picture.save(path.with_name(f"{path.name}.png"), "PNG", **QUICKLY)
        _small(picture).save(path.with_name(f"{path.name}+compressed.webp"), "WEBP", method=EFFORT)


def _small(picture: Image.Image) -> Image.Image:
    scale = SIDE / max(picture.size)
    return picture.resize((max(1, int(picture.width * scale)), max(1, int(picture.height * scale))))
