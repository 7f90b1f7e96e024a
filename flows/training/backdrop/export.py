"""Writes the trained generator as a pipeline folder: `python -m flows.training.backdrop.export --state FILE --latents FOLDER --out FOLDER`.

Prints the table of digests that a card's `[weights.sha256]` holds."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import torch

from flows.training.backdrop.latents import read_vae
from flows.training.backdrop.network import Size, new_scheduler
from flows.training.backdrop.painter import Painter
from flows.training.backdrop.words import new_tokenizer
from flows.training.fill_network.state import trained
from model_registry.engines.diffusion_loader import check_folder
from model_registry.weights import sha256_table

_MOST: Final = 11_000_000
"""Bytes of the whole folder."""


def export(painter: Painter, vae: Any, tokenizer: Any, folder: Path) -> None:
    """A StableDiffusionPipeline in half precision, safetensors only; a folder of that name is replaced once all is written.

    painter and vae are left as they are. Raises RuntimeError where the folder is larger than the package has room for, and
    what `check_folder` raises."""
    import diffusers

    kind: Any = diffusers.StableDiffusionPipeline
    pipe = kind(
        vae=_contiguous(vae), text_encoder=_contiguous(painter.text_encoder), tokenizer=tokenizer,
        unet=_contiguous(painter.unet), scheduler=new_scheduler(), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(dir=folder.parent) as held:
        made = Path(held) / folder.name
        pipe.to(torch.float16).save_pretrained(str(made), safe_serialization=True)
        check_folder(made)
        size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
        if size > _MOST:
            raise RuntimeError(f"the folder holds {size} bytes, over {_MOST}")
        if folder.exists():
            shutil.rmtree(folder)
        shutil.move(str(made), str(folder))


def _contiguous(network: Any) -> Any:
    """A copy as files hold it."""
    return deepcopy(network).to(memory_format=torch.contiguous_format).eval()


def trained_parts(state: Path, latents: Path, decoder: Path | None) -> tuple[Painter, Any, Any]:
    """Generator, autoencoder and tokenizer; decoder: what `train_decoder` wrote, None = the autoencoder as it was coded with."""
    tokenizer, vae = new_tokenizer(), read_vae(latents)
    if decoder is not None:
        vae = trained(decoder, vae)
    return trained(state, Painter.new(Size(), tokenizer)), vae, tokenizer


def main(argv: Sequence[str] | None = None) -> None:
    """Reads the states and writes the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="what `train` wrote")
    parser.add_argument("--latents", type=Path, required=True, help="folder that `latents` wrote")
    parser.add_argument("--decoder", type=Path, help="what `train_decoder` wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    given = parser.parse_args(argv)
    painter, vae, tokenizer = trained_parts(given.state, given.latents, given.decoder)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    export(painter, vae, tokenizer, given.out)
    for name, digest in sha256_table(given.out).items():
        sys.stdout.write(f'"{name}" = "{digest}"\n')


if __name__ == "__main__":
    main()
