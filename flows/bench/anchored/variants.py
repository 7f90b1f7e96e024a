"""What is compared: the engines as they come, and the anchored fill with each of its ingredients off or on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np

from flows.bench.cuttings import Levels, Zone, crop_of
from flows.bench.fill.cases import Case
from flows.bench.loaded import SEED, Engines
from model_registry.engines import wrap
from model_registry.engines.diffusion_pixels import smooth_under
from tasks.contracts import Pixels
from tasks.generation.fusion import fused

Value = str | int | float | bool
ENGINE: Final = "anchored"
OTHERS: Final = ("telea", "navier-stokes", "exemplar")
DEFAULT: Final = "anchored"
INGREDIENTS: Final = ("lines", "depth", "patches", "detail")
BLURRED: Final = "blurred truth"
FUSED: Final = "blurred truth, fused"
BLUR: Final = 2.0
"""Sigma of the truth's blur, px: what a network gives that knows what belongs into the hole and not how fine it is."""
FUSION: Final = 1.5


@dataclass(frozen=True, slots=True)
class Made:
    """A variant's fill of one hole."""

    pixels: Levels
    seconds: float


@dataclass(frozen=True)
class Variants(Engines):
    """The engines that are compared, and their settings."""

    @cached_property
    def settings(self) -> dict[str, tuple[str, Mapping[str, Value]]]:
        """Name of each variant to its engine and parameters: the default, then each ingredient turned over, then none."""
        own = self.registry.get(ENGINE).defaults
        turned = {name: {name: not own[name]} for name in INGREDIENTS}
        named = {
            f"{ENGINE} {'without' if own[name] else 'with'} {name}": turned[name] for name in INGREDIENTS
        }
        nothing: dict[str, Value] = dict.fromkeys(INGREDIENTS, False)
        return {
            **{name: (name, {}) for name in OTHERS},
            DEFAULT: (ENGINE, {}),
            **{name: (ENGINE, params) for name, params in named.items()},
            f"{ENGINE}, lines alone": (ENGINE, nothing | {"lines": True, "patches": True}),
            f"{ENGINE}, all off": (ENGINE, nothing),
        }

    def all_of(self, case: Case, turn: int) -> dict[str, Made]:
        """Every variant's fill of one hole, on the crop that the pipeline would cut. turn: every second one runs them in the
        opposite order, for their seconds' sake."""
        box = crop_of(case.hole)
        crop, hole = np.asarray(case.truth[box], np.float32) / np.float32(255), case.hole[box]
        order = list(self.settings)[:: -1 if turn % 2 else 1]
        made = {name: self._timed(name, case, crop, hole, box) for name in order}
        made = {name: made[name] for name in self.settings}
        guess = np.where(hole[..., None], cv2.GaussianBlur(crop, (0, 0), BLUR), crop).astype(np.float32)
        begun = time.perf_counter()
        fine, _ = fused(_unknown(crop, hole), hole, guess, FUSION)
        seconds = time.perf_counter() - begun
        made[BLURRED] = Made(_put_back(case, box, guess), 0.0)
        made[FUSED] = Made(_put_back(case, box, fine), seconds)
        return made

    def _timed(self, name: str, case: Case, crop: Pixels, hole: Zone, box: tuple[slice, slice]) -> Made:
        engine_id, params = self.settings[name]
        with self.pool.lease(engine_id) as engine:
            begun = time.perf_counter()
            made = wrap.fill(self.registry.get(engine_id), engine, crop, hole, seed=SEED, params=dict(params))
            seconds = time.perf_counter() - begun
        return Made(_put_back(case, box, made), seconds)


def _unknown(crop: Pixels, hole: Zone) -> Pixels:
    """The crop as an engine may see it: the truth is not in its hole."""
    return smooth_under(crop, hole)


def _put_back(case: Case, box: tuple[slice, slice], made: Pixels) -> Levels:
    out = case.truth.copy()
    levels = np.rint(np.clip(made, 0, 1) * 255).astype(np.uint8)
    np.copyto(out[box], levels, where=case.hole[box][..., None])
    return out
