"""Cheap facts about a picture, measured on a sample of it, so that the planner can choose light engines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Facts, Raster

_TILE = 16
_TILES_PER_SIDE = 40
"""At most 40² tiles (0.4 megapixel) are looked at, at native resolution."""
_HASH_SAMPLE = 288
"""Longest side, in samples, of what the fingerprint is made from."""
_FLAT = 2.0
_NEAR = 4
_TELLING = 4
_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)
_IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
Floats = NDArray[np.float32]


def measure(raster: Raster) -> Facts:
    """Size, depth, flatness, noise and fingerprint of a picture. `raster` is not changed.

    flatness: share of 16×16 tiles whose standard deviation is under 2/255 (smaller pictures are one tile).
    noise: sigma in levels of 255 by Immerkær's Laplacian difference (J. Immerkær, "Fast noise variance estimation",
    CVIU 64(2), 1996): the median over tiles, which edges and texture sway little. Pictures over 0.4 megapixel are
    sampled by an even lattice of tiles. fingerprint: 64-bit difference hash (N. Krawetz, 2013) over a sample of
    the picture on white.
    """
    tiles = _tiles(raster)
    return Facts(
        width=raster.width,
        height=raster.height,
        channels=raster.channels,
        bit_depth=raster.pixels.dtype.itemsize * 8,
        format=raster.meta.format,
        flatness=float(np.mean(tiles.std(axis=(1, 2)) < _FLAT)),
        noise=_noise(tiles),
        fingerprint=_fingerprint(raster),
        notes=raster.meta.notes,
    )


def hamming(a: str, b: str) -> int:
    """Number of differing bits of two fingerprints."""
    return (int(a, 16) ^ int(b, 16)).bit_count()


def duplicates(fingerprints: Mapping[str, str], aspects: Mapping[str, float] | None = None) -> dict[str, str]:
    """Near-duplicates among pictures: id → id of the first picture (in order of id) it resembles.

    Two pictures resemble each other if their fingerprints differ in at most 4 bits and, where `aspects` (width/height by
    id) is given, their aspects differ by at most 2 %. Fingerprints with fewer than 4 bits set or unset come from flat
    pictures or plain gradients, say nothing, and match nothing. The first of a group is no key of the result.
    """
    firsts: list[str] = []
    hashes = np.zeros(len(fingerprints), np.uint64)
    shapes = np.zeros(len(fingerprints))
    found: dict[str, str] = {}
    for name in sorted(fingerprints):
        value = int(fingerprints[name], 16)
        if not _TELLING <= value.bit_count() <= 64 - _TELLING:
            continue
        shape = float(np.log(aspects[name])) if aspects else 0.0
        n = len(firsts)
        near = np.bitwise_count(hashes[:n] ^ np.uint64(value)) <= _NEAR
        hits = np.flatnonzero(near & (np.abs(shapes[:n] - shape) <= np.log(1.02)))
        if hits.size:
            found[name] = firsts[int(hits[0])]
            continue
        hashes[n], shapes[n] = value, shape
        firsts.append(name)
    return found


def _tiles(raster: Raster) -> Floats:
    """N×h×w grey in levels of 255: an even lattice of native-resolution tiles, or the whole of a tiny picture."""
    pixels = raster.pixels[..., : raster.colours]
    rows, columns = raster.height // _TILE, raster.width // _TILE
    if not rows or not columns:
        return _grey(pixels, raster.levels)[None]
    blocks = pixels[: rows * _TILE, : columns * _TILE].reshape(rows, _TILE, columns, _TILE, -1)
    y = np.unique(np.linspace(0, rows - 1, min(rows, _TILES_PER_SIDE)).round().astype(int))
    x = np.unique(np.linspace(0, columns - 1, min(columns, _TILES_PER_SIDE)).round().astype(int))
    chosen = blocks.swapaxes(1, 2)[y[:, None], x[None]]
    return _grey(chosen.reshape(-1, _TILE, _TILE, raster.colours), raster.levels)


def _grey(pixels: NDArray[np.uint8] | NDArray[np.uint16], levels: int) -> Floats:
    scale = np.float32(255 / levels)
    if pixels.shape[-1] == 1:
        return pixels[..., 0].astype(np.float32) * scale
    return pixels.astype(np.float32) @ (_WEIGHTS * scale)


def _noise(tiles: Floats) -> float:
    _, height, width = tiles.shape
    if height < 3 or width < 3:
        return 0.0
    laplacian = np.zeros((len(tiles), height - 2, width - 2), np.float32)
    for dy in range(3):
        for dx in range(3):
            laplacian += _IMMERKAER[dy, dx] * tiles[:, dy : dy + height - 2, dx : dx + width - 2]
    per_tile = np.abs(laplacian).mean(axis=(1, 2)) * np.sqrt(np.pi / 2) / 6
    return float(np.median(per_tile))


def _fingerprint(raster: Raster) -> str:
    """Each bit: is a cell darker than its right neighbour, on a grid of 8 rows and 9 columns."""
    step = max(1, max(raster.width, raster.height) // _HASH_SAMPLE)
    down, right = min(step, raster.height), min(step, raster.width)  # a ribbon is narrower than a step
    sample = raster.pixels[down // 2 :: down, right // 2 :: right]
    grey: NDArray[Any] = _grey(sample[..., : raster.colours], raster.levels)
    if raster.has_alpha:
        alpha = sample[..., -1].astype(np.float32) / raster.levels
        grey = grey * alpha + 255 * (1 - alpha)
    # Whole levels, so that rounding in the resize cannot flip a bit between two equal cells.
    cells = np.rint(cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA) * 4)
    bits = (cells[:, 1:] > cells[:, :-1]).ravel()
    return f"{int.from_bytes(np.packbits(bits).tobytes(), 'big'):016x}"
