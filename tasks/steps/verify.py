"""The part of an attempt that measures: read the result again, score it, and remember the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from model_registry.engines import wrap
from model_registry.engines.contract import TextLine
from tasks.contracts import Pixels, Verdict, Zone
from tasks.memo import Done, Produced
from tasks.plan import EditPlan, EngineChoice, StagePlan
from tasks.steps.engines import first_that_works, identity, with_engine
from tasks.thresholds import of_kind
from tasks.verification.verify import verify
from tasks.workshop import Workshop

if TYPE_CHECKING:
    from tasks.steps.restore import Work


def verify_region(
    shop: Workshop,
    plan: EditPlan,
    work: Work,
    fill: Pixels,
    after: Pixels,
    zone: Zone,
    inputs: dict[str, str],
) -> tuple[Verdict, Done, EngineChoice | None]:
    """The verdict on a region, its record, and the reader that read it again (None where no text was looked for).

    fill, after: the crop with the engine's fill, and with the final pixels; zone: of the region's box; inputs: digests of
    what they were made from."""
    stage = plan.stage("verification")
    assert stage is not None
    if not stage.engines:
        done = shop.memo.do(
            "verification",
            identity(stage, None, **inputs),
            lambda: _measure(work, fill, after, zone, stage, None),
        )
        return _verdict(done), done, None
    done, reader = first_that_works(
        stage, stage.engines[0],
        lambda c: shop.memo.do(
            "verification", identity(stage, c, **inputs),
            lambda: _measure(work, fill, after, zone, stage, _read_again(shop, c, work, after)),
        ),
    )  # fmt: skip
    return _verdict(done), done, reader


def _read_again(shop: Workshop, choice: EngineChoice, work: Work, after: Pixels) -> tuple[TextLine, ...]:
    """The lines of the result. Where the first reading saw letters but could not read them, a box is enough."""
    levels = np.rint(np.clip(after, 0, 1) * 255).astype(np.uint8)
    unread = not work.region.text
    lines = with_engine(
        shop, choice,
        lambda card, engine, params: wrap.read_text(
            card, engine, levels, {**params, "min_score": 0.0} if unread and "min_score" in params else params
        ),
    )  # fmt: skip
    return tuple(replace(line, score=max(line.score, line.found)) for line in lines) if unread else lines


def _measure(
    work: Work, fill: Pixels, after: Pixels, zone: Zone, stage: StagePlan, lines: tuple[TextLine, ...] | None
) -> Produced:
    where = np.zeros(work.hole.shape, bool)
    where[work.inner] = zone
    thresholds = of_kind({name: float(value) for name, value in stage.params}, work.region.kind)
    verdict = verify(work.crop, fill, after, work.hole, where, thresholds=thresholds, residual_lines=lines)
    scores = {name: round(float(score), 6) for name, score in verdict.scores.items()}
    return Produced(facts={
        "passed": verdict.passed, "scores": scores, "failed": list(verdict.failed), "reasons": list(verdict.reasons)
    })  # fmt: skip


def _verdict(done: Done) -> Verdict:
    facts = done.facts
    return Verdict(facts["passed"], facts["scores"], tuple(facts["reasons"]), tuple(facts["failed"]))
