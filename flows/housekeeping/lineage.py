"""From a file, a digest or a picture of a run back to all that made it; and from a source on to all that came of it."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flows.housekeeping.documents import RECORDS
from infra.store.contract import NotFound
from infra.store.store import Store
from tasks.errors import BadRequest
from tasks.results import ItemResult
from tasks.steps.crop_strip import whole_of

DIGEST = re.compile(r"[0-9a-f]{64}")
STAMPED = (
    "generation",
    "blending",
    "enhancement",
    "detection",
    "recover",
    "export",
    "item",
    "reduced",
    "overlays",
)


@dataclass(frozen=True)
class Made:
    """A picture of a run, with all that decided it."""

    run: str
    item: ItemResult
    what: str
    """What the question's digest is of it: `output`, `source`, `region 1 fill`, `thumbnail after`; empty for RUN/ID."""
    plan: dict[str, Any] = field(default_factory=dict)
    """The whole plan; empty for runs of versions that did not keep it."""
    code: str = ""
    """Of the run; empty for runs of versions that did not say."""
    records: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Artifact to the records (`stage/key, made by run`) that name it."""

    @property
    def engines(self) -> tuple[dict[str, str], ...]:
        """Every engine of the plan, by stage: version, runtime and digest of its weights."""
        return tuple(
            {"stage": stage["stage"], "engine": f"{e['id']}@{e['version']}", "runtime": e["runtime"], "weights": e["weights"]}
            for stage in self.plan.get("stages", ())
            for e in (*stage["engines"], *stage["standins"])
        )  # fmt: skip

    @property
    def policy(self) -> dict[str, str]:
        """Digests of the rules and the detectors that decided; empty where the policy had no say."""
        stages = {stage["stage"]: stage["params"] for stage in self.plan.get("stages", ())}
        return {name: str(value) for name, value in stages.get("policy", {}).items()}

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.run, "what": self.what, "code": self.code, "source_sha256": self.item.source_sha256,
            "output_sha256": self.item.output_sha256, "engines": self.engines, "policy": self.policy, "plan": self.plan,
            "records": self.records, "item": self.item.model_dump(mode="json"),
        }  # fmt: skip


def lineage(store: Store, asked: str) -> tuple[Made, ...]:
    """All pictures of runs that a question is about, by run and id. asked: a file, a sha256, or RUN/ID.

    Raises BadRequest when nothing is known of it."""
    run, _, picture = asked.rpartition("/")
    if run and not Path(asked).is_file() and run in store.run_ids():
        found = [(run, item, "") for item in _items(store, run) if item.id == picture]
        if not found:
            raise _unknown_picture(store, run, picture)
    else:
        digest = digest_of(asked)
        found = [
            (name, item, part)
            for name in store.run_ids()
            for item in _items(store, name)
            for part in [_part(item, digest)]
            if part
        ]
        if not found:
            raise BadRequest(
                f"nothing is known of {asked} (sha256 {digest[:12]}…): no run in {store.backend.url('runs')} made it or read it",
                cure="give the very file that was written; one that was saved again by another program has another digest",
            )
    records = _records(store, {digest for _, item, _ in found for digest in _artifacts(item)})
    return tuple(_made(store, name, item, what, records) for name, item, what in found)


def digest_of(asked: str) -> str:
    """The sha256 itself, or that of a file's bytes. Raises BadRequest."""
    if DIGEST.fullmatch(asked):
        return asked
    path = Path(asked)
    if not path.is_file():
        raise BadRequest(
            f"{asked} is no file, no sha256 and no RUN/ID", cure="`pentimento runs` lists the runs"
        )
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unknown_picture(store: Store, run: str, picture: str) -> BadRequest:
    near = difflib.get_close_matches(picture, [item.id for item in _items(store, run)], n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return BadRequest(f"{run} has no picture {picture!r}{meant}", cure=f"see `pentimento runs {run}`")


def _items(store: Store, run: str) -> Iterator[ItemResult]:
    """Results of shards, which are there before the run has ended; rows that another version wrote are passed over."""
    for name in store.run_names(run):
        if name.startswith("results/"):
            for row in _json(store, run, name) or ():
                try:
                    yield ItemResult.model_validate(row)
                except ValidationError:
                    continue


def _json(store: Store, run: str, name: str) -> Any:
    try:
        return json.loads(store.read_run(run, name))
    except (NotFound, ValueError):
        return None


def _named(item: ItemResult) -> Iterator[tuple[str, str]]:
    yield "output", item.output_sha256
    yield "source", item.source_sha256
    for region in item.regions:
        yield from ((f"region {region.n} {name}", digest) for name, digest in region.artifacts.items())
    yield from ((f"{s.stage} of region {s.region}" if s.region else s.stage, s.artifact) for s in item.stages)
    yield from ((f"thumbnail {name}", digest) for name, digest in item.thumbnails.items())
    yield from ((f"observation {name}", digest) for name, digest in item.observations.items())
    yield from (item.enlargement.artifacts.items() if item.enlargement else ())


def _part(item: ItemResult, digest: str) -> str:
    return next((name for name, one in _named(item) if whole_of(one)[0] == digest), "")


def _artifacts(item: ItemResult) -> set[str]:
    return {digest for name, digest in _named(item) if digest and name != "source"}


def _records(store: Store, wanted: set[str]) -> dict[str, tuple[str, ...]]:
    """Which records name which artifacts: looked up by reading those of the stages that make bytes."""
    found: dict[str, set[str]] = {}
    for stage in STAMPED:
        for key in store.backend.keys(f"{RECORDS}{stage}/"):
            name = key.removeprefix(f"{RECORDS}{stage}/").removesuffix(".json")
            record = store.read_record(stage, name) or {}
            for digest in wanted & set(_digests(record)):
                found.setdefault(digest, set()).add(
                    f"{stage}/{name}, made by {record.get('run') or 'no run'}"
                )
    return {digest: tuple(sorted(names)) for digest, names in sorted(found.items())}


def _digests(record: dict[str, Any]) -> Iterable[str]:
    return (str(ref.get("sha256", "")) for ref in record.get("artifacts", {}).values())


def _made(store: Store, run: str, item: ItemResult, what: str, records: dict[str, tuple[str, ...]]) -> Made:
    plans = (_json(store, run, name) or {} for name in store.run_names(run) if name.startswith("plans/"))
    plan: dict[str, Any] = next((held[item.plan] for held in plans if item.plan in held), {})
    code = str((_json(store, run, "result.json") or {}).get("code", ""))
    mine = _artifacts(item)
    return Made(run, item, what, plan, code, {d: names for d, names in records.items() if d in mine})
