"""What the decisions add up to: each region that waits, each picture, and whether it may be shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from tasks.intents import Frozen
from tasks.results import ItemResult, RegionResult
from tasks.review.events import Event

RegionWord = Literal["pending", "approved", "rejected", "allowed"]
PictureWord = Literal["pending", "approved", "in-part", "rejected"]


class RegionReview(Frozen):
    """A region of a picture that waits."""

    n: int
    """0 where the picture has no regions: it waits as a whole."""
    state: RegionWord
    """`allowed` regions wait for nobody, but may be rejected."""
    text: str = ""
    box: tuple[int, int, int, int]
    category: str = ""
    """The policy's; `verification` where the result was measured as bad."""
    reason: str = ""
    evidence: str = ""
    cure: str = ""
    decided: Event | None = None
    decided_in: str = ""
    """The run in whose log the decision is."""


class PictureReview(Frozen):
    """A picture that waits."""

    id: str
    state: PictureWord
    """`in-part`: some regions may be shown, the rejected ones stay as they were in the source."""
    candidate: str
    """Where the candidate lies, for people."""
    candidate_sha256: str
    reason: str
    regions: tuple[RegionReview, ...]

    @property
    def rejected(self) -> frozenset[int]:
        """Regions that stay as they were."""
        return frozenset(region.n for region in self.regions if region.state == "rejected")


def waits(region: RegionResult, hard: Collection[str]) -> bool:
    """Whether a person must decide on it: the policy says so, or a score of `hard` failed."""
    return region.policy.verdict in ("review", "block") or any(score in hard for score in region.failed)


def fold(
    items: Iterable[ItemResult], events: Sequence[tuple[str, Event]], hard: Collection[str]
) -> tuple[PictureReview, ...]:
    """Every picture that ended as needs-review, with what was decided on it.

    events: each with its run, in order; those on another file than the present candidate are passed over. hard: the scores
    whose failure sends a picture to review."""
    waiting = [item for item in items if item.outcome == "needs-review"]
    by_picture: dict[str, list[tuple[str, Event]]] = {}
    for run, event in events:
        by_picture.setdefault(event.picture, []).append((run, event))
    return tuple(_picture(item, by_picture.get(item.id, ()), hard) for item in waiting)


def _picture(item: ItemResult, events: Sequence[tuple[str, Event]], hard: Collection[str]) -> PictureReview:
    regions = {region.n: region for region in _regions(item, hard)}
    for run, event in events:
        if event.candidate != item.output_sha256:
            continue
        for n in [event.region] if event.region else list(regions):
            if n in regions:
                regions[n] = _decided(regions[n], run, event)
    return PictureReview(
        id=item.id, state=_together(tuple(regions.values())), candidate=item.output,
        candidate_sha256=item.output_sha256, reason=item.reason, regions=tuple(regions.values()),
    )  # fmt: skip


def _regions(item: ItemResult, hard: Collection[str]) -> Iterable[RegionReview]:
    """The regions as they stand before anybody decided. Where none is seen to wait, all do."""
    if not item.regions:
        yield RegionReview(
            n=0, state="pending", box=(0, 0, item.width, item.height), reason=item.reason, cure=item.cure
        )
    some = any(waits(region, hard) for region in item.regions)
    for region in item.regions:
        yield _undecided(item, region, not some or waits(region, hard), hard)


def _undecided(item: ItemResult, region: RegionResult, waiting: bool, hard: Collection[str]) -> RegionReview:
    policy = region.policy
    asked = policy.verdict in ("review", "block")
    failed = any(score in hard for score in region.failed)
    words = [policy.reason] if asked else []
    words += region.reasons if failed else ()
    return RegionReview(
        n=region.n, state="pending" if waiting else "allowed", text=region.text, box=region.box,
        category=policy.category if asked else "verification" if failed else "", reason="; ".join(words),
        evidence=policy.evidence if asked else "", cure=(policy.cure or item.cure) if waiting else "",
    )  # fmt: skip


def _decided(region: RegionReview, run: str, event: Event) -> RegionReview:
    state: RegionWord = "approved" if event.decision == "approve" else "rejected"
    return region.model_copy(update={"state": state, "decided": event, "decided_in": run})


def _together(regions: Sequence[RegionReview]) -> PictureWord:
    states = {region.state for region in regions}
    if "pending" in states:
        return "pending"
    if "rejected" not in states:
        return "approved"
    refused_whole = any(r.state == "rejected" and r.decided and not r.decided.region for r in regions)
    kept = {"approved"} if refused_whole else {"approved", "allowed"}
    return "in-part" if states & kept else "rejected"
