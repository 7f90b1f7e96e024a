"""Which rung a region starts on: facts of the region held against what each engine's card says it suits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import cv2
import numpy as np

from model_registry.grounds.drawn import is_synthetic
from tasks.contracts import Pixels, Zone

RING = 8
"""Width of the ring looked at around a hole, px."""


class Suited(Protocol):
    """What the choice needs to know of an engine."""

    @property
    def max_ring_residual(self) -> float: ...
    @property
    def max_thickness(self) -> float: ...
    @property
    def synthetic(self) -> bool: ...


Rung = TypeVar("Rung", bound=Suited)


@dataclass(frozen=True, slots=True)
class RegionFacts:
    """Cheap measurements of one region that decide its engine."""

    ring_residual: float
    """RMS left on the ring after a plane is fitted to each channel, in levels of 255, worst channel; 255 without a ring."""
    thickness: float
    """Largest distance from a hole pixel to the nearest pixel outside, px."""
    area: int
    """Hole pixels."""
    synthetic: bool = False
    """The ground is drawn: every hole pixel follows exactly from the pixels around the hole."""


def region_facts(image: Pixels, hole: Zone) -> RegionFacts:
    """Measure a region on its context crop. image: H×W×C, hole: H×W; the hole's own content is not looked at."""
    padded = np.pad(hole, 1).astype(np.uint8)
    thickness = float(cv2.distanceTransform(padded, cv2.DIST_L2, 5).max())
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RING + 1, 2 * RING + 1))
    ring = cv2.dilate(hole.astype(np.uint8), kernel).astype(bool) & ~hole
    return RegionFacts(_plane_residual(image, ring), thickness, int(hole.sum()), is_synthetic(image, hole))


def _plane_residual(image: Pixels, ring: Zone) -> float:
    ys, xs = np.nonzero(ring)
    if len(ys) < 8:
        return 255.0
    basis = np.stack([np.ones(len(ys)), ys - ys.mean(), xs - xs.mean()], axis=1)
    values = image[ys, xs].astype(np.float64)
    fit, *_ = np.linalg.lstsq(basis, values, rcond=None)
    return float(np.sqrt(((values - basis @ fit) ** 2).mean(axis=0)).max() * 255)


def first_rung(ladder: Sequence[Suited], facts: RegionFacts) -> int:
    """Index of the first engine that suits the region; the last one when none does."""
    suited = (rung for rung, engine in enumerate(ladder) if _suits(engine, facts))
    return next(suited, len(ladder) - 1)


def rungs_to_try(ladder: Sequence[Rung], facts: RegionFacts, attempts: int) -> tuple[Rung, ...]:
    """The first rung that suits the region and those above it that do, `attempts` at most.

    An engine that does not suit the region would only waste an attempt."""
    start = first_rung(ladder, facts)
    above = (engine for engine in ladder[start + 1 :] if _suits(engine, facts))
    return (ladder[start], *above)[:attempts]


def _suits(engine: Suited, facts: RegionFacts) -> bool:
    flat_enough = not engine.max_ring_residual or facts.ring_residual <= engine.max_ring_residual
    thin_enough = not engine.max_thickness or facts.thickness <= engine.max_thickness
    return flat_enough and thin_enough and (facts.synthetic or not engine.synthetic)
