"""The step that has a classifier look at what was generated, where the policy in force demands it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from model_registry.engines import wrap_vision
from model_registry.errors import EngineOutOfMemory, RegistryError
from model_registry.weights import weights_digest
from tasks.contracts import Box, Pixels, Raster
from tasks.memo import Produced
from tasks.patched import Patched
from tasks.policy.model import VERDICTS, Decision, Safety
from tasks.policy.safety import judged, unseen
from tasks.policy.sightings import close_view
from tasks.results import PolicyResult, RegionResult
from tasks.steps.safety_demand import generates
from tasks.steps.source import Source
from tasks.workshop import Workshop

VERSION = "1"
CURE = "see `pentimento models verify`; or ask for another engine, or none, under [safety] in the policy"


@dataclass(frozen=True, slots=True)
class Looked:
    """What the policy says of something generated, and by whom it was looked at."""

    result: PolicyResult
    note: str
    """For people; empty where nobody was asked or could look."""


NOBODY = Looked(PolicyResult(), "")


def look_at_picture(shop: Workshop, raster: Raster, sha256: str) -> Looked:
    """The whole of a new picture, once per content. sha256: of its stored bytes."""
    safety = shop.guard.policy.safety
    if safety is None:
        return NOBODY
    return _looked(shop, safety, {"picture": sha256}, lambda: raster.crop(raster.box))


def look_at_regions(
    shop: Workshop, source: Source, after: Patched, regions: Sequence[RegionResult]
) -> tuple[Looked, ...]:
    """Each region in the finished picture, with its surroundings; nobody looks where nothing is generated or no one is asked.

    What the source shows elsewhere is its own affair."""
    safety = shop.guard.policy.safety
    if safety is None or not generates(source.plan):
        return (NOBODY,) * len(regions)
    finals = [region.artifacts["final"] for region in regions]
    found = []
    for region in regions:
        box = close_view(region.box, (after.height, after.width))
        inputs = {
            "source": source.sha256,
            "size": [after.height, after.width],
            "finals": finals,
            "box": list(box),
        }
        found.append(_looked(shop, safety, inputs, lambda box=box: _shown(after, box)))  # type: ignore[misc]
    return tuple(found)


def stricter(one: PolicyResult, other: PolicyResult) -> PolicyResult:
    """The stricter of two decisions on the same region; the first where they are equal."""
    return max((one, other), key=lambda result: VERDICTS.index(result.verdict))


def _looked(
    shop: Workshop, safety: Safety, inputs: Mapping[str, object], pixels: Callable[[], Pixels]
) -> Looked:
    """What the classifier says, remembered by content; whatever keeps it from looking blocks, and is not remembered."""
    try:
        card = shop.registry.resolve("safety", safety.engine)

        def compute() -> Produced:
            with shop.pool.lease(card.id) as engine:
                return Produced(
                    facts={"scores": wrap_vision.safety_scores(card, engine, pixels(), params={})}
                )

        key = {
            "version": VERSION,
            "engine": card.ref,
            "weights": weights_digest(card),
            "inputs": dict(inputs),
        }
        scores = shop.memo.do("safety", key, compute).facts["scores"]
    except EngineOutOfMemory:
        raise  # may work later: the picture is tried again, and handed out by nobody until then
    except RegistryError as fault:
        return Looked(_result(unseen(safety, fault.message, fault.cure or CURE)), "")
    decision = judged(safety, scores)
    said = ", ".join(f"{label} {score:.2f}" for label, score in scores.items())
    return Looked(_result(decision), f"looked at by {card.ref}: {said}")


def _result(decision: Decision) -> PolicyResult:
    return PolicyResult.model_validate(asdict(decision))


def _shown(after: Patched, box: Box) -> Pixels:
    """A box of the finished picture, H×W×1 or H×W×3, 0–1."""
    x0, y0, x1, y1 = box
    rows = after.rows(y0, y1)[:, x0:x1, : after.raster.colours]
    return rows.astype(np.float32) / np.float32(after.raster.levels)
