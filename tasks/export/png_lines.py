"""The rows of a PNG made ready to be packed: filtered a band at a time, so that no copy of the picture is ever needed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.lossless import Integers

Rows = Callable[[int, int], Integers]
"""Rows y0 to y1 of a picture, h×W×C."""
Lines = NDArray[np.uint8]
"""h×n bytes of h rows, samples of 16 bits with the high byte first."""
_NONE, _SUB, _UP, _AVERAGE, _PAETH = range(5)
_BAND_BYTES, _BAND_ROWS = 2**20, 64
_LOOKED_AT = 8
"""One row in so many decides a band's filter."""
_TRIALS, _TRIAL_ROWS = 8, 16
_RLE = 1, zlib.Z_RLE
_MATCHES = {1: (4, zlib.Z_DEFAULT_STRATEGY), 2: (1, zlib.Z_DEFAULT_STRATEGY)}
"""Level and strategy by bytes a sample: 16-bit noise hardly packs, whatever the time spent."""
_WORTH_IT = 0.97
"""Looking for repeats takes three times as long as runs alone, and must save at least this much to be done."""


def packed_rows(rows: Rows, height: int) -> Iterator[bytes]:
    """The zlib stream of a PNG's picture data (PNG 3rd edition, W3C 2025, sections 9 and 10), in pieces.

    rows: gives uint8 or uint16. Each band has one filter, the one that leaves the least sum of signed bytes on a sample of
    its rows (section 12.7). Photographs are packed by runs alone, which for filtered noise is both quicker and smaller; what
    repeats itself, such as drawings, by matches too: a trial on a few bands says which. Same rows, same bytes."""
    first = rows(0, 1)
    size = first.dtype.itemsize
    step = first.shape[2] * size
    band = min(max(_BAND_BYTES // max(first.shape[1] * step, 1), 1), _BAND_ROWS)
    level, strategy = _packing(rows, height, step, size)
    packer = zlib.compressobj(level, zlib.DEFLATED, 15, 9, strategy)
    for y in range(0, height, band):
        yield packer.compress(_filtered(rows, y, min(y + band, height), step).tobytes())
    yield packer.flush()


def _packing(rows: Rows, height: int, step: int, size: int) -> tuple[int, int]:
    """Which of the two ways packs a few bands better."""
    starts = np.unique(np.linspace(0, max(height - _TRIAL_ROWS, 0), _TRIALS).round().astype(int))
    trial = b"".join(
        _filtered(rows, int(y), min(int(y) + _TRIAL_ROWS, height), step).tobytes() for y in starts
    )
    by_runs, by_matches = (len(_packed(trial, level, strategy)) for level, strategy in (_RLE, _MATCHES[size]))
    return _MATCHES[size] if by_matches < _WORTH_IT * by_runs else _RLE


def _packed(data: bytes, level: int, strategy: int) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, 15, 9, strategy)
    return packer.compress(data) + packer.flush()


def _filtered(rows: Rows, y0: int, y1: int, step: int) -> Lines:
    """The lines y0 to y1, each led by the number of its filter."""
    begin = max(y0 - 1, 0)
    both = _bytes(rows(begin, y1))
    here = both[y0 - begin :]
    above = both[:-1] if y0 else np.concatenate([np.zeros_like(here[:1]), here[:-1]])
    sample = np.s_[min(_LOOKED_AT // 2, len(here) - 1) :: _LOOKED_AT]
    kind = _best(here[sample], above[sample], step)
    out = np.empty((len(here), here.shape[1] + 1), np.uint8)
    out[:, 0], out[:, 1:] = kind, _apply(kind, here, above, step)
    return out


def _best(here: Lines, above: Lines, step: int) -> int:
    """The filter that leaves least; the first of equals."""
    return min(range(5), key=lambda kind: (_weight(_apply(kind, here, above, step)), kind))


def _bytes(pixels: Integers) -> Lines:
    if pixels.dtype == np.uint16:
        pixels = pixels.astype(">u2")
    return np.ascontiguousarray(pixels).view(np.uint8).reshape(len(pixels), -1)


def _apply(kind: int, here: Lines, above: Lines, step: int) -> Lines:
    """Each byte less what the filter predicts of it, modulo 256."""
    if kind == _NONE:
        return here
    if kind == _UP:
        return here - above
    left = _shifted(here, step)
    if kind == _SUB:
        return here - left
    if kind == _AVERAGE:
        return here - ((left & above) + ((left ^ above) >> 1))
    return here - _paeth(left, above, _shifted(above, step))


def _shifted(lines: Lines, step: int) -> Lines:
    """What stands one pixel to the left; 0 beside the picture."""
    out = np.zeros_like(lines)
    out[:, step:] = lines[:, :-step]
    return out


def _paeth(left: Lines, above: Lines, corner: Lines) -> Lines:
    """Whichever of the three is nearest to left + above - corner; at a tie the first of them. All in bytes: the distances
    from left and above cannot overflow, and that from the corner is their sum or difference."""
    to_left, to_above = cv2.absdiff(above, corner), cv2.absdiff(left, corner)
    same_side = (above >= corner) == (left >= corner)
    to_corner = np.where(same_side, cv2.add(to_left, to_above), cv2.absdiff(to_left, to_above))
    rest = np.where(to_above <= to_corner, above, corner)
    return np.where((to_left <= to_above) & (to_left <= to_corner), left, rest)


def _weight(lines: Lines) -> int:
    return int(np.abs(lines.view(np.int8).astype(np.int16)).sum(dtype=np.int64))
