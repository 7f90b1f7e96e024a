"""What an enlarged picture says of itself: its regions, its figures, how it ended."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.contracts import JsonObject
from tasks.enhancement.maps import colour_of
from tasks.intents import Clean, Upscale
from tasks.patched import Patched
from tasks.plan import StagePlan
from tasks.results import Enlargement, RegionResult, RungShare, StageResult
from tasks.steps.outcome import Ending, judge
from tasks.steps.source import Source, raster_of
from tasks.steps.upscale import Whole, enlarged
from tasks.steps.upscale_facts import CELLS, CROPS, crop_names, maps_of
from tasks.steps.upscale_region import Again, again, merged_planes
from tasks.workshop import Workshop

LOOK = "look at the review sheet; another engine may do better: --engine enhancement=…"
DETECTORS = (
    "reinstall OpenCV with its data files and the reader's weights, or name an engine that does not invent"
)
SENTENCES = {
    "consistency_db": "scaled down again {:.1f} dB from the source, at least {:.1f} wanted",
    "colour_shift": "colour shift {:.2f} levels, allowed {:.2f}",
    "hallucination": "detail that the source does not explain {:.2f}, allowed {:.2f}",
}
"""The bounds of fidelity, and what each says when it is not met."""
SURELY_OFF = 10
"""Times the bound on colour at which the result is no longer the source's colour to the eye."""
MAPS = ("confidence", "routing", CELLS)
"""Artifacts of the whole picture; the first two only where its cells were routed."""
SUPERSEDED = ("uncertainty",)
"""Scores of a cluster that are the baseline's, whatever made it."""


@dataclass(frozen=True, slots=True)
class Upscaled:
    """An enlarged or cleaned picture with all that is said of it."""

    after: Patched
    inputs: tuple[str, ...]
    """Digests of what it is made from."""
    regions: tuple[RegionResult, ...]
    stages: tuple[StageResult, ...]
    ending: Ending
    figures: Enlargement
    notes: tuple[str, ...]
    invented: bool
    """Whether an engine that invents made any cell."""


def upscaled(shop: Workshop, source: Source) -> Upscaled:
    """Enlarge or clean the picture, and what single clusters are to be otherwise.

    Raises as the engines' steps do, and BadRequest for a cluster that the picture does not have."""
    whole = enlarged(shop, source)
    redone = tuple(again(shop, source, whole, n) for n in sorted(source.region_plans))
    stage = source.plan.stage("enhancement")
    assert stage is not None
    regions = _regions(source, stage, whole, redone)
    figures = _figures(shop, source, whole, redone)
    inventing = {rung.id for one in _all(whole, redone) for rung in one.ladder.rungs if rung.invents}
    made_by = {rung.engine for rung in figures.rungs if rung.cells}
    patches = tuple(one.patch for one in redone)
    inputs = (whole.done.key, *(one.done.ref("final").sha256 for one in redone))
    return Upscaled(
        Patched(whole.raster, patches), inputs, regions, _stages(whole, redone), _ending(stage, whole, redone, regions, figures),
        figures, tuple(_notes(whole, redone, figures)), bool(inventing & made_by),
    )  # fmt: skip


def _regions(
    source: Source, stage: StagePlan, whole: Whole, redone: Sequence[Again]
) -> tuple[RegionResult, ...]:
    """The clusters of the most uncertain cells, the hardest first; boxes in px of the enlarged picture."""
    other, known = {one.n: one for one in redone}, whole.done.facts["regions"]
    strip = whole.done.ref(CROPS).sha256 if known else ""
    crops = crop_names(strip, [tuple(facts["box"]) for facts in known])
    found = []
    for n, (facts, (plain, made)) in enumerate(zip(known, crops, strict=True), 1):
        one = other.get(n)
        final = one.done.ref("final").sha256 if one else made
        said = one.facts if one else facts
        scores = {**said["scores"], **{name: facts["scores"][name] for name in SUPERSEDED}}
        mine = source.of_region(n).plan.stage("enhancement") or stage
        failed = tuple(_failed(mine, said, invents=_invents(one or whole, said["engine"])))
        wanted = one.ladder.top.id if one else said["engine"]
        found.append(RegionResult(
            n=n, kind="picture", box=tuple(facts["box"]), engine=said["engine"],
            fallback_from=None if wanted == said["engine"] else wanted, stood_in=tuple(why for _, why in one.ladder.lost) if one else (),
            passed=not failed, scores=scores, failed=tuple(name for name, _ in failed), reasons=tuple(words for _, words in failed),
            artifacts={"lanczos": plain, "final": final},
        ))  # fmt: skip
    return tuple(found)


def _all(whole: Whole, redone: Sequence[Again]) -> tuple[Whole | Again, ...]:
    return (whole, *redone)


def _invents(made: Whole | Again, engine: str) -> bool:
    return any(rung.invents for rung in made.ladder.rungs if rung.id == engine)


def _failed(stage: StagePlan, facts: JsonObject, *, invents: bool) -> list[tuple[str, str]]:
    """The scores of a cluster that miss their bound, each with its sentence."""
    found, weak = [], facts["weak"]
    if weak["cells"]:
        found.append(("consistency_db", SENTENCES["consistency_db"].format(weak["has"], weak["wanted"])))
    most, has = dict(stage.params).get("hallucination"), facts["scores"]["hallucination"]
    if invents and most is not None and has > float(most):
        found.append(("hallucination", SENTENCES["hallucination"].format(has, float(most))))
    return found


def _figures(shop: Workshop, source: Source, whole: Whole, redone: tuple[Again, ...]) -> Enlargement:
    facts, known = whole.done.facts, whole.done.names()
    artifacts = {name: whole.done.ref(name).sha256 for name in MAPS if name in known}
    planes, engines = merged_planes(whole, redone)
    counts = np.bincount(planes[0].astype(int).ravel(), minlength=len(engines))
    expected = {rung["engine"]: rung["seconds"] for rung in facts["rungs"]}
    consistency, worst = facts["consistency_db"], facts["worst_cell_db"]
    if redone:
        maps = maps_of(raster_of(shop, source), planes, int(facts["cell"]), routed=True)
        artifacts = {name: shop.store.put(*made).sha256 for name, made in maps.items()}
        consistency = round(-10 * math.log10(float(np.mean(10 ** (-planes[2].astype(float) / 10)))), 4)
        worst = round(float(planes[2].min()), 4)
    intent = source.job.intent
    assert isinstance(intent, Upscale | Clean)
    return Enlargement(
        scale=intent.scale if isinstance(intent, Upscale) else 1, cell=facts["cell"],
        rungs=tuple(
            RungShare(engine=name, colour=colour_of(place), cells=int(counts[place]), seconds=expected.get(name, 0.0))
            for place, name in enumerate(engines)
        ),
        saved=facts["saved"], expected_loss_db=facts["expected_loss_db"], consistency_db=consistency, worst_cell_db=worst,
        colour_shift=max([facts["colour_shift"], *(one.facts["colour_shift"] for one in redone)]),
        hallucination=round(float(planes[3].max(initial=0.0)), 4), corrected=facts["corrected"], protected=facts["protected"],
        cautious=facts["cautious"], artifacts=artifacts,
    )  # fmt: skip


def _stages(whole: Whole, redone: Sequence[Again]) -> tuple[StageResult, ...]:
    """What looked, and each engine that was used with its own seconds; without an engine, what was spent beside them."""
    kept = whole.done.ref("picture").sha256 if "picture" in whole.done.names() else ""
    made = _by_engine(whole, kept, 0)
    for one in redone:
        looked = one.look.stages if not whole.look.stages else ()
        made = (*looked, *made, *_by_engine(one, one.done.ref("final").sha256, one.n))
    return (*whole.look.stages, *made)


def _by_engine(one: Whole | Again, artifact: str, region: int) -> tuple[StageResult, ...]:
    done = one.done
    spent = {name: 0.0 if done.cached else seconds for name, seconds in done.facts["spent"].items()}
    beside = max(done.seconds - sum(spent.values()), 0.0)
    return tuple(
        StageResult(
            stage=done.stage, engine=name, seconds=round(seconds, 4), cached=done.cached, region=region,
            artifact="" if name else artifact,
        )
        for name, seconds in {**spent, "": beside}.items()
    )  # fmt: skip


def _ending(
    stage: StagePlan, whole: Whole, redone: Sequence[Again], regions: Sequence[RegionResult], figures: Enlargement
) -> Ending:  # fmt: skip
    """Needs a look where the colour is surely off; degraded where an engine stood in for another, or a bound is missed."""
    everything = _all(whole, redone)
    said = [why for one in everything for _, why in one.ladder.lost]
    said += [_fall(fall) for one in everything for fall in one.done.facts["falls"]]
    allowed = float(dict(stage.params).get("colour_shift", math.inf))
    if figures.colour_shift > allowed:
        said.append(SENTENCES["colour_shift"].format(figures.colour_shift, allowed))
    said += _weak(whole.done.facts)
    by_regions = judge(regions)
    if by_regions.outcome != "done":
        said.append(by_regions.reason)
    if not said:
        return by_regions
    if figures.colour_shift > SURELY_OFF * allowed:
        return Ending("needs-review", stage.stage, "; ".join(said), LOOK)
    unlooked = any(one.look.missing for one in everything)
    cure = DETECTORS if unlooked else LOOK
    return Ending("degraded", "policy" if unlooked else stage.stage, "; ".join(said), cure)


def _weak(facts: JsonObject) -> list[str]:
    """Of the whole picture, the cells that no cluster names."""
    named = sum(region["weak"]["cells"] for region in facts["regions"])
    weak = facts["weak"]
    if weak["cells"] <= named:
        return []
    worst = SENTENCES["consistency_db"].format(weak["has"], weak["wanted"])
    return [f"{weak['cells'] - named} cells beside the regions; the worst of all is {worst}"]


def _fall(fall: JsonObject) -> str:
    cells = f"{fall['cells']} cells" if fall["cells"] != 1 else "a cell"
    return f"{cells}: {fall['made']} stood in for {fall['chosen']} ({fall['why']})"


def _notes(whole: Whole, redone: Sequence[Again], figures: Enlargement) -> list[str]:
    """What was done, and what kept an engine that invents away."""
    looks = [one.look for one in _all(whole, redone) if one.look.boxes]
    found = []
    if looks:
        lines, faces = looks[0].lines, looks[0].faces
        found.append(
            f"policy: {lines} lines of text and {faces} faces were found, and nothing was invented there"
        )
    if figures.protected:
        found.append(f"{figures.protected} cells were protected, and no network touched them")
    return found
