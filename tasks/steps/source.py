"""The first step: read the file, decode it safely, measure it, plan it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

import cv2
import numpy as np

from infra.store.contract import Forbidden, NotFound
from tasks.changes import changed
from tasks.contracts import Box, Facts, Raster
from tasks.detection.presets import BadPreset
from tasks.errors import BadMask, Undecodable
from tasks.intents import BY_REGION, Generate, RemoveText, companion_of
from tasks.job import JobSpec
from tasks.lossless import decode_raster, encode_raster
from tasks.memo import Produced
from tasks.plan import EditPlan
from tasks.planned import plan_of
from tasks.planner import Request, plan
from tasks.planner_upscale import UPSCALING, inventing
from tasks.steps.safety_demand import demanded
from tasks.triage.decode import decode
from tasks.triage.facts import measure
from tasks.workshop import Workshop

TRIAGE_VERSION = "1"
HELD = 16 * 2**20
"""Files longer than this are not held in memory beside their pixels, bytes."""


@dataclass(frozen=True, slots=True)
class Source:
    """A picture, read and planned."""

    job: JobSpec
    sha256: str
    """Of the file's bytes; of the prompt for `generate`."""
    data: bytes | None
    """Of the file; None where it is long, and read again by whoever needs it (`data_of`)."""
    companion: bytes | None
    """The bytes of the mask or preset that the intent names."""
    companion_sha256: str
    facts: Facts | None
    plan: EditPlan
    region_plans: Mapping[int, EditPlan] = field(default_factory=dict)
    """Of the regions that are planned otherwise than the picture, by their number."""

    def of_region(self, n: int) -> Source:
        """The same picture under the region's own plan."""
        own = self.region_plans.get(n)
        return self if own is None else replace(self, plan=own)


def read_source(shop: Workshop, job: JobSpec) -> Source:
    """Read, measure (once per content) and plan. Raises Rejected, BadRequest or NoEngine."""
    if isinstance(job.intent, Generate):
        sha = hashlib.sha256(job.intent.prompt.encode()).hexdigest()
        new = plan(job.intent, None, shop.registry, job.request, demanded(shop))
        return Source(job, sha, b"", None, "", None, new)
    data = _read(shop, job, job.image)
    sha = hashlib.sha256(data).hexdigest()
    facts = _facts(shop, job, data, sha)
    companion = _read_companion(shop, job)
    companion_sha = hashlib.sha256(companion).hexdigest() if companion is not None else ""
    thresholds = shop.guard.policy.thresholds if isinstance(job.intent, BY_REGION) else {}

    def planned(request: Request) -> EditPlan:
        guard = shop.guard.identity | demanded(shop) if _guarded(shop, job, request) else {}
        return plan_of(job.intent, facts, shop.registry, request, guard, thresholds)

    chosen = planned(job.request)
    own = {c.n: planned(changed(job.request, c, shop.registry)) for c in job.changes}
    held = data if len(data) <= HELD else None
    return Source(job, sha, held, companion, companion_sha, facts, chosen, own)


def _guarded(shop: Workshop, job: JobSpec, request: Request) -> bool:
    """Whether the policy has a say: on every edit of a region, and where an engine that invents is named."""
    return isinstance(job.intent, BY_REGION) or inventing(
        job.intent, shop.registry, request.engines.get(UPSCALING)
    )


def data_of(shop: Workshop, source: Source) -> bytes:
    """The file's bytes, those that `sha256` is of. Raises Undecodable where the file was changed since."""
    if source.data is not None:
        return source.data
    data = _read(shop, source.job, source.job.image)
    if hashlib.sha256(data).hexdigest() != source.sha256:
        raise Undecodable("the file was changed while it was worked on", cure="run the same command again")
    return data


def raster_of(shop: Workshop, source: Source) -> Raster:
    """The decoded picture (scaled down for a preview), from the process's cache when it is there."""
    limit = limit_of(source)
    if not limit:
        return full_raster(shop, source)
    facts = source.facts
    if facts is not None and facts.width * facts.height <= limit:
        return full_raster(shop, source)
    return shop.rasters.get(f"{source.sha256}:{limit}", lambda: _reduced(shop, source, limit))


def _reduced(shop: Workshop, source: Source, limit: int) -> Raster:
    """The picture scaled down, kept in the store: a large file is decoded once for all that a preview needs."""

    def compute() -> Produced:
        small = reduced(full_raster(shop, source), limit)
        return Produced({"raster": (encode_raster(small), "image/png")})

    identity = {"version": TRIAGE_VERSION, "source": source.sha256, "max_pixels": limit}
    return decode_raster(shop.memo.do("reduced", identity, compute).load("raster"))


def limit_of(source: Source) -> int:
    """Most pixels of the tier; 0 for no limit."""
    triage = source.plan.stage("triage")
    return int(dict(triage.params).get("max_pixels", 0)) if triage else 0


def full_raster(shop: Workshop, source: Source) -> Raster:
    """The decoded picture at its own size, whatever the tier."""
    return shop.rasters.get(f"{source.sha256}:0", lambda: _decode(shop, source.job, data_of(shop, source)))


def eight_bit(raster: Raster, box: Box | None = None) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The picture, or a box of it, as H×W×3 uint8 RGB without alpha, for readers and detectors."""
    x0, y0, x1, y1 = box or raster.box
    colours = raster.pixels[y0:y1, x0:x1, : raster.colours]
    levels = colours
    if colours.dtype != np.uint8:
        levels = np.empty(colours.shape, np.uint8)
        np.right_shift(colours, 8, out=levels, casting="unsafe")  # no copy at 16 bits on the way
    return np.ascontiguousarray(np.repeat(levels, 3, axis=2) if raster.colours == 1 else levels)


def _read(shop: Workshop, job: JobSpec, key: str) -> bytes:
    try:
        return shop.backend(job.root).get(key)
    except (NotFound, Forbidden) as error:
        raise Undecodable(
            f"cannot be read: {error}", cure="check the path, and that it is below the manifest's folder"
        ) from error


def _read_companion(shop: Workshop, job: JobSpec) -> bytes | None:
    path = companion_of(job.intent)
    if not path:
        return None
    try:
        return shop.backend(job.root).get(path)
    except (NotFound, Forbidden) as error:
        if isinstance(job.intent, RemoveText):
            raise BadPreset(f"the preset {path} cannot be read: {error}") from error
        raise BadMask(f"the mask {path} cannot be read: {error}") from error


def _decode(shop: Workshop, job: JobSpec, data: bytes) -> Raster:
    return decode(data, name=job.id, max_pixels=shop.spec.max_pixels, max_bytes=shop.spec.max_bytes)


def _facts(shop: Workshop, job: JobSpec, data: bytes, sha: str) -> Facts:
    def compute() -> Produced:
        raster = shop.rasters.get(f"{sha}:0", lambda: _decode(shop, job, data))
        return Produced(facts=asdict(measure(raster)))

    facts = shop.memo.do("triage", {"version": TRIAGE_VERSION, "source": sha}, compute).facts
    return Facts(**{**facts, "notes": tuple(facts["notes"])})


def reduced(raster: Raster, limit: int) -> Raster:
    """Scaled down by area to at most `limit` pixels; unchanged when 0 or small enough."""
    if not limit or raster.height * raster.width <= limit:
        return raster
    share = (limit / (raster.height * raster.width)) ** 0.5
    size = (max(int(raster.width * share), 1), max(int(raster.height * share), 1))
    small = np.atleast_3d(cv2.resize(raster.pixels, size, interpolation=cv2.INTER_AREA))
    pixels = small.astype(np.uint8) if raster.pixels.dtype == np.uint8 else small.astype(np.uint16)
    return Raster(pixels, replace(raster.meta, notes=(*raster.meta.notes, f"preview at {size[0]}x{size[1]}")))
