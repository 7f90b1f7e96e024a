"""The step that decides what may happen to each region, before anything is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tasks.contracts import Box, Region
from tasks.intents import Rights
from tasks.memo import Done, Produced
from tasks.policy.detectors.contract import Bytes3
from tasks.results import PolicyResult, RegionResult
from tasks.steps.detect import Detected
from tasks.steps.engines import identity
from tasks.steps.source import Source, eight_bit, full_raster
from tasks.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Decided:
    """The policy's word on each region of a picture, by the region's number, and the record it came from."""

    by_region: dict[int, PolicyResult]
    done: Done

    def worst(self, verdict: str) -> tuple[tuple[int, PolicyResult], ...]:
        """The regions with this verdict, in order."""
        return tuple((n, one) for n, one in self.by_region.items() if one.verdict == verdict)

    @property
    def blocked(self) -> bool:
        """Whether nothing may be made of the picture: the strictest region decides."""
        return bool(self.worst("block"))


def decide(shop: Workshop, source: Source, detected: Detected) -> Decided:
    """Decide on the regions as they are at the picture's own size, whatever the tier."""
    stage = source.plan.stage("policy")
    assert stage is not None
    rights: Rights = getattr(source.job.intent, "rights", "unknown")

    def compute() -> Produced:
        raster = full_raster(shop, source)

        def look(box: Box) -> Bytes3:
            return eight_bit(raster, box)

        decisions = shop.guard.decide(detected.full, look, (raster.height, raster.width), rights)
        return Produced(facts={"decisions": [asdict(decision) for decision in decisions]})

    inputs = {"source": source.sha256, "regions": detected.digest, "rights": rights}
    done = shop.memo.do("policy", identity(stage, None, **inputs), compute)
    found = [PolicyResult.model_validate(facts) for facts in done.facts["decisions"]]
    return Decided({region.n: one for region, one in zip(detected.full, found, strict=True)}, done)


def untouched(regions: Sequence[Region], decided: Decided) -> tuple[RegionResult, ...]:
    """The regions of a blocked picture: found, judged, and left alone."""
    return tuple(
        RegionResult(
            n=region.n, kind=region.kind, text=region.text, box=region.box, passed=False,
            reasons=(sentence(decided.by_region[region.n]),) if decided.by_region[region.n].reason else (),
            policy=decided.by_region[region.n], found=region.found, note=region.note,
        )
        for region in regions
    )  # fmt: skip


def sentence(one: PolicyResult) -> str:
    """A decision in words, with what was seen."""
    return f"{one.reason} ({one.evidence})" if one.evidence else one.reason
