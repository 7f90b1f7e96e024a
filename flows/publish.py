"""Make the pictures of a run visible: everything is put in its place first, and then one pointer is moved, once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from prefect import flow
from prefect.artifacts import create_table_artifact
from pydantic import ValidationError

from flows.aliases import snapshot
from flows.deciding import login_name, now
from flows.leftovers import half_written, sweep
from flows.placing import Placeable, clear_review_folder, file_of, prepare, put_in_place
from flows.reruns import read_result
from flows.stored_run import StoredRun, jobs_of, jobs_shown, store_of, stored_run
from infra.settings import Settings
from infra.store.canonical import canonical_json
from infra.store.contract import Backend, NotFound
from tasks.errors import ArtifactDamaged, BadRequest
from tasks.intents import Frozen
from tasks.job import JobSpec
from tasks.review.publication import LeftOut, Manifest, Pointer, Published, Visible, merged
from tasks.workshop import Workshop, WorkshopSpec, workshop

log = logging.getLogger("pentimento")
JSON = "application/json"
POINTER = "published.json"
LONGEST_WRITE_S = 60.0
"""Nothing that is written to a folder takes longer, seconds."""
WHOLE = "catalog-"
"""Runs that are all of what is visible; the pictures of other runs join those that are visible already."""


class PublishResult(Frozen):
    """What a publication did."""

    run_id: str
    status: Literal["published", "already published", "nothing to publish"]
    pointer: str
    manifest: str = ""
    """sha256 of the manifest, found in the store and beside the pointer."""
    visible: tuple[Visible, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    previous: Published | None = None
    """What was visible before."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a catalogue's pointer is."""

    backend: Backend
    key: str
    single: bool
    """All pictures are in one folder, and the pointer with them."""

    def read(self) -> Pointer | None:
        """What is visible now. Raises BadRequest when something else has the pointer's name."""
        try:
            return Pointer.model_validate_json(self.backend.get(self.key))
        except NotFound:
            return None
        except ValidationError as error:
            raise BadRequest(
                f"{self.backend.url(self.key)} is not a pointer that was written here", cure="move it away"
            ) from error

    def manifest_key(self, digest: str) -> str:
        """Where a manifest is, beside the pointer; never rewritten with other content."""
        return f"{self.key.removesuffix('.json')}/{digest}.json"

    def manifest(self, pointer: Pointer) -> Manifest:
        """The manifest that a pointer names. Raises ArtifactDamaged."""
        key = self.manifest_key(pointer.manifest)
        try:
            data = self.backend.get(key)
        except NotFound:
            data = b""
        if hashlib.sha256(data).hexdigest() != pointer.manifest:
            raise ArtifactDamaged(
                f"{self.backend.url(key)} is lost or damaged", cure="publish the whole catalogue again"
            )
        return Manifest.model_validate_json(data)


def publish(
    shop: Workshop, run: StoredRun, jobs: Mapping[str, JobSpec], *, by: str, at: str
) -> PublishResult:
    """Show what may be shown of a run. Until the pointer's one write at the end, what was visible stays so.

    Raises BadRequest for a preview; Unavailable and Transient when the store does not answer: then nothing has changed."""
    run_id = run.result.run_id
    _refuse_rerun(run)
    if run.result.tier == "preview" or any(job.tier == "preview" for job in jobs.values()):
        raise BadRequest(
            f"{run_id} is a preview, and previews are not published", cure="run it with --tier final"
        )
    home = home_of(shop, jobs)
    stale = half_written(jobs.values(), shop)
    current = home.read()
    ready, left = prepare(shop, run, jobs, named_in_full=not home.single)
    before = () if current is None or run_id.startswith(WHOLE) else _others(home, current, run, jobs)
    if not (current and _names(current, run_id, _manifest(run_id, ready, before))):
        ready, lost = put_in_place(shop, ready)
        left = [*left, *lost]
    manifest = _manifest(run_id, ready, before)
    status: Literal["published", "already published", "nothing to publish"] = "already published"
    if not ready:
        status = "nothing to publish"
    elif not (current and _names(current, run_id, manifest)):
        _move(shop, home, manifest, current, by=by, at=at)
        status = "published"
    clear_review_folder(shop, [*ready, *_stood_for(shop, run, ready)])
    sweep(stale, age_s=LONGEST_WRITE_S)
    shown = manifest if ready else None
    return PublishResult(
        run_id=run_id, status=status, pointer=home.backend.url(home.key), manifest=shown.digest if shown else "",
        visible=shown.pictures if shown else (), left_out=tuple(left),
        previous=current.previous if current and status == "already published" else current and current.earlier(),
    )  # fmt: skip


def _refuse_rerun(run: StoredRun) -> None:
    """A rerun is shown in the place of what it is of, by the run that has that place."""
    rerun = run.result.rerun
    if rerun:
        raise BadRequest(
            f"{run.result.run_id} is a rerun, and is shown by the run of its picture",
            picture=rerun.picture, stage="publish",
            cure=f"pentimento review {rerun.origin} --approve {rerun.picture}@{run.result.run_id}, then"
            f" pentimento publish {rerun.origin}",
        )  # fmt: skip


def _stood_for(shop: Workshop, run: StoredRun, ready: Sequence[Placeable]) -> list[Placeable]:
    """The candidates in whose place reruns are shown."""
    if not run.taken:
        return []
    made = read_result(shop.store, run.result.run_id)
    jobs, items = jobs_of(shop.store, made), {item.id: item for item in made.items}
    return [
        replace(one, job=jobs[one.visible.id], suffix=items[one.visible.id].suffix, candidate=items[one.visible.id].output_sha256)
        for one in ready
        if one.visible.id in run.taken and one.visible.id in jobs and items[one.visible.id].outcome == "needs-review"
    ]  # fmt: skip


def home_of(shop: Workshop, jobs: Mapping[str, JobSpec]) -> Home:
    """In the pictures' folder; in the store, named by the pictures, when they have none or several."""
    folders = {job.out for job in jobs.values()}
    if len(folders) == 1 and "" not in folders:
        return Home(shop.backend(folders.pop()), POINTER, True)
    pictures = sorted([job.root, job.image, job.id] for job in jobs.values())
    name = hashlib.sha256(canonical_json(pictures)).hexdigest()[:16]
    return Home(shop.store.backend, f"published/{name}.json", False)


def _others(home: Home, current: Pointer, run: StoredRun, jobs: Mapping[str, JobSpec]) -> Sequence[Visible]:
    """What is visible now and is no picture of this run."""
    mine = {file_of(jobs[item.id], item.suffix) for item in run.result.items if item.id in jobs}
    ids = {item.id for item in run.result.items}
    return [one for one in home.manifest(current).pictures if one.file not in mine and one.id not in ids]


def _manifest(run_id: str, ready: Sequence[Placeable], before: Sequence[Visible]) -> Manifest:
    mine = [one.visible for one in ready]
    return Manifest(run=run_id, pictures=merged(mine, before, frozenset(one.file for one in mine)))


def _names(pointer: Pointer, run_id: str, manifest: Manifest) -> bool:
    return (pointer.run, pointer.manifest) == (run_id, manifest.digest)


def _move(
    shop: Workshop, home: Home, manifest: Manifest, current: Pointer | None, *, by: str, at: str
) -> None:
    """The manifest first, then the pointer."""
    data, key = manifest.encoded(), home.manifest_key(manifest.digest)
    shop.store.put(data, JSON)
    home.backend.put(key, data, JSON)
    pointer = Pointer(
        run=manifest.run, manifest=manifest.digest, at=at, by=by, manifest_file=key, pictures=len(manifest.pictures),
        previous=current.earlier() if current else None,
    )  # fmt: skip
    home.backend.put(home.key, pointer.encoded(), JSON)


@flow(name="publish", flow_run_name="publish {run_id}", log_prints=False, persist_result=False)
def publish_run(run_id: str, by: str = "") -> dict[str, Any]:
    """Publish a run: its allowed and approved pictures become what is visible. The same again changes nothing.

    by: who publishes, default the login name. Returns a `PublishResult` as JSON."""
    settings = Settings()
    store = store_of(settings)
    run = stored_run(store, run_id)
    jobs = jobs_shown(store, run)
    shop = workshop(_spec(settings, run, jobs))
    result = publish(shop, run, jobs, by=by or login_name(), at=now())
    _show(result)
    return result.model_dump(mode="json")


def _spec(settings: Settings, run: StoredRun, jobs: Mapping[str, JobSpec]) -> WorkshopSpec:
    """As the run's own, with the aliases as they are now: pictures that would come out otherwise are refused later."""
    again = [jobs[p.id] for p in run.waiting if p.state == "in-part" and p.id in jobs]
    return WorkshopSpec(
        store=settings.store_url, s3_endpoint_url=settings.s3_endpoint_url, cards=settings.cards, policy=settings.policy,
        aliases=snapshot(again, settings), memory_mb=settings.memory_mb, max_pixels=settings.max_pixels,
        max_bytes=settings.max_bytes, run=run.result.run_id,
    )  # fmt: skip


def _show(result: PublishResult) -> None:
    """On the Prefect page; never fails the flow."""
    rows = [
        {"id": one.id, "state": one.state, "reason": one.reason, "cure": one.cure} for one in result.left_out
    ]
    said = f"{result.run_id}: {result.status}, {len(result.visible)} visible; left out:"
    try:
        create_table_artifact(rows[:200], key="publish-left-out", description=said)
    except Exception as error:
        log.warning("no publish artifact: %s", error)


def run_publish(run_id: str, by: str = "") -> dict[str, Any]:
    """Run the flow on this machine; its result as JSON."""
    result: dict[str, Any] = publish_run(run_id, by)
    return result
