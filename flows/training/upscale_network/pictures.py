"""The pictures a network learns from: read once, cleaned, and kept apart from those it is measured on."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from flows.training.upscale_network.imresize import Bytes3, imresize
from tasks.errors import BadRequest

_KINDS: Final = (".png", ".jpg", ".jpeg", ".webp")
_LOSSY: Final = (".jpg", ".jpeg", ".webp")
_LEAST: Final = 150
"""px: smaller pictures say too little."""
_TWICE: Final = 900
"""px: pictures with a shorter side of so much are used a second time, smaller, where detail is denser."""
_SMALLER: Final = 0.6


@dataclass(frozen=True, slots=True)
class Split:
    """What may not be learned from."""

    refused: tuple[str, ...]
    """Parts of names, lower case."""
    digests: frozenset[str]
    """sha256 of files."""
    held_out: tuple[str, ...]
    """Beginnings of file names."""

    @classmethod
    def read(cls, path: Path = Path(__file__).parent / "split.toml") -> Split:
        """The split in the repository."""
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        refused, held = given["refused"], given["held_out"]
        return cls(tuple(refused["names"]), frozenset(refused.get("sha256", ())), tuple(held["names"]))

    def check(self, path: Path) -> None:
        """Raises BadRequest for a picture of a benchmark, by a name on its path or by what is in it."""
        parts = [part.lower() for part in path.absolute().parts]
        word = next((w for w in self.refused if any(w in part for part in parts)), "")
        if word:
            raise BadRequest(f"{path} is of a benchmark ({word}): never to be trained on")
        if hashlib.sha256(path.read_bytes()).hexdigest() in self.digests:
            raise BadRequest(f"{path} is a benchmark's picture under another name: never to be trained on")


def read_pictures(
    folders: Iterable[Path], split: Split, most: int = 10_000, held_out: bool = False
) -> list[Bytes3]:
    """The pictures below the folders, in the order of their paths: those to learn from, or those held out.

    most: of one folder, spread evenly over it. Lossy files are halved, which takes most of their artefacts; large
    pictures come a second time at 0.6 of their size. Raises BadRequest for what the split refuses or no picture."""
    made: list[Bytes3] = []
    for folder in folders:
        found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _KINDS)
        for path in found:
            split.check(path)
        kept = [p for p in found if p.name.startswith(split.held_out) == held_out]
        chosen = kept[:: max(1, -(-len(kept) // most))]
        made += [level for path in chosen for level in _levels(_read(path))]
    if not made:
        raise BadRequest(f"no {'held-out ' if held_out else ''}pictures of {_LEAST} px below the folders")
    return made


def _read(path: Path) -> Bytes3:
    """RGB, transparency over white."""
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if found is None or found.dtype != np.uint8:
        return np.zeros((0, 0, 3), np.uint8)
    if found.ndim == 2:
        return np.repeat(found[..., None], 3, axis=2)
    colours: Bytes3 = np.asarray(found[..., 2::-1], np.uint8)
    if found.shape[2] == 4:
        share = found[..., 3:].astype(np.float32) / 255
        colours = np.rint(colours * share + 255 * (1 - share)).astype(np.uint8)
    if path.suffix.lower() in _LOSSY:
        colours = imresize(colours, colours.shape[0] // 2, colours.shape[1] // 2)
    return np.ascontiguousarray(colours)


def _levels(picture: Bytes3) -> list[Bytes3]:
    short = min(picture.shape[:2])
    if short < _LEAST:
        return []
    if short < _TWICE:
        return [picture]
    return [picture, imresize(picture, *(int(side * _SMALLER) for side in picture.shape[:2]))]
