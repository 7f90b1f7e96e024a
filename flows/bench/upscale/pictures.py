"""The pictures: benchmarks and catalogue photographs where the development data are at hand, any folder, or scikit-image's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from flows.bench.text.grounds import data_folder
from flows.demo.photographs import photograph
from flows.training.upscale_network.imresize import imresize
from flows.training.upscale_network.pictures import Split
from tasks.errors import BadRequest

Levels = NDArray[np.uint8]
KINDS: Final = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
_MARK: Final = re.compile(r"[ _.-]*(?:SRF[ _-]?\d|x\d|hr|lr)(?![a-z0-9])", re.IGNORECASE)
"""What tells a large picture's file name from its small one's."""
_LOSSY: Final = (".jpg", ".jpeg", ".webp")
OWN: Final = ("astronaut", "chelsea", "coffee", "rocket")
"""scikit-image's photographs of the scoring side."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture and its small version."""

    name: str
    truth: Levels
    """H×W×3, its sides `scale` times the small one's."""
    small: Levels
    seen: bool = False
    """It is among those that networks may have been trained on: never part of a figure that is claimed."""


def benchmark(name: str, scale: int, most: int = 99) -> list[Pair]:
    """`set5`, `kodak`, `cid22`; none where the data are not at hand. Raises BadRequest where training would not refuse one."""
    parts = (f"Set5_x{scale}",) if name == "set5" else (name,)
    folder = data_folder("dev", "sr", *parts)
    if folder is None:
        return []
    paths = _listed(folder)
    for path in paths:
        _kept_out(path)
    if name == "set5":
        return _paired(*_split(paths), scale)[:most]
    return [shrunk(path.stem[:12], read(path), scale) for path in paths[:most]]


def catalogue(scale: int, seen: bool = False) -> list[Pair]:
    """Catalogue photographs held out of all training, or those that are not. Lossy ones are halved first."""
    held = Split.read().held_out
    found: list[Pair] = []
    for shop in ("saleor", "solidus", "sylius"):
        folder = data_folder("dev", "product", shop)
        paths = _listed(folder) if folder else []
        kept = [path for path in paths if path.name.startswith(held) != seen]
        found += [shrunk(path.stem[:24], _clean(path), scale, seen=seen) for path in kept]
    return found


def own(scale: int) -> list[Pair]:
    """scikit-image's photographs."""
    return [shrunk(name, _levels(photograph(name)), scale) for name in OWN]


def from_folders(hr: Path, lr: Path | None, scale: int) -> list[Pair]:
    """Every picture of a folder, with its small one: from `lr` by name, or made by antialiased bicubic.

    Marks such as _HR, _LR and x4 in names do not count. Raises BadRequest for no pictures, and small ones that are missing
    or of another size."""
    large, _ = _split(_listed(hr)) if hr.is_dir() else ([], [])
    if not large:
        raise BadRequest(f"{hr} holds no pictures", cure=f"a folder of {', '.join(KINDS)}")
    if lr is None:
        return [shrunk(path.stem[:24], read(path), scale) for path in large]
    marked, small = _split(_listed(lr)) if lr.is_dir() else ([], [])
    return _paired(large, small or marked, scale)


def shrunk(name: str, picture: Levels, scale: int, seen: bool = False) -> Pair:
    """Cropped to a multiple of the scale, and made small by antialiased bicubic as MATLAB's imresize does."""
    height, width = (side // scale for side in picture.shape[:2])
    if not (height and width):
        raise BadRequest(f"{name} is smaller than {scale} px")
    truth = np.ascontiguousarray(picture[: height * scale, : width * scale])
    return Pair(name, truth, imresize(truth, height, width), seen)


def read(path: Path) -> Levels:
    """H×W×3, transparency over white. Raises BadRequest for what is no picture."""
    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGBA")
    except OSError as error:
        raise BadRequest(f"{path.name} cannot be read: {error}") from error
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB"), np.uint8)


def _clean(path: Path) -> Levels:
    picture = read(path)
    if path.suffix.lower() not in _LOSSY:
        return picture
    return imresize(picture, picture.shape[0] // 2, picture.shape[1] // 2)


def _kept_out(path: Path) -> None:
    try:
        Split.read().check(path)
    except BadRequest:
        return
    raise BadRequest(f"{path} is not refused by training's split: it may not be scored on")


def _listed(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in KINDS)


def _split(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Large ones, and those whose names say that they are small; what says nothing is large."""
    small = [p for p in paths if re.search(r"(?:^|[ _.-])lr(?![a-z0-9])", p.stem, re.IGNORECASE)]
    return [p for p in paths if p not in small], small


def _paired(large: Sequence[Path], small: Sequence[Path], scale: int) -> list[Pair]:
    theirs = {_MARK.sub("", path.stem).lower(): path for path in small}
    missing = [path.name for path in large if _MARK.sub("", path.stem).lower() not in theirs]
    if missing:
        raise BadRequest(
            f"no small picture for {', '.join(missing[:3])}", cure="the same names in both folders"
        )
    return [_pair(path, theirs[_MARK.sub("", path.stem).lower()], scale) for path in large]


def _pair(large: Path, small: Path, scale: int) -> Pair:
    """The large one is cropped to the small one's size times the scale: some sets' are a few px larger."""
    truth, little = read(large), read(small)
    height, width = (side * scale for side in little.shape[:2])
    spare = truth.shape[0] - height, truth.shape[1] - width
    if min(spare) < 0 or max(spare) >= 2 * scale:
        raise BadRequest(
            f"{small.name} is {little.shape[1]}×{little.shape[0]}: not {large.name} ({truth.shape[1]}×{truth.shape[0]}) by {scale}"
        )
    return Pair(large.stem[:24], np.ascontiguousarray(truth[:height, :width]), little)


def _levels(picture: NDArray[np.float32]) -> Levels:
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
