"""A picture that may be shown, from the run's record to its final place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from flows.stored_run import StoredRun
from infra.store.contract import ArtifactRef, Damaged, NotFound
from tasks.errors import Transient
from tasks.job import JobSpec
from tasks.results import ItemResult
from tasks.review.publication import LeftOut, Visible, approvals, left_out
from tasks.review.state import PictureReview
from tasks.steps.deliver import REVIEW_FOLDER, place_ref
from tasks.steps.outcome import typed
from tasks.steps.recompose import recompose
from tasks.workshop import Workshop

THREADS = 8
"""Files put in place at once."""


@dataclass(frozen=True, slots=True)
class Placeable:
    """A picture that may be shown, with where it goes."""

    visible: Visible
    job: JobSpec
    suffix: str
    candidate: str
    """sha256 of the file that waited for review; empty when none did."""


def file_of(job: JobSpec, suffix: str) -> str:
    """The key of a final picture below its folder."""
    return f"{job.name or job.id}{job.suffix or suffix}"


def prepare(
    shop: Workshop, run: StoredRun, jobs: Mapping[str, JobSpec], *, named_in_full: bool
) -> tuple[list[Placeable], list[LeftOut]]:
    """What may be shown and what may not, in the run's order. Nothing is put anywhere; where regions were rejected the
    picture is made again without them. named_in_full: files by their address, for pictures of several folders.

    Raises Transient faults only."""
    reviews = {review.id: review for review in run.waiting}
    ready: list[Placeable] = []
    out: list[LeftOut] = []
    for item in run.result.items:
        job, review = jobs.get(item.id), reviews.get(item.id)
        found: Placeable | LeftOut | None = left_out(item, review)
        if found is None and job is None:
            found = LeftOut(
                id=item.id, outcome=item.outcome, state="lost", reason="its job is lost", cure="run it again"
            )
        if found is None:
            assert job is not None
            found = _prepared(shop, run.result.run_id, item, job, review, named_in_full)
        (out if isinstance(found, LeftOut) else ready).append(found)  # type: ignore[arg-type]
    return ready, out


def put_in_place(shop: Workshop, ready: Iterable[Placeable]) -> tuple[list[Placeable], list[LeftOut]]:
    """Every file where it belongs, unless it is there already; those whose bytes are lost are left out."""
    with ThreadPoolExecutor(THREADS) as pool:
        ended = list(pool.map(lambda one: _placed(shop, one), ready))
    there = [one for one in ended if isinstance(one, Placeable)]
    return there, [one for one in ended if isinstance(one, LeftOut)]


def clear_review_folder(shop: Workshop, ready: Iterable[Placeable]) -> None:
    """Take the candidates of shown pictures out of the folder of those that wait; another run's candidates stay."""
    for one in ready:
        if not one.candidate or not one.job.out:
            continue
        backend = shop.backend(one.job.out)
        key = f"{REVIEW_FOLDER}/{file_of(one.job, one.suffix)}"
        try:
            mine = hashlib.sha256(backend.get(key)).hexdigest() == one.candidate
        except NotFound:
            continue
        if mine:
            backend.delete(key)


def _prepared(
    shop: Workshop, run_id: str, item: ItemResult, job: JobSpec, review: PictureReview | None, in_full: bool
) -> Placeable | LeftOut:  # fmt: skip
    sha, suffix, media = item.output_sha256, item.suffix, item.media_type
    rejected = review.rejected if review else frozenset()
    if rejected:
        try:
            made = recompose(shop, job, item, rejected)
        except Exception as error:
            fault = typed(error, picture=item.id, stage="publish")
            if isinstance(fault, Transient):
                raise fault from error
            return LeftOut(
                id=item.id, outcome=item.outcome, state="failed", reason=fault.message, cure=fault.cure
            )
        sha, suffix, media = made.done.ref("output").sha256, made.suffix, made.media_type
    key = file_of(job, suffix)
    visible = Visible(
        id=item.id, file=shop.backend(job.out).url(key) if in_full and job.out else key, sha256=sha, media_type=media,
        run=run_id, outcome=item.outcome, reason=item.reason, flags=item.flags,
        approved=approvals(review) if review else (), without=tuple(sorted(rejected)),
    )  # fmt: skip
    return Placeable(visible, job, suffix, item.output_sha256 if review else "")


def _placed(shop: Workshop, one: Placeable) -> Placeable | LeftOut:
    ref = ArtifactRef(
        one.visible.sha256, 0, one.visible.media_type
    )  # found by its digest; nobody asks the size
    try:
        place_ref(shop, one.job, ref, one.suffix, review=False)
        if not one.job.out:
            shop.store.get(ref)
    except (NotFound, Damaged):
        return LeftOut(
            id=one.visible.id, outcome=one.visible.outcome, state="lost", reason="its bytes are no longer whole in the store",
            cure="run the same command again, and publish that run",
        )  # fmt: skip
    return one
