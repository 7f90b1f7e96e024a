"""Text and faces are found before an engine that invents is let near a picture; where that cannot be done, none is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model_registry.engines import wrap
from tasks.contracts import Box, JsonObject
from tasks.errors import EngineFailed, NoEngine
from tasks.memo import Done, Produced
from tasks.plan import EngineChoice, StagePlan
from tasks.policy.sightings import survey
from tasks.results import StageResult
from tasks.steps.engines import first_that_works, identity, with_engine
from tasks.steps.source import Source, eight_bit, full_raster
from tasks.workshop import Workshop

FACE = "face"
VIEW = 1024
"""Side of the views in which faces are looked for, px; the whole picture is one more."""
OVERLAP = 256
AROUND = 0.25
"""Of a find's shorter side, that is taken with it on each side."""
LEAST = 4
"""px: the least of that."""


@dataclass(frozen=True, slots=True)
class Careful:
    """Where nothing may be invented."""

    boxes: tuple[Box, ...] = ()
    """Around text and faces, px of the source at its own size."""
    missing: str = ""
    """Why it was not looked, in words; then nothing may be invented anywhere."""
    lines: int = 0
    faces: int = 0
    stages: tuple[StageResult, ...] = ()


def careful(shop: Workshop, source: Source) -> Careful:
    """Look for text and faces where the source's plan asks for it, once a picture; else nothing is looked for."""
    detection, policy = source.plan.stage("detection"), source.plan.stage("policy")
    if detection is None or policy is None:
        return Careful()
    try:
        text, reader = first_that_works(
            detection, detection.engines[0], lambda choice: _text(shop, source, detection, choice)
        )
    except (NoEngine, EngineFailed) as fault:
        return Careful(missing=f"text could not be looked for: {fault.message}")
    faces = _faces(shop, source, policy)
    stages = (_result(text, reader.id), _result(faces, ""))
    if faces.facts["missing"]:
        return Careful(missing=f"the {FACE} detector is missing: {faces.facts['missing']}", stages=stages)
    found = [(*text.facts["lines"],), (*faces.facts["faces"],)]
    boxes = tuple(sorted({_with_surroundings(box) for boxes in found for box in boxes}))
    return Careful(boxes, "", len(found[0]), len(found[1]), stages)


def _result(done: Done, engine: str) -> StageResult:
    return StageResult(stage=done.stage, engine=engine, seconds=round(done.seconds, 4), cached=done.cached)


def _text(shop: Workshop, source: Source, stage: StagePlan, choice: EngineChoice) -> Done:
    def compute() -> Produced:
        image = eight_bit(full_raster(shop, source))
        lines = with_engine(
            shop, choice, lambda card, engine, params: wrap.read_text(card, engine, image, params)
        )
        return Produced(facts={"lines": [_around(line.polygon) for line in lines]})

    return shop.memo.do("detection", identity(stage, choice, source=source.sha256, looking="lines"), compute)


def _around(polygon: tuple[tuple[float, float], ...]) -> list[int]:
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    return [int(min(xs)), int(min(ys)), int(max(xs)) + 1, int(max(ys)) + 1]


def _faces(shop: Workshop, source: Source, stage: StagePlan) -> Done:
    def compute() -> Produced:
        raster = full_raster(shop, source)
        facts: JsonObject = {"faces": [], "missing": ""}
        for view in _views(raster.width, raster.height):
            seen = survey(eight_bit(raster, view), view, shop.guard.detectors, {FACE: (view,)})
            facts["faces"] += [list(box) for box in seen.boxes.get(FACE, ())]
            facts["missing"] = facts["missing"] or seen.missing.get(FACE, "")
        return Produced(facts=facts)

    return shop.memo.do("policy", identity(stage, None, source=source.sha256, looking="faces"), compute)


def _views(width: int, height: int) -> Iterator[Box]:
    """The whole picture, and of a large one every part of it, overlapping: a detector sees no small thing in a large view."""
    yield (0, 0, width, height)
    if max(width, height) <= VIEW:
        return
    for y in range(0, max(height - OVERLAP, 1), VIEW - OVERLAP):
        for x in range(0, max(width - OVERLAP, 1), VIEW - OVERLAP):
            yield (x, y, min(x + VIEW, width), min(y + VIEW, height))


def _with_surroundings(box: list[int]) -> Box:
    x0, y0, x1, y1 = box
    by = max(round(AROUND * min(x1 - x0, y1 - y0)), LEAST)
    return x0 - by, y0 - by, x1 + by, y1 + by
