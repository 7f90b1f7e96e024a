"""What the end of a picture is called: from its faults, or from its regions' policy and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.store.contract import StoreError, Unavailable
from model_registry.errors import EngineOutOfMemory, RegistryError
from tasks.contracts import Outcome
from tasks.errors import BadRequest, EngineFailed, OutOfMemory, PentimentoError, Rejected, StoreUnavailable
from tasks.job import JobSpec
from tasks.results import ItemResult, KeptText, RegionResult
from tasks.steps.engines import OTHER_ENGINE
from tasks.steps.policy import sentence

HARD = ("residual_text", "leak", "outside_changed")
"""Failing one of these sends a picture to review; failing a softer one marks it degraded, with the figure."""


SURELY_LEAKS = 0.1
"""Share of old content that is no chance: a small hole's shading can agree with an even object's by 6 %."""
LOOK = "look at the review sheet; another engine may do better: --engine generation=…"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a picture ended, where that was decided, why, and what can be done."""

    outcome: Outcome
    stage: str = ""
    reason: str = ""
    cure: str = ""


def refused(job: JobSpec, error: PentimentoError) -> ItemResult:
    """The result of a picture that could not be done."""
    error.about(picture=job.id)
    outcome: Outcome = "rejected" if isinstance(error, Rejected | BadRequest) else "failed"
    return ItemResult(
        id=job.id,
        source=job.source,
        outcome=outcome,
        stage=error.stage,
        reason=error.message,
        cure=error.cure,
    )


def typed(error: Exception, *, picture: str, stage: str) -> PentimentoError:
    """Any exception as one of the tree, naming picture and stage."""
    if isinstance(error, PentimentoError):
        return error.about(picture=picture, stage=stage)
    if isinstance(error, Unavailable):
        return StoreUnavailable(str(error), picture=picture, stage=stage)
    if isinstance(error, EngineOutOfMemory | MemoryError):
        return OutOfMemory(str(error) or "out of memory", picture=picture, stage=stage)
    if isinstance(error, RegistryError):
        return EngineFailed(error.message, picture=picture, stage=stage, cure=error.cure or OTHER_ENGINE)
    kind = "the store" if isinstance(error, StoreError) else type(error).__name__
    return EngineFailed(
        f"{kind}: {error}", picture=picture, stage=stage, cure="please report this as a fault"
    )


def judge(regions: Sequence[RegionResult]) -> Ending:
    """The picture's end from its regions': the worst one decides, and the reasons are joined."""
    blocked = [r for r in regions if r.policy.verdict == "block"]
    if blocked:
        return Ending("blocked", "policy", _policy_words(blocked), blocked[0].policy.cure)
    asked = [r for r in regions if r.policy.verdict == "review"]
    missed = [f"region {r.n}: {text}" for r in regions for text in r.reasons]
    if asked:
        words = "; ".join([_policy_words(asked), *missed])
        return Ending("needs-review", "policy", words, asked[0].policy.cure)
    if any(_hard(r, score) for r in regions for score in r.failed):
        return Ending("needs-review", "verification", "; ".join(missed), LOOK)
    stood_in = [
        f"region {r.n}: {r.engine} stood in for {r.fallback_from}" for r in regions if r.fallback_from
    ]
    stood_in += [f"region {r.n}: {words}" for r in regions for words in r.stood_in]
    if missed or stood_in:
        return Ending("degraded", "verification", "; ".join([*stood_in, *missed]), LOOK)
    return Ending("done")


def flags(regions: Sequence[RegionResult]) -> tuple[str, ...]:
    """What the policy lets pass with a mark."""
    return tuple(f"region {r.n}: {sentence(r.policy)}" for r in regions if r.policy.verdict == "flag")


def nothing_found(kept: Sequence[KeptText], *, by_text: bool, words: str = "") -> str:
    """Why a picture is unchanged. words: that named what was to be found."""
    if words:
        return f"nothing was seen that looks like “{words}”"
    if not by_text:
        return "the mask covers nothing"
    lines = f"{len(kept)} lines" if len(kept) > 1 else "a line"
    return f"no overlay text was found; {lines} of other text left alone" if kept else "no text was found"


def _hard(region: RegionResult, score: str) -> bool:
    return score in HARD and (score != "leak" or region.scores.get("leak", 1.0) >= SURELY_LEAKS)


def _policy_words(regions: Sequence[RegionResult]) -> str:
    return "; ".join(f"region {r.n}: {sentence(r.policy)}" for r in regions)
