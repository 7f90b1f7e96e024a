"""Fills holes with what the picture's structure asks for: lines go on first, patches follow them, fine detail comes last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.anchored_detail import with_detail
from model_registry.engines.classical.exemplar import ExemplarFill
from model_registry.engines.classical.structure_depth import continued, estimated
from model_registry.engines.classical.structure_ends import line_ends
from model_registry.engines.classical.structure_lines import Line, drawn, matched, strips
from model_registry.engines.contract import Filler, Hole, Params, Pixels
from model_registry.engines.diffusion_pixels import smooth_under

Plane = NDArray[np.float32]

DEFAULTS: Params = {
    "lines": True, "depth": False, "patches": True, "detail": False, "sigma": 1.0, "context": 96, "samples": 4,
}  # fmt: skip
"""As the card says."""

_NEAR_HOLE = 12
"""Known pixels this near to the hole are its context whatever their depth, px."""
_OFF_DEPTH = 0.3
"""How far from the depths along the hole's rim a place may be and still be copied from; the picture's depths are 0–1."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """What a fill is held to."""

    smooth: Pixels
    """H×W×3: the picture, its hole filled by means of its surroundings."""
    lines: tuple[Line, ...]
    ends: int
    """Lines that run into the hole, continued or not."""
    near: Plane | None
    """H×W, 0 = far, 1 = near; None where depth is not asked for."""
    cues: Mapping[str, float]
    """Where the depths are from, and how much each source weighs."""

    def scores(self) -> dict[str, float]:
        """The figures, for the record."""
        return {"anchor_ends": float(self.ends), "anchor_lines": float(len(self.lines)), **self.cues}

    def maps(self) -> Pixels:
        """H×W×3, 0–1, to look at: continued lines in red, depth in green."""
        page = np.zeros_like(self.smooth)
        page[..., 0] = strips(page.shape[:2], self.lines)
        if self.near is not None:
            page[..., 1] = self.near
        return page


@dataclass(frozen=True, slots=True)
class AnchoredFill:
    """Role `fill`. Structure before texture (Criminisi, Perez and Toyama, 2004; Sun, Yuan, Jia and Shum, 2005): lines that run
    into the hole on both sides are drawn through it, an exemplar fill completes the rest around them, and what detail that lacks
    is taken from the ring. Every ingredient can be switched off. Thread-safe: keeps no state."""

    given_near: Plane | None = None
    """H×W, 0 = far, 1 = near: a depth network's map of the picture, in place of the estimate."""

    def on_depth(self, near: Plane) -> Filler:
        """The same engine for one picture whose depths a network has found."""
        return replace(self, given_near=near)

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        """Returns H×W×3, equal to `image` outside the hole; a hole that is the whole picture is left as it is.

        params: `lines`, `depth`, `patches`, `detail`: whether each is used; without patches the hole is filled smoothly between
        the lines. `sigma`: what counts as detail, px. `context` and `samples`: of the exemplar fill. prompt is not used."""
        if hole.all() or not hole.any():
            return image.copy()
        found = self.anchors(image, hole, params=params)
        shown, done = drawn(image, hole, found.lines)
        gap = hole & ~done
        made = self._between(shown, gap, found, seed, params) if gap.any() else shown
        if params["detail"]:
            made = with_detail(image, hole, made, float(params["sigma"]), near=found.near)
        return np.where(hole[..., None], np.clip(made, 0, 1), image).astype(np.float32)

    def anchors(self, image: Pixels, hole: Hole, *, params: Params) -> Anchors:
        """What `fill` will hold to with these parameters; what the picture holds in the hole does not matter."""
        smooth = smooth_under(image, hole)
        ends = line_ends(smooth, hole) if params["lines"] else []
        near, cues = self._depth(smooth, hole) if params["depth"] else (None, {})
        return Anchors(smooth, matched(ends, hole), len(ends), near, cues)

    def _depth(self, smooth: Pixels, hole: Hole) -> tuple[Plane, dict[str, float]]:
        if self.given_near is not None and self.given_near.shape == hole.shape:
            return continued(self.given_near, hole), {"anchor_depth_network": 1.0}
        found = estimated(smooth, hole)
        return found.near, {"anchor_vanishing": found.vanishing, "anchor_defocus": found.defocus}

    def _between(self, shown: Pixels, gap: Hole, found: Anchors, seed: int, params: Params) -> Pixels:
        """`shown`, with the lines drawn, and the rest of the hole filled."""
        if not params["patches"]:
            return smooth_under(shown, gap)
        closed = gap if found.near is None else gap | _off_depth(found.near, gap)
        if closed.all():
            closed = gap
        wanted: dict[str, Any] = {"context": params["context"], "samples": params["samples"]}
        made = ExemplarFill().fill(shown, closed, seed=seed, prompt="", params=wanted)
        return np.where(gap[..., None], made, shown)


def _off_depth(near: Plane, gap: Hole) -> Hole:
    """Places away from the hole that are neither as near nor as far as anything along its rim."""
    reach = 2 * _NEAR_HOLE + 1
    around = cv2.dilate(gap.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    rim = near[around & ~gap]
    if not rim.size:
        return np.zeros_like(gap)
    low, high = np.percentile(rim, (5, 95))
    return np.asarray(~around & ((near < low - _OFF_DEPTH) | (near > high + _OFF_DEPTH)))
