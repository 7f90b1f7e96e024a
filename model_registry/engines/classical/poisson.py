"""Solve Laplace's equation in a zone: the smooth correction whose values just outside the zone are given.

With source gradients as guidance, the result of Perez, Gangnet and Blake 2003 ("Poisson image editing") is the source plus
a correction that is harmonic in the zone and equals target - source on the ring around it; only the correction is solved for.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical import poisson_exact, poisson_pyramid, poisson_rectangle

Field = NDArray[np.floating]
Zone = NDArray[np.bool_]
Window = tuple[slice, slice]
Ring = tuple[NDArray[np.intp], NDArray[np.intp]]

ACCURACY = 0.05 / 255
"""Largest error at any pixel, for values of pictures with range 0-1; but at most `RELATIVE_ACCURACY`."""
RELATIVE_ACCURACY = 0.02
"""Largest error as a share of the largest boundary value of its part."""
DIRECT_LIMIT = 300
"""Zones up to this many pixels are solved directly: there a factorisation is as fast."""
_SPARSE_BOX = 1 << 17
_SPARSE_SHARE = 4
"""A box over `_SPARSE_BOX` px, and this many times the boxes of its parts, is solved part by part."""
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def harmonic_correction(boundary_values: Field, zone: Zone) -> NDArray[np.float32]:
    """The field that is harmonic in `zone` and equals `boundary_values` on the pixels just outside it.

    boundary_values: HxW or HxWxC, any float; read only where `zone` is false and a 4-neighbour is in the zone.
    zone: HxW bool, any shape: several parts, holes, touching the picture's border (no flux there, Neumann).
    Returns float32 of the same shape: 0 outside the zone, and 0 in a zone that has no outside at all.
    Error: under `ACCURACY`, and `RELATIVE_ACCURACY` times the largest boundary value. Same bytes on every call, whatever the number of threads.
    """
    if boundary_values.shape[:2] != zone.shape:
        raise ValueError(f"boundary values {boundary_values.shape[:2]} and zone {zone.shape} differ in size")
    planes = np.atleast_3d(boundary_values)
    out = np.zeros(planes.shape, np.float32)
    for box, part in parts(zone):
        ring = ring_of(part)
        correction = solve(ring, planes[box][ring], part, ACCURACY)
        if correction is not None:
            np.copyto(out[box], correction, where=part[..., None] > 0)
    return out.reshape(boundary_values.shape)


def parts(zone: Zone) -> Iterator[tuple[Window, NDArray[np.uint8]]]:
    """The zone's box with one pixel of ring and the zone within (255 inside); or such a pair for each connected part.

    Parts are told apart only where their own boxes together are much smaller than the whole."""
    box = _box(zone)
    if box is None:
        return
    within = zone[box].view(np.uint8) * np.uint8(255)
    if within.size > _SPARSE_BOX and cv2.countNonZero(within) * _SPARSE_SHARE < within.size:
        count, labels, stats, _ = cv2.connectedComponentsWithStats(within, connectivity=4)
        areas = (stats[1:, cv2.CC_STAT_WIDTH] + 2) * (stats[1:, cv2.CC_STAT_HEIGHT] + 2)
        if count > 2 and int(areas.sum()) * _SPARSE_SHARE < within.size:
            for number in range(1, count):
                x, y, width, height, _ = (int(v) for v in stats[number])
                rows = slice(max(0, y - 1), min(within.shape[0], y + height + 1))
                columns = slice(max(0, x - 1), min(within.shape[1], x + width + 1))
                part = (labels[rows, columns] == number).astype(np.uint8) * np.uint8(255)
                top, left = box[0].start, box[1].start
                yield (
                    (
                        slice(top + rows.start, top + rows.stop),
                        slice(left + columns.start, left + columns.stop),
                    ),
                    part,
                )
            return
    yield box, within


def _box(zone: Zone) -> Window | None:
    rows = np.flatnonzero(zone.any(1))
    if not rows.size:
        return None
    columns = np.flatnonzero(zone[rows[0] : rows[-1] + 1].any(0))
    return (
        slice(max(0, int(rows[0]) - 1), min(zone.shape[0], int(rows[-1]) + 2)),
        slice(max(0, int(columns[0]) - 1), min(zone.shape[1], int(columns[-1]) + 2)),
    )


def ring_of(part: NDArray[np.uint8]) -> Ring:
    """Rows and columns of the pixels outside a zone (255 inside) with a 4-neighbour in it."""
    around = np.asarray(cv2.dilate(part, _CROSS), np.uint8) & ~part
    found = cv2.findNonZero(around)
    if found is None:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    return found[:, 0, 1].astype(np.intp), found[:, 0, 0].astype(np.intp)


def solve(ring: Ring, values: Field, part: NDArray[np.uint8], accuracy: float) -> NDArray[np.float32] | None:
    """The correction (HxWxC float32; anything outside the part) from ring values (NxC); None without a ring.

    accuracy: largest error at any pixel, in the units of `values`."""
    if not values.size:
        return None
    mean = values.mean(0, dtype=np.float64).astype(np.float32)
    found = _solve_around_mean(ring, values - mean, part, accuracy)
    found += mean
    return found


def _solve_around_mean(
    ring: Ring, values: Field, part: NDArray[np.uint8], accuracy: float
) -> NDArray[np.float32]:
    """Constants are kept exactly so, and what is left is smaller."""
    largest = float(np.abs(values).max())
    if largest == 0:
        return np.zeros((*part.shape, values.shape[1]), np.float32)
    if poisson_rectangle.is_rectangle(part):
        return _solve_rectangle(ring, values, part.shape)
    if cv2.countNonZero(part) > DIRECT_LIMIT:
        tolerance = min(accuracy, RELATIVE_ACCURACY * largest)
        found = [_few(ring, values[:, k : k + 4], part, tolerance) for k in range(0, values.shape[1], 4)]
        sure = [planes for planes in found if planes is not None]
        if len(sure) == len(found):
            return sure[0] if len(sure) == 1 else np.concatenate(sure, 2)
    return _solve_exactly(ring, values, part)


def _solve_rectangle(ring: Ring, values: Field, shape: tuple[int, int]) -> NDArray[np.float32]:
    """A rectangle with a ring all around: exact, by one transform."""
    height, width = shape
    planes = np.ascontiguousarray(values.T, np.float32)
    sides = [np.zeros((len(planes), n), np.float32) for n in (width, width, height, height)]
    for side, axis, line in zip(sides, (0, 0, 1, 1), (0, height - 1, 0, width - 1), strict=True):
        on = ring[axis] == line
        side[:, ring[1 - axis][on]] = planes[:, on]
    found = poisson_rectangle.solve(*(side[:, 1:-1] for side in sides))
    out = np.zeros((height, width, len(planes)), np.float32)
    if len(planes) <= 4:
        cv2.merge(list(found), out[1:-1, 1:-1])
    else:
        out[1:-1, 1:-1] = found.transpose(1, 2, 0)
    return out


def _few(ring: Ring, values: Field, part: NDArray[np.uint8], tolerance: float) -> NDArray[np.float32] | None:
    """Up to four channels by the pyramid: as many as OpenCV filters at once."""
    some = values.astype(np.float32)
    found = poisson_pyramid.solve(ring, some[:, 0] if some.shape[1] == 1 else some, part, tolerance)
    return None if found is None else np.atleast_3d(found)


def _solve_exactly(ring: Ring, values: Field, part: NDArray[np.uint8]) -> NDArray[np.float32]:
    planes = np.zeros((*part.shape, values.shape[1]))
    planes[ring] = values
    out = np.zeros(planes.shape, np.float32)
    zone = part > 0
    few = np.count_nonzero(zone) <= poisson_exact.DIRECT_LIMIT
    solver = poisson_exact.solve_directly if few else poisson_exact.solve_by_conjugate_gradients
    out[zone] = solver(planes, zone)
    return out
