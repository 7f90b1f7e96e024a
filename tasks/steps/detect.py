"""The step that finds the regions: by reading text, or from the mask that came with the job."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model_registry.engines import wrap
from model_registry.engines.contract import TextLine
from tasks.contracts import Region
from tasks.detection.agreement import agreed
from tasks.detection.arc_lines import with_arcs
from tasks.detection.regions import regions_from_lines
from tasks.detection.serial import pack, unpack
from tasks.intents import RemoveText
from tasks.memo import Done, Produced
from tasks.plan import EngineChoice, StagePlan
from tasks.results import KeptText
from tasks.steps.carried import carried, covers, regions_of
from tasks.steps.detect_mask import engines_said, mask_regions
from tasks.steps.engines import first_that_works, identity, with_engine
from tasks.steps.scaled import scaled
from tasks.steps.second_look import NoSecondLook, agreeing, look_identity, looked, second_look
from tasks.steps.source import Source, eight_bit, full_raster, raster_of
from tasks.steps.whose_text import sorted_out
from tasks.workshop import Workshop

LEAST_SIDE = 8
"""A picture with a side shorter than this, px, holds no lettering; rapidocr reads an `è` in a 3×5 patch of a photograph."""


@dataclass(frozen=True, slots=True)
class Detected:
    """Regions of a picture, and the record they came from."""

    regions: tuple[Region, ...]
    """At the scale of the tier."""
    full: tuple[Region, ...]
    """The same at the picture's own size."""
    kept: tuple[KeptText, ...]
    """Text that was found and is left alone."""
    done: Done
    engine: str
    missed: str = ""
    """Why the second look beside the reader was not taken, where the plan has one."""

    @property
    def digest(self) -> str:
        """sha256 of the regions."""
        return self.done.ref("regions").sha256


def detect(shop: Workshop, source: Source) -> Detected:
    """The picture's regions in reading order; none when there is nothing to edit.

    They are looked for at the picture's own size in either tier, once: a preview shows the same ones, scaled."""
    stage = source.plan.stage("detection")
    assert stage is not None
    if isinstance(source.job.intent, RemoveText):
        return _by_reader(shop, source, stage, second_look(stage))
    inputs: dict[str, object] = {
        "source": source.sha256, "companion": source.companion_sha256, "spec": _mask_spec(source),
        "feather": _feather(source),
    }  # fmt: skip
    for choice in stage.engines[1:]:
        inputs[choice.id] = choice.model_dump(mode="json")
    drawn = next(iter(stage.engines), None)
    done = shop.memo.do("detection", identity(stage, drawn, **inputs), lambda: _by_mask(shop, source, stage))
    return _detected(shop, source, done, engines_said(stage))


def _by_reader(
    shop: Workshop, source: Source, stage: StagePlan, look: EngineChoice | None, missed: str = ""
) -> Detected:
    """With the second look, or without it where its engine is not here."""
    try:
        done, choice = first_that_works(
            stage, stage.engines[0], lambda c: _by_text(shop, source, stage, c, look)
        )
    except NoSecondLook as fault:
        return _by_reader(shop, source, stage, None, str(fault))
    return _detected(shop, source, done, choice.id, missed)


def _detected(shop: Workshop, source: Source, done: Done, engine: str, missed: str = "") -> Detected:
    full = unpack(done.load("regions"))
    kept = tuple(KeptText.model_validate(line) for line in done.facts["kept"])
    return Detected(_shown(shop, source, full), full, kept, done, engine, missed)


def _shown(shop: Workshop, source: Source, regions: tuple[Region, ...]) -> tuple[Region, ...]:
    triage = source.plan.stage("triage")
    if not regions or source.facts is None or triage is None or not triage.params:
        return regions
    raster = raster_of(shop, source)
    size = source.facts.width, source.facts.height
    return scaled(regions, size, (raster.width, raster.height), _feather(source))


def _by_text(
    shop: Workshop, source: Source, stage: StagePlan, choice: EngineChoice, look: EngineChoice | None
) -> Done:
    feather = _feather(source)
    overlays = carried(shop, source)
    text = str(stage.param("text"))
    other = agreeing(stage)

    def compute() -> Produced:
        raster = full_raster(shop, source)
        if min(raster.width, raster.height) < LEAST_SIDE:
            return _produced(())
        image = eight_bit(raster)
        letters = looked(shop, look, image) if look else None
        lines = (
            agreed(_read(shop, choice, image), _read(shop, other, image))
            if other
            else _read(shop, choice, image)
        )
        if letters is not None:
            lines = with_arcs(image, lines, letters, lambda strip: _read(shop, choice, strip))
        shared = regions_of(overlays, raster, feather, lines) if overlays else ()
        rest = [line for line in lines if not any(covers(region.box, line) for region in shared)]
        wanted, kept = sorted_out(image, rest, text, letters)
        size = raster.height, raster.width
        return _produced(regions_from_lines(wanted, size, feather=feather, image=image, shared=shared), kept)

    inputs = {
        "source": source.sha256, "feather": feather, "overlays": overlays.key if overlays else "",
        "second_look": look_identity(look), "agreeing": look_identity(other),
    }  # fmt: skip
    return shop.memo.do("detection", identity(stage, choice, **inputs), compute)


def _read(shop: Workshop, choice: EngineChoice, image: NDArray[np.uint8]) -> tuple[TextLine, ...]:
    return with_engine(shop, choice, lambda card, engine, params: wrap.read_text(card, engine, image, params))


def _by_mask(shop: Workshop, source: Source, stage: StagePlan) -> Produced:
    regions, rims = mask_regions(shop, source, stage, _feather(source))
    made = _produced(regions)
    return replace(made, facts={**made.facts, "rims": rims})


def _produced(regions: tuple[Region, ...], kept: Sequence[KeptText] = ()) -> Produced:
    named = tuple(region if region.key else replace(region, key=_key(region)) for region in regions)
    facts = {"regions": len(regions), "kept": [line.model_dump(mode="json") for line in kept]}
    return Produced({"regions": (pack(named), "application/octet-stream")}, facts)


def _key(region: Region) -> str:
    shape = f"{region.box}:{hashlib.sha256(region.mask.tobytes()).hexdigest()}"
    return hashlib.sha256(shape.encode()).hexdigest()[:32]


def _feather(source: Source) -> int:
    blending = source.plan.stage("blending")
    return int(blending.number("feather")) if blending else 0


def _mask_spec(source: Source) -> object:
    spec = getattr(source.job.intent, "mask", None)
    return spec.model_dump(mode="json", exclude={"path"}) if spec is not None else None
