"""The compare flow: variants of a plan on the same pictures, in turns, and a verdict with the figures it rests on."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, Literal

from prefect import flow
from prefect.runtime import flow_run
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner

from flows.aliases import snapshot
from flows.catalog import Runner, refused_rows
from flows.comparing.assemble import Compared, assemble
from flows.comparing.ending import concluded
from flows.comparing.model import Comparison, VariantChoice
from flows.comparing.variants import Setting, applied, parse_variants, read_variants
from flows.manifest import Defaults, read_manifest
from flows.progress import progress_artifact
from flows.request import RunRequest
from flows.run import begin, ended, mark_ended, numbered
from flows.walk import walk
from infra.settings import Settings
from infra.store.canonical import canonical_json
from tasks.errors import BadManifest
from tasks.job import JobSpec
from tasks.plan import Tier
from tasks.sizing import share_cores
from tasks.workshop import Workshop, workshop

ROUNDS = 6
"""Turns that every variant takes at least, pictures allowing: what else the machine does then falls on all alike."""


def _run_name() -> str:
    return f"compare {PurePosixPath(str(flow_run.parameters.get('manifest', ''))).name}"


RUNNER: TaskRunner[Any] = ThreadPoolTaskRunner(Settings().workers)
"""Of a deployed run, which nobody gives one: Prefect's own has no bound."""


@flow(name="compare", flow_run_name=_run_name, log_prints=False, persist_result=False, task_runner=RUNNER)
def compare_variants(
    manifest: str, variants: str | list[dict[str, Any]], out: str = "", tier: Literal["preview", "final"] = "final",
    seed: int = 0, shard_size: int = 0, fresh: bool = False, track: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Make every picture of a manifest by every variant, and compare.

    manifest: as of the catalogue flow; its column `truth` names the true picture, where that is known. variants: path or
    `s3://` address of a TOML or JSON file, or the variants themselves; the first is the baseline. out: folder or `s3://`
    prefix, in which each variant has a folder; empty keeps the pictures in the store alone. tier, seed: of variants that name
    none. fresh: nothing of earlier runs is used, nor shared between variants, so that every stage is timed.
    The same call again resumes. Returns the comparison as JSON."""
    begun = time.perf_counter()
    settings = Settings()
    rows = read_manifest(manifest, Defaults("", tier, seed), s3_endpoint_url=settings.s3_endpoint_url)
    if not rows.jobs:
        raise BadManifest(f"no row of {manifest} can be done", rows.problems, cure="correct the rows")
    choices = _choices(variants, rows.jobs, settings, tier, seed)
    base = RunRequest(
        "variant", rows.jobs, settings, refused_rows(rows), shard_size or _spread(len(rows.jobs), settings), fresh, track,
        title=manifest,
    )  # fmt: skip
    requests = _requests(base, choices, out)
    shop = workshop(requests[0].spec)
    key = _key(requests, choices, shop)
    compare_id = numbered(shop.store, "compare", key)
    legs = [begin(request) for request in requests]
    share_cores(settings.workers)
    walk(legs, progress_artifact("compare", compare_id), settings.workers)
    made = {
        choice.name: ended(leg, time.perf_counter() - begun)
        for choice, leg in zip(choices, legs, strict=True)
    }
    run = Compared(
        compare_id, manifest, choices, made, {job.id: job for job in rows.jobs},
        {row.job.id: row.truth for row in rows.rows if row.job and row.truth}, tier, seed, fresh,
        round(time.perf_counter() - begun, 3),
    )  # fmt: skip
    comparison = concluded(shop, settings, assemble(shop, run), legs, made, track=track)
    if not any(leg.broken for leg in legs):
        mark_ended(shop.store, compare_id, key)
    return comparison.model_dump(mode="json")


def _choices(
    variants: str | list[dict[str, Any]], jobs: Sequence[JobSpec], settings: Settings, tier: Tier, seed: int
) -> tuple[VariantChoice, ...]:
    """The variants, all faults named; looked at once more with what their aliases stand for."""
    plain = Setting(workshop(RunRequest("variant", (), settings).spec).registry, tier=tier, seed=seed)
    if isinstance(variants, str):
        choices = read_variants(variants, plain, s3_endpoint_url=settings.s3_endpoint_url)
    else:
        choices = parse_variants(variants, plain)
    asked = [applied(choice, job) for choice in choices for job in jobs[:1]]
    spec = RunRequest("variant", (), settings, aliases=snapshot(asked, settings)).spec
    said = [choice.model_dump(exclude_none=True) for choice in choices]
    return parse_variants(said, Setting(workshop(spec).registry, jobs, tier, seed))


def _requests(base: RunRequest, choices: Sequence[VariantChoice], out: str) -> list[RunRequest]:
    """A run a variant, over the same pictures in the same shards."""
    jobs = [
        tuple(applied(choice, job, f"{out.rstrip('/')}/{choice.name}" if out else "") for job in base.jobs)
        for choice in choices
    ]
    aliases = snapshot([job for of_variant in jobs for job in of_variant], base.settings)
    titles = [f"{base.title} · {choice.name} · {choice.said or 'as planned'}" for choice in choices]
    return [
        replace(base, jobs=of_variant, aliases=aliases, title=title)
        for of_variant, title in zip(jobs, titles, strict=True)
    ]


def _spread(pictures: int, settings: Settings) -> int:
    """Shards so small that each variant takes ROUNDS turns, where there are pictures enough."""
    return max(1, min(settings.shard_size, pictures // (settings.workers * ROUNDS)))


def _key(requests: Sequence[RunRequest], choices: Sequence[VariantChoice], shop: Workshop) -> str:
    """The same for the same question: what an unfinished comparison is found again by."""
    value = {
        "variants": [choice.model_dump(mode="json") for choice in choices], "registry": shop.registry.digest,
        "jobs": [[job.model_dump(mode="json") for job in request.jobs] for request in requests],
        "refused": sorted(requests[0].refused), "fresh": requests[0].fresh,
    }  # fmt: skip
    return hashlib.sha256(canonical_json(value)).hexdigest()


def run_compare(
    manifest: str, variants: str | list[dict[str, Any]], *, runner: Runner = "threads", **options: Any
) -> Comparison:
    """Run the flow on this machine."""
    workers = Settings().workers
    pool: TaskRunner[Any] = (
        ThreadPoolTaskRunner(workers) if runner == "threads" else ProcessPoolTaskRunner(max_workers=workers)
    )
    made = compare_variants.with_options(task_runner=pool)(manifest, variants, **options)
    return Comparison.model_validate(made)
