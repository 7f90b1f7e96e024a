"""Solve Laplace's equation in a zone: the smooth correction whose values just outside the zone are given.

With source gradients as guidance, the result of Perez, Gangnet and Blake 2003 ("Poisson image editing") is the source plus
a correction that is harmonic in the zone and equals target - source on the ring around it; only the correction is solved for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical import poisson_exact, poisson_pyramid, poisson_rectangle
from model_registry.engines.classical.poisson_zone import Mask, Part, Ring, parts

Field = NDArray[np.floating]
Floats = NDArray[np.float32]
Zone = NDArray[np.bool_]
Band = tuple[slice, Floats]
"""Rows of a part's box and the correction there, rows x width x C; anything outside the part, and no rows without any of it
where the part is a rectangle."""

ACCURACY = 0.05 / 255
"""Largest error at any pixel, for values of pictures with range 0-1; but at most `RELATIVE_ACCURACY`."""
RELATIVE_ACCURACY = 0.02
"""Largest error as a share of the largest boundary value of its part."""
DIRECT_LIMIT = 300
"""Zones up to this many pixels are solved directly: there a factorisation is as fast."""


def harmonic_correction(boundary_values: Field, zone: Zone) -> Floats:
    """The field that is harmonic in `zone` and equals `boundary_values` on the pixels just outside it.

    boundary_values: HxW or HxWxC, any float; read only where `zone` is false and a 4-neighbour is in the zone.
    zone: HxW bool, any shape: several parts, holes, touching the picture's border (no flux there, Neumann).
    Returns float32 of the same shape: 0 outside the zone, and 0 in a zone that has no outside at all.
    Error: under `ACCURACY`, and `RELATIVE_ACCURACY` times the largest boundary value. Same bytes on every call, whatever the
    number of threads.
    """
    if boundary_values.shape[:2] != zone.shape:
        raise ValueError(f"boundary values {boundary_values.shape[:2]} and zone {zone.shape} differ in size")
    planes = np.atleast_3d(boundary_values)
    out = np.zeros(planes.shape, np.float32)
    for part in parts(zone):
        ring = part.ring()
        for rows, correction in corrections(part, ring, planes[part.box][ring], ACCURACY, ACCURACY):
            within = zone[part.box][rows] if part.zone is None else part.zone[rows] > 0
            np.copyto(out[part.box][rows], correction, where=within[..., None])
    return out.reshape(boundary_values.shape)


def corrections(
    part: Part, ring: Ring, values: Field, accuracy: float, in_rectangles: float
) -> Iterable[Band]:
    """The correction of a part from the values (NxC) on its ring, in bands of rows; none without a ring.

    accuracy: largest error at any pixel, in the units of `values`; `in_rectangles`: the same where a better one costs little.
    A band is valid until the next is asked for."""
    if not values.size:
        return []
    # Constants are kept exactly so, and what is left is smaller.
    mean = values.mean(0, dtype=np.float64).astype(np.float32)
    around = (values - mean).astype(np.float32)
    largest = float(np.abs(around).max())
    height, width = (side.stop - side.start for side in part.box)
    if part.zone is None and largest > 0:
        return _in_rectangle(part, around, mean, min(in_rectangles, RELATIVE_ACCURACY * largest))
    if part.zone is None or largest == 0:
        found = np.zeros((height, width, len(mean)), np.float32)
    else:
        found = _anywhere(ring, around, part.zone, min(accuracy, RELATIVE_ACCURACY * largest))
    _lift(found, mean)
    # A rectangle comes without a mask: its bands leave the ring's rows out.
    rows = slice(1, height - 1) if part.zone is None else slice(0, height)
    return [(rows, found[rows])]


def _lift(planes: Floats, by: Floats) -> None:
    """In place; a whole row of summands, for numpy is slow with few at a time."""
    planes += np.tile(by, (planes.shape[1], 1))


def _in_rectangle(part: Part, values: Floats, mean: Floats, tolerance: float) -> Iterator[Band]:
    """values: in the order of `Part.ring`."""
    height, width = (side.stop - side.start for side in part.box)
    ends = np.cumsum([width - 2, width - 2, height - 2])
    sides = np.split(np.ascontiguousarray(values.T), ends, axis=1)
    found = poisson_rectangle.solve(sides[0], sides[1], sides[2], sides[3], tolerance)
    _lift(found.grid, mean)
    return found.bands()


def _anywhere(ring: Ring, values: Floats, zone: Mask, tolerance: float) -> Floats:
    """By the pyramid, up to four channels at once, as many as OpenCV filters; exactly where that is faster or not sure."""
    if np.count_nonzero(zone) > DIRECT_LIMIT:
        found = [_few(ring, values[:, k : k + 4], zone, tolerance) for k in range(0, values.shape[1], 4)]
        sure = [planes for planes in found if planes is not None]
        if len(sure) == len(found):
            return sure[0] if len(sure) == 1 else np.concatenate(sure, 2)
    return _solve_exactly(ring, values, zone)


def _few(ring: Ring, values: Floats, zone: Mask, tolerance: float) -> Floats | None:
    found = poisson_pyramid.solve(ring, values[:, 0] if values.shape[1] == 1 else values, zone, tolerance)
    return None if found is None else np.atleast_3d(found)


def _solve_exactly(ring: Ring, values: Floats, mask: Mask) -> Floats:
    planes = np.zeros((*mask.shape, values.shape[1]))
    planes[ring] = values
    out = np.zeros(planes.shape, np.float32)
    zone = mask > 0
    few = np.count_nonzero(zone) <= poisson_exact.DIRECT_LIMIT
    solver = poisson_exact.solve_directly if few else poisson_exact.solve_by_conjugate_gradients
    out[zone] = solver(planes, zone)
    return out
