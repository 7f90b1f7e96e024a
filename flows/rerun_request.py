"""From "this region again, with that engine" to a run's request; everything that is wrong is said before anything is started."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

from flows.aliases import snapshot
from flows.cli.destination import S3, named_file
from flows.deciding import login_name, now
from flows.request import RunRequest
from flows.rerun_job import with_picture, with_region
from flows.rerun_wish import Wish, check_stages, check_wish
from flows.reruns import name_beside, read_result
from flows.stored_run import jobs_of, store_of, stored_run
from infra.settings import Settings
from infra.store.store import Store
from tasks.errors import BadRequest, PentimentoError, Rejected
from tasks.intents import companion_of
from tasks.job import JobSpec, RegionChange
from tasks.results import ItemResult, Rerun, RunResult
from tasks.steps.source import read_source
from tasks.workshop import Workshop, workshop


@dataclass(frozen=True, slots=True)
class Before:
    """A picture as it stands: what made it, and what came out."""

    result: RunResult
    item: ItemResult
    job: JobSpec
    origin: RunResult
    """The first run of the line."""
    origin_job: JobSpec

    @property
    def instead_of(self) -> str:
        """sha256 of the file that the first run made."""
        return next(item.output_sha256 for item in self.origin.items if item.id == self.item.id)


def rerun_request(settings: Settings, wish: Wish) -> RunRequest:
    """The request of a rerun. Raises BadRequest for an unknown run, picture, region, engine or parameter (naming the
    nearest), for a wish that asks for nothing else than there is, and when the source changed since."""
    before = _before(store_of(settings), wish)
    try:
        return _request(settings, wish, before)
    except PentimentoError as error:
        raise error.about(picture=before.item.id) from error


def _before(store: Store, wish: Wish) -> Before:
    """Where a rerun was taken in a picture's place, it is that rerun that is made again."""
    shown = stored_run(store, wish.run_id)
    picture = _picture(shown.result, wish.picture)
    result = read_result(store, shown.taken.get(picture, wish.run_id))
    origin = read_result(store, result.rerun.origin) if result.rerun else result
    job, first = jobs_of(store, result).get(picture), jobs_of(store, origin).get(picture)
    item = next(item for item in result.items if item.id == picture)
    if job is None or first is None:
        raise BadRequest(
            f"nothing was to be done for it in {wish.run_id}: {item.reason}", picture=picture, stage=item.stage,
            cure=item.cure or "run it again",
        )  # fmt: skip
    return Before(result, item, job, origin, first)


def _picture(result: RunResult, given: str) -> str:
    ids = [item.id for item in result.items]
    if not given and len(ids) == 1:
        return ids[0]
    if given in ids:
        return given
    cure = f"it has {', '.join(ids[:12])}" + (f" and {len(ids) - 12} more" if len(ids) > 12 else "")
    if not given:
        raise BadRequest(f"{result.run_id} has {len(ids)} pictures, and none was named", cure=cure)
    near = difflib.get_close_matches(given, ids, n=1, cutoff=0.4)
    meant = f"; did you mean {near[0]}?" if near else ""
    raise BadRequest(f"there is no picture {given!r} in {result.run_id}{meant}", cure=cure)


def _request(settings: Settings, wish: Wish, before: Before) -> RunRequest:
    item, tier = before.item, wish.tier if wish.tier != before.job.tier else ""
    check_wish(wish, item, tier)
    change = RegionChange(
        n=wish.region, engines=dict(wish.engines), params={s: dict(p) for s, p in wish.params.items()}, seed=wish.seed
    )  # fmt: skip
    named = [before.job.engines, change.engines, *(c.engines for c in before.job.changes)]
    aliases = snapshot([before.job.model_copy(update={"engines": engines}) for engines in named], settings)
    request = RunRequest("rerun", (), settings, shard_size=1, track=wish.track, aliases=aliases)
    shop = workshop(request.spec)
    job = before.job.model_copy(update={"tier": tier or before.job.tier, "as_before": ()})
    job = with_region(job, change, item, tier) if wish.region else with_picture(job, change, shop.registry)
    job = _placed(job, before, wish.out)
    _check_plan(shop, job, change, item)
    rerun = Rerun(
        parent=before.result.run_id, origin=before.origin.run_id, picture=item.id, region=wish.region,
        engines=change.engines, params=change.params, seed=wish.seed, tier=tier, by=wish.by or login_name(), at=now(),
        instead_of=before.instead_of,
    )  # fmt: skip
    return RunRequest(
        "rerun", (job,), settings, shard_size=1, track=wish.track, aliases=aliases,
        title=f"{item.id}: {rerun.said}", rerun=rerun,
    )  # fmt: skip


def _placed(job: JobSpec, before: Before, out: str) -> JobSpec:
    """Beside what it is of, under another name; at the very file that a person named."""
    beside = job.model_copy(update={"name": name_beside(before.origin_job, job)})
    if not out:
        return beside
    file = named_file(out)
    if file is None:
        return beside.model_copy(update={"out": out if out.startswith(S3) else str(Path(out).absolute())})
    read = {os.path.realpath(f"{job.root}/{key}") for key in (job.image, companion_of(job.intent)) if key}
    if os.path.realpath(out) in read:
        raise BadRequest(f"--out {out} would write over what is read", cure="give another name")
    return job.model_copy(update={"out": file.folder, "name": file.name, "suffix": file.suffix})


def _check_plan(shop: Workshop, job: JobSpec, change: RegionChange, item: ItemResult) -> None:
    """Plan it, so that a wrong engine or parameter is said now; a picture that cannot be read becomes its own outcome."""
    try:
        source = read_source(shop, job)
    except Rejected:
        return
    if item.source_sha256 and source.sha256 != item.source_sha256:
        raise BadRequest(
            "the source is not what it was",
            stage="triage",
            cure="run it again: what is unchanged costs nothing",
        )
    check_stages(source, change)
