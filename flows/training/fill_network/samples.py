"""Makes training samples: a crop of a photograph and a hole in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.training.fill_network.drawn import scene
from flows.training.fill_network.holes import KINDS, MOST, Zone, hole
from flows.training.text_origin.sources import Bytes3, Photograph

Pixels = NDArray[np.float32]
Rng = np.random.Generator

SIZE: Final = 96
"""Of a crop, px."""
SHARES: Final = {"words": 0.35, "lines": 0.25, "scratches": 0.1, "blobs": 0.3}
"""How often each kind of hole is drawn."""
_DETAIL: Final = 4.0
"""Mean gradient, levels of 255 a px, from which on a crop is always worth learning from; plain white says nothing."""
_TRIES: Final = 6


@dataclass(frozen=True, slots=True)
class Sample:
    """What the network is given and what it should have said, 0–1."""

    truth: Pixels
    """H×W×3."""
    hole: Zone
    kind: str
    """Of the hole, or of the first of two."""


@dataclass(frozen=True, slots=True)
class Album:
    """What crops are cut from; large photographs are drawn from more often than small ones."""

    pictures: tuple[Photograph, ...]
    below: NDArray[np.float64]
    """Running share of each picture, up to 1."""

    @classmethod
    def of(cls, pictures: Sequence[Photograph]) -> Album:
        """Weighted by the square of the shorter side."""
        weights = np.cumsum([float(min(p.pixels.shape[:2])) ** 2 for p in pictures])
        return cls(tuple(pictures), weights / weights[-1])

    def one(self, rng: Rng) -> Bytes3:
        """H×W×3."""
        at = int(np.searchsorted(self.below, rng.random(), side="right"))
        return self.pictures[min(at, len(self.pictures) - 1)].pixels


def sample(
    rng: Rng, album: Album, faces: tuple[str, ...], size: int = SIZE, kind: str = "", drawn: float = 0.0
) -> Sample:
    """One sample; the same one for the same generator.

    kind: of its hole; two of any kinds where it is not said. drawn: share of samples that are drawn, not photographed."""
    truth = scene(size, rng) if drawn and rng.random() < drawn else _crop(rng, album, size)
    kinds = [kind] if kind else [str(k) for k in rng.choice(KINDS, 2, p=[SHARES[k] for k in KINDS])]
    holes = [hole(k, size, rng, faces) for k in kinds]
    zone = np.logical_or.reduce(holes)
    return Sample(truth, holes[0] if zone.mean() > MOST else zone, kinds[0])


def _crop(rng: Rng, album: Album, size: int) -> Pixels:
    crop = np.zeros((size, size, 3), np.uint8)
    for _ in range(_TRIES):
        crop = _cut(rng, album.one(rng), size)
        if rng.random() < _detail(crop) / _DETAIL:
            break
    return _varied(rng, crop)


def _detail(crop: Bytes3) -> float:
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean())


def _cut(rng: Rng, picture: Bytes3, size: int) -> Bytes3:
    """A square part, shrunk by up to half where the picture has that much to spare."""
    most = min(picture.shape[:2]) / size
    side = round(size * float(rng.uniform(1.0, min(max(most, 1.0), 2.0))))
    side = min(side, *picture.shape[:2])
    y = int(rng.integers(0, picture.shape[0] - side + 1))
    x = int(rng.integers(0, picture.shape[1] - side + 1))
    part = picture[y : y + side, x : x + side]
    way = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (size, size), interpolation=way) if side != size else part, np.uint8)


def _varied(rng: Rng, crop: Bytes3) -> Pixels:
    """Turned, mirrored, its channels exchanged, darker or paler; through JPEG now and then."""
    if rng.random() < 0.25:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(75, 97))]
        _, data = cv2.imencode(".jpg", np.ascontiguousarray(crop), quality)
        crop = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    turned = np.rot90(crop, int(rng.integers(4)))
    turned = turned[:, ::-1] if rng.random() < 0.5 else turned
    pixels = turned[..., rng.permutation(3)].astype(np.float32) / np.float32(255)
    low = float(pixels.min())
    gain = np.float32(rng.uniform(0.6, 1.0))
    lift = np.float32(rng.uniform(-low, 1 - gain) if rng.random() < 0.5 else 0.0)
    return np.ascontiguousarray(np.clip(pixels * gain + lift, 0, 1))
