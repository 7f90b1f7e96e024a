"""What fills the holes: the ladder as the pipeline picks from it, on the region's crop, and each rival on the whole picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.bench.fill.cases import Levels, Zone
from model_registry.engines import wrap
from model_registry.pool import EnginePool
from model_registry.registry import Registry
from tasks.blending.stage import blend_region
from tasks.contracts import Box, Pixels
from tasks.enhancement.stage import enhance_region
from tasks.generation.context import context_box
from tasks.generation.ladder import region_facts, rungs_to_try
from tasks.intents import MaskBoxes, RemoveObject
from tasks.plan import EditPlan, EngineChoice, StageName
from tasks.planner import plan

RIVALS: Final = ("telea", "navier-stokes", "patchmatch")
_SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Made:
    """A picture whose hole is filled."""

    engine: str
    pixels: Levels


@dataclass(frozen=True)
class Fillers:
    """Engines, loaded once."""

    @cached_property
    def registry(self) -> Registry:
        """The built-in cards."""
        return Registry.load()

    @cached_property
    def pool(self) -> EnginePool:
        """Loaded engines."""
        return EnginePool(self.registry, 4096)

    @cached_property
    def plan(self) -> EditPlan:
        """Of the removal of an object, as the planner makes it when nothing is insisted on."""
        return plan(RemoveObject(mask=MaskBoxes(boxes=((0, 0, 1, 1),))), None, self.registry)

    @cached_property
    def ladder(self) -> tuple[str, ...]:
        """Its fill engines, cheap to heavy."""
        return tuple(choice.id for choice in self._stage("generation"))

    def single(self, name: str, picture: Levels, hole: Zone) -> Made:
        """One engine on the whole picture."""
        return Made(name, _levels(self._fill(name, {}, _pixels(picture), hole)))

    def ours(self, picture: Levels, hole: Zone) -> Made:
        """The rung that the region's facts choose, on the region's crop; the fill alone."""
        box = _box(hole)
        crop, inside = _pixels(picture[box]), hole[box]
        choice = self._rung(crop, inside)
        return _put_back(choice.id, picture, box, self._fill(choice.id, dict(choice.params), crop, inside))

    def finished(self, picture: Levels, hole: Zone) -> Made:
        """The same fill, blended and with the grain of its surroundings."""
        box = _box(hole)
        crop, inside = _pixels(picture[box]), hole[box]
        choice = self._rung(crop, inside)
        made = self._fill(choice.id, dict(choice.params), crop, inside)
        if not choice.synthetic:
            made = self._joined(crop, made, inside)
        return _put_back(choice.id, picture, box, made)

    def _rung(self, crop: Pixels, hole: Zone) -> EngineChoice:
        return rungs_to_try(self._stage("generation"), region_facts(crop, hole), 1)[0]

    def _stage(self, name: StageName) -> tuple[EngineChoice, ...]:
        stage = self.plan.stage(name)
        assert stage is not None
        return stage.engines

    def _fill(
        self, name: str, params: Mapping[str, str | int | float | bool], image: Pixels, hole: Zone
    ) -> Pixels:
        with self.pool.lease(name) as engine:
            return wrap.fill(self.registry.get(name), engine, image, hole, seed=_SEED, params=params)

    def _joined(self, crop: Pixels, fill: Pixels, hole: Zone) -> Pixels:
        (blend,), (grain,) = self._stage("blending"), self._stage("enhancement")
        blending = self.plan.stage("blending")
        assert blending is not None
        with self.pool.lease(blend.id) as blender, self.pool.lease(grain.id) as enhancer:
            blended, _ = blend_region(
                crop, fill, hole, int(blending.number("feather")),
                lambda t, s, h, z: wrap.blend(self.registry.get(blend.id), blender, t, s, h, z, params=dict(blend.params)),
            )  # fmt: skip
            return enhance_region(
                blended, hole,
                lambda image, where: wrap.enhance(
                    self.registry.get(grain.id), enhancer, image, where, seed=_SEED, params=dict(grain.params)
                ),
            )  # fmt: skip


def _box(hole: Zone) -> tuple[slice, slice]:
    """The region's crop with its context, as the pipeline cuts it."""
    x, y, w, h = cv2.boundingRect(hole.astype(np.uint8))
    box: Box = context_box((x, y, x + w, y + h), hole.shape[1], hole.shape[0])
    return slice(box[1], box[3]), slice(box[0], box[2])


def _put_back(name: str, picture: Levels, box: tuple[slice, slice], made: Pixels) -> Made:
    out = picture.copy()
    out[box] = _levels(made)
    return Made(name, out)


def _pixels(levels: Levels) -> Pixels:
    return np.asarray(levels, np.float32) / np.float32(255)


def _levels(pixels: NDArray[np.float32]) -> Levels:
    return np.rint(pixels * 255).astype(np.uint8)
