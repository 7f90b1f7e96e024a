"""The part of an attempt that measures: read the result again, score it, and remember the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from model_registry.engines import wrap
from model_registry.engines.contract import TextLine
from tasks.contracts import Pixels, Verdict, Zone
from tasks.detection.lines import grown_corners
from tasks.memo import Done, Produced
from tasks.plan import EditPlan, EngineChoice, StagePlan
from tasks.steps.engines import first_that_works, identity, with_engine
from tasks.thresholds import of_kind
from tasks.verification.verify import verify
from tasks.workshop import Workshop

if TYPE_CHECKING:
    from tasks.steps.restore import Work

ACROSS = 0.6
"""Of a line read again, the share of its height that must lie where text was removed: what stands out by more is print beside
it, or a pattern that a reader takes for one large sign."""


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
    lines = where_removed(lines, work.hole)
    return tuple(replace(line, score=max(line.score, line.found)) for line in lines) if unread else lines


def where_removed(lines: Sequence[TextLine], hole: Zone) -> tuple[TextLine, ...]:
    """Of lines read again, in the pixels of the hole (H×W, not empty), those that may be what is left of the text removed."""
    return tuple(line for line in lines if _across(line, hole) >= ACROSS)


def _across(line: TextLine, hole: Zone) -> float:
    """Share of a line's height, across its own axis, that the hole spans too; 0–1."""
    corners = grown_corners(line, 0.0)
    down = corners[3] - corners[0] + corners[2] - corners[1]
    way = down / max(float(np.hypot(*down)), 1e-6)
    rows, columns = np.nonzero(hole)
    of_line, of_hole = corners @ way, columns * way[0] + rows * way[1]
    low, high = max(of_line.min(), of_hole.min()), min(of_line.max(), of_hole.max() + 1)
    return float(max(high - low, 0.0) / max(np.ptp(of_line), 1e-6))


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
