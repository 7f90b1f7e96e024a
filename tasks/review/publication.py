"""What is visible: a manifest named by its content, and the one pointer to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from infra.store.canonical import canonical_json
from tasks.contracts import Outcome
from tasks.intents import Frozen
from tasks.results import ItemResult
from tasks.review.state import PictureReview

SHOWN = ("done", "degraded", "unchanged")
"""Outcomes that nobody has to approve. A degraded picture passed every hard check; its reason is shown with it."""


class Approval(Frozen):
    """Who let a region be shown."""

    region: int
    by: str
    at: str
    why: str = ""
    run: str
    """In whose log the approval is."""


class Visible(Frozen):
    """A picture of the manifest."""

    id: str
    file: str
    """Its key below the folder of the pictures; its address in the store where there is no such folder."""
    sha256: str
    media_type: str
    run: str
    outcome: Outcome
    reason: str = ""
    """Why it is degraded, or waited."""
    flags: tuple[str, ...] = ()
    approved: tuple[Approval, ...] = ()
    without: tuple[int, ...] = ()
    """Regions that were rejected: there the source was left as it was."""


class LeftOut(Frozen):
    """A picture that is not shown, and why."""

    id: str
    outcome: Outcome
    state: str
    """What became of it: `pending` or `rejected` in review, `lost` when its bytes are, or the outcome itself."""
    reason: str
    cure: str = ""


class Manifest(Frozen):
    """All that is visible; the same pictures give the same bytes."""

    version: int = 1
    run: str
    pictures: tuple[Visible, ...]

    def encoded(self) -> bytes:
        """The bytes that are stored."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def digest(self) -> str:
        """sha256 of the stored bytes."""
        return hashlib.sha256(self.encoded()).hexdigest()


class Published(Frozen):
    """A state that was, or is, visible."""

    run: str
    manifest: str
    """sha256."""
    at: str
    by: str


class Pointer(Published):
    """The one object that says what is visible. Moved last, in one write."""

    version: int = 1
    manifest_file: str
    """Where the manifest is, beside the pointer."""
    pictures: int
    previous: Published | None = None

    def encoded(self) -> bytes:
        """The bytes that are stored."""
        return canonical_json(self.model_dump(mode="json"))

    def earlier(self) -> Published:
        """Itself, as the next pointer remembers it."""
        return Published(run=self.run, manifest=self.manifest, at=self.at, by=self.by)


def approvals(review: PictureReview) -> tuple[Approval, ...]:
    """Who approved what of a picture that waited."""
    return tuple(
        Approval(region=r.n, by=r.decided.by, at=r.decided.at, why=r.decided.why, run=r.decided_in)
        for r in review.regions
        if r.state == "approved" and r.decided
    )


def left_out(item: ItemResult, review: PictureReview | None) -> LeftOut | None:
    """Why a picture may not be shown; None when it may."""
    if item.outcome in SHOWN:
        return None
    if review is None:
        return LeftOut(
            id=item.id, outcome=item.outcome, state=item.outcome, reason=item.reason, cure=item.cure
        )
    if review.state == "pending":
        numbers = [region.n for region in review.regions if region.state == "pending" and region.n]
        which = f" (regions {', '.join(map(str, numbers))})" if numbers else ""
        cure = "decide with `pentimento review`"
        return LeftOut(
            id=item.id,
            outcome=item.outcome,
            state="pending",
            reason=f"nobody has decided yet{which}",
            cure=cure,
        )
    if review.state == "rejected":
        return LeftOut(
            id=item.id,
            outcome=item.outcome,
            state="rejected",
            reason=_refusal(review),
            cure="another engine, or leave it",
        )
    return None


def merged(mine: Iterable[Visible], earlier: Sequence[Visible], taken: frozenset[str]) -> tuple[Visible, ...]:
    """`mine` with those of `earlier` whose files are not `taken`, sorted by file."""
    kept = (one for one in earlier if one.file not in taken)
    return tuple(sorted((*mine, *kept), key=lambda one: (one.file, one.id)))


def _refusal(review: PictureReview) -> str:
    events = {r.decided.digest: r.decided for r in review.regions if r.state == "rejected" and r.decided}
    return "; ".join(f"rejected by {e.by}" + (f": {e.why}" if e.why else "") for e in events.values())
