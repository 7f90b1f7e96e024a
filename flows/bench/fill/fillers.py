"""What fills the holes: the ladder as the pipeline picks from it, on the region's crop, and each rival on the whole picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from flows.bench.cuttings import Levels, Zone, crop_of
from flows.bench.loaded import SEED, Engines
from model_registry.engines import wrap
from tasks.blending.stage import blend_region
from tasks.contracts import Pixels
from tasks.enhancement.stage import enhance_region
from tasks.generation.ladder import region_facts, rungs_to_try
from tasks.intents import MaskBoxes, RemoveObject
from tasks.plan import EditPlan, EngineChoice, StageName
from tasks.planner import plan

RIVALS: Final = ("telea", "navier-stokes", "patchmatch")


@dataclass(frozen=True, slots=True)
class Made:
    """A picture whose hole is filled."""

    engine: str
    pixels: Levels


@dataclass(frozen=True)
class Fillers(Engines):
    """The ladder, the stages after it, and the rivals."""

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
        return Made(name, _levels(self.fill(name, {}, _pixels(picture), hole)))

    def ours(self, picture: Levels, hole: Zone) -> Made:
        """The rung that the region's facts choose, on the region's crop; the fill alone."""
        box = crop_of(hole)
        crop, inside = _pixels(picture[box]), hole[box]
        choice = self._rung(crop, inside)
        return _put_back(choice.id, picture, box, self.fill(choice.id, dict(choice.params), crop, inside))

    def finished(self, picture: Levels, hole: Zone) -> Made:
        """The same fill, blended and with the grain of its surroundings."""
        box = crop_of(hole)
        crop, inside = _pixels(picture[box]), hole[box]
        choice = self._rung(crop, inside)
        made = self.fill(choice.id, dict(choice.params), crop, inside)
        if not choice.synthetic:
            made = self._joined(crop, made, inside)
        return _put_back(choice.id, picture, box, made)

    def _rung(self, crop: Pixels, hole: Zone) -> EngineChoice:
        return rungs_to_try(self._stage("generation"), region_facts(crop, hole), 1)[0]

    def _stage(self, name: StageName) -> tuple[EngineChoice, ...]:
        stage = self.plan.stage(name)
        assert stage is not None
        return stage.engines

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
                    self.registry.get(grain.id), enhancer, image, where, seed=SEED, params=dict(grain.params)
                ),
            )  # fmt: skip


def _put_back(name: str, picture: Levels, box: tuple[slice, slice], made: Pixels) -> Made:
    out = picture.copy()
    out[box] = _levels(made)
    return Made(name, out)


def _pixels(levels: Levels) -> Pixels:
    return np.asarray(levels, np.float32) / np.float32(255)


def _levels(pixels: NDArray[np.float32]) -> Levels:
    return np.rint(pixels * 255).astype(np.uint8)
