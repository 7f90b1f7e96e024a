"""The step over a whole run: overlays that its pictures share, learnt once from all of them, the same for any order."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra.store.canonical import canonical_json
from infra.store.contract import Damaged, NotFound
from tasks.contracts import JsonObject, Raster
from tasks.detection.presets import MEDIA_TYPE, pack_overlays, unpack_overlays
from tasks.detection.repeated import FEWEST, Applied, Picture, RepeatedOverlay, shared_overlays
from tasks.detection.repeated_places import Levels, Size
from tasks.detection.repeated_votes import MOST_VOTERS
from tasks.errors import ArtifactDamaged, PentimentoError, Transient
from tasks.generation.unmix_background import noise_of_tables
from tasks.intents import RemoveText
from tasks.job import JobSpec
from tasks.memo import Produced
from tasks.run_files import JSON, read_jobs
from tasks.steps.source import eight_bit, full_raster, read_source
from tasks.workshop import Workshop

VERSION = "1"
DOCUMENT = "overlays.json"
SAMPLED = 6 * MOST_VOTERS
"""Pictures of a group, the first by sorted digest, that are looked at: a bound whatever the catalogue's size."""


@dataclass(frozen=True, slots=True)
class Overlays:
    """What a run's pictures share. Empty for a run without such overlays."""

    digest: str
    """sha256 of the packed overlays: part of every key that they change."""
    by_group: Mapping[str, tuple[RepeatedOverlay, ...]]
    members: Mapping[str, tuple[str, ...]]
    """Groups by the sha256 of each picture that takes part."""

    def of_picture(self, sha256: str) -> tuple[RepeatedOverlay, ...]:
        """The overlays that a picture may carry; none where it takes no part."""
        return tuple(o for group in self.members.get(sha256, ()) for o in self.by_group.get(group, ()))


NOTHING = Overlays("", {}, {})


def overlays_on(overlays: Sequence[RepeatedOverlay], raster: Raster) -> tuple[Applied, ...]:
    """Each overlay that the picture carries, taken off; the others are left out."""
    pixels = raster.crop(raster.box) if overlays else None
    noise = noise_of_tables(raster.meta.jpeg_tables)
    found = [overlay.on(pixels, noise) for overlay in overlays] if pixels is not None else []
    return tuple(one for one in found if one is not None)


def takes_part(job: JobSpec) -> bool:
    """Whether a job's pictures are learnt from and cleaned: those that remove text and declare the right to."""
    return isinstance(job.intent, RemoveText) and job.intent.rights in ("own", "licensed")


def find_overlays(shop: Workshop, run_id: str, shards: Sequence[int]) -> str:
    """Learn what the run's pictures share and keep it; the digest of the result, the same for any order or shard size.

    shards: their numbers, whose jobs are in the store. Each supplier's pictures are looked at apart. Only jobs that
    `takes_part` says take part; a picture that cannot be used takes none. Raises Transient."""
    members = _members(shop, run_id, shards)
    refs: dict[str, str] = {}
    for group, pictures in sorted(members.items()):
        if len(pictures) >= FEWEST:
            refs[group] = _learnt(shop, pictures)
    digest = hashlib.sha256(canonical_json({"version": VERSION, "groups": refs})).hexdigest()
    by_picture = sorted((sha, group) for group, pictures in members.items() for sha in pictures)
    said: JsonObject = {"digest": digest, "groups": refs, "members": [list(pair) for pair in by_picture]}
    shop.store.write_run(run_id, DOCUMENT, canonical_json(said), JSON)
    return digest


def overlays_of(shop: Workshop, run_id: str) -> Overlays:
    """What `find_overlays` kept for a run, loaded once in each process; NOTHING where it did not run.

    Raises ArtifactDamaged's kin from the store when the overlays are gone: run `find_overlays` again."""
    key = (shop.spec.store, run_id)
    with _lock:
        if key not in _loaded:
            found = _load(shop, run_id)
            if found is None:
                return NOTHING
            _loaded[key] = found
            while len(_loaded) > 4:
                _loaded.pop(next(iter(_loaded)))
        return _loaded[key]


_lock = threading.Lock()
_loaded: dict[tuple[str, str], Overlays] = {}


def _load(shop: Workshop, run_id: str) -> Overlays | None:
    try:
        said = json.loads(shop.store.read_run(run_id, DOCUMENT))
    except NotFound:
        return None
    try:
        by_group = {
            g: unpack_overlays(shop.store.get(ref), "the run's overlays") for g, ref in said["groups"].items()
        }
    except (NotFound, Damaged) as fault:
        raise ArtifactDamaged(f"the overlays of {run_id} cannot be read: {fault}") from fault
    members: dict[str, list[str]] = {}
    for sha, group in said["members"]:
        members.setdefault(sha, []).append(group)
    return Overlays(said["digest"], by_group, {sha: tuple(names) for sha, names in members.items()})


def _members(
    shop: Workshop, run_id: str, shards: Sequence[int]
) -> dict[str, dict[str, tuple[JobSpec, Size]]]:
    """By group and sha256: the picture's job with the lowest id, and its size."""
    found: dict[str, dict[str, tuple[JobSpec, Size]]] = {}
    for job in _jobs(shop, run_id, shards):
        try:
            source = read_source(shop, job)
        except Transient:
            raise
        except PentimentoError:
            continue
        if source.facts is not None:
            pictures = found.setdefault(job.supplier, {})
            if source.sha256 not in pictures or job.id < pictures[source.sha256][0].id:
                pictures[source.sha256] = (job, (source.facts.height, source.facts.width))
    return found


def _jobs(shop: Workshop, run_id: str, shards: Sequence[int]) -> Iterator[JobSpec]:
    for shard in sorted(shards):
        yield from (job for job in read_jobs(shop, run_id, shard) if takes_part(job))


def _learnt(shop: Workshop, pictures: Mapping[str, tuple[JobSpec, Size]]) -> str:
    """The artifact of a group's overlays; looked up where the same pictures were there before."""
    sample = sorted(pictures)[:SAMPLED]

    def compute() -> Produced:
        found = shared_overlays(
            [Picture(sha, pictures[sha][1], _reader(shop, pictures[sha][0])) for sha in sample]
        )
        return Produced({"overlays": (pack_overlays(found), MEDIA_TYPE)}, {"found": len(found)})

    identity: JsonObject = {"version": VERSION, "pictures": sample}
    done = shop.memo.do("overlays", identity, compute)
    done.load("overlays")
    return done.ref("overlays").sha256


def _reader(shop: Workshop, job: JobSpec) -> Callable[[], Levels]:
    """Decodes the picture when asked; holds neither its file nor its pixels."""
    return lambda: eight_bit(full_raster(shop, read_source(shop, job)))
