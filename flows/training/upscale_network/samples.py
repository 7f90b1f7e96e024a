"""Draws training samples: small crops of pictures and the large ones they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from flows.training.upscale_network.degradations import drawn_harm, harmed
from flows.training.upscale_network.imresize import Bytes3, imresize

Rng = np.random.Generator

_STRIDE: Final = 8
"""px of the small picture between places whose worth is known."""
_MOST: Final = 12.0
"""Levels of 255 a px: mean gradient from which on a crop is worth no more."""
_FLOOR: Final = 0.3
"""Flat crops keep this worth, so that flat ground is not forgotten."""
_MARGIN: Final = 16
"""px around a crop that is harmed with it, so that JPEG's blocks lie anywhere."""


@dataclass(frozen=True, slots=True)
class Album:
    """Large pictures, their small ones, and how much each place is worth."""

    large: tuple[Bytes3, ...]
    small: tuple[Bytes3, ...]
    places: NDArray[np.int32]
    """n×3: picture, y and x, px of the small one."""
    below: NDArray[np.float64]
    """Running worth of the places, up to 1."""
    scale: int

    @classmethod
    def of(cls, pictures: Sequence[Bytes3], scale: int, patch: int) -> Album:
        """patch: side of the crops to be drawn, px of the small pictures."""
        least = (patch + _MARGIN) * scale
        large = [p for p in pictures if min(p.shape[:2]) >= least]
        large = [p[: p.shape[0] // scale * scale, : p.shape[1] // scale * scale] for p in large]
        small = [imresize(p, p.shape[0] // scale, p.shape[1] // scale) if scale > 1 else p for p in large]
        found = [_worth(p, patch) for p in small]
        places = [np.column_stack([np.full(len(at), n, np.int32), at]) for n, (at, _) in enumerate(found)]
        below = np.cumsum(np.concatenate([worth for _, worth in found]))
        return cls(tuple(large), tuple(small), np.concatenate(places), below / below[-1], scale)

    def place(self, rng: Rng, patch: int) -> tuple[int, int, int]:
        """Picture, y and x of a crop of the small picture, in proportion to its worth."""
        n, y, x = self.places[min(int(np.searchsorted(self.below, rng.random())), len(self.places) - 1)]
        height, width = self.small[n].shape[:2]
        y, x = y + rng.integers(_STRIDE), x + rng.integers(_STRIDE)
        return int(n), int(min(y, height - patch)), int(min(x, width - patch))


def sample(rng: Rng, album: Album, patch: int, catalogue: bool) -> tuple[Bytes3, Bytes3]:
    """What the network is given and what it should say; the same for the same generator.

    catalogue: harmed as catalogue pictures are, not only shrunk."""
    s = album.scale
    wide = patch + _MARGIN if catalogue else patch
    n, y, x = album.place(rng, wide)
    truth = album.large[n][y * s : (y + wide) * s, x * s : (x + wide) * s]
    given = album.small[n][y : y + wide, x : x + wide]
    if catalogue:
        truth = np.ascontiguousarray(truth)
        given = harmed(truth, s, drawn_harm(rng, s), rng)
        dy, dx = rng.integers(4, _MARGIN - 4, 2)
        given = given[dy : dy + patch, dx : dx + patch]
        truth = truth[dy * s : (dy + patch) * s, dx * s : (dx + patch) * s]
    return _turned(rng, given, truth)


def tensors(pairs: Sequence[tuple[Bytes3, Bytes3]]) -> tuple[Tensor, Tensor]:
    """Both N×3×H×W, 0–1."""
    given, truth = (np.stack(side) for side in zip(*pairs, strict=True))
    return _planar(given), _planar(truth)


def _planar(pictures: Bytes3) -> Tensor:
    """In memory as it was: channels last."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).to(torch.float32).div_(255)


def _turned(rng: Rng, given: Bytes3, truth: Bytes3) -> tuple[Bytes3, Bytes3]:
    turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))

    def turn(picture: Bytes3) -> Bytes3:
        made = np.rot90(picture, turns)
        return np.ascontiguousarray(made[:, ::-1] if mirrored else made)

    return turn(given), turn(truth)


def _worth(small: Bytes3, patch: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Corners of crops, n×2, and the mean gradient of each crop, bounded."""
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    steps = np.zeros_like(grey)
    steps[:, 1:] += np.abs(np.diff(grey, axis=1))
    steps[1:] += np.abs(np.diff(grey, axis=0))
    mean = cv2.boxFilter(steps, -1, (patch, patch), anchor=(0, 0))
    height, width = small.shape[0] - patch + 1, small.shape[1] - patch + 1
    y, x = (a.ravel() for a in np.mgrid[0:height:_STRIDE, 0:width:_STRIDE])
    worth = _FLOOR + np.minimum(mean[y, x].astype(np.float64), _MOST)
    return np.column_stack([y, x]).astype(np.int32), worth
