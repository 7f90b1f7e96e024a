"""The last step: encode the picture as the catalogue wants it, and put it where it goes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import cast

from infra.store.contract import ArtifactRef, Backend, NotFound
from tasks.contracts import Raster
from tasks.export.encode import encode
from tasks.export.options import ExportFormat, ExportOptions, Subsampling
from tasks.export.xmp import SourceType
from tasks.job import JobSpec
from tasks.memo import Done, Produced
from tasks.patched import Patched
from tasks.plan import StagePlan
from tasks.steps.engines import identity
from tasks.steps.source import Source, data_of
from tasks.steps.thumbnails import thumbnail
from tasks.workshop import Workshop

REVIEW_FOLDER = "needs-review"
FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp", ".tif": "tiff", ".tiff": "tiff"}


@dataclass(frozen=True, slots=True)
class Delivered:
    """The finished file in the store, with its name."""

    done: Done
    suffix: str
    media_type: str
    width: int
    height: int


def export(
    shop: Workshop,
    source: Source,
    after: Raster | Patched,
    before: Raster | None,
    made_by: SourceType,
    *inputs: str,
) -> Delivered:
    """Encode `after` once per content. inputs: digests of what it was made from."""
    stage = source.plan.stage("export")
    assert stage is not None

    def compute() -> Produced:
        exported = encode(after, _options(stage, source.job.suffix, made_by))
        artifacts = {"output": (exported.data, exported.media_type), "after": thumbnail(after)}
        if before is not None:
            artifacts["before"] = thumbnail(before)
        facts = {
            "suffix": exported.suffix, "media_type": exported.media_type, "width": exported.width,
            "height": exported.height,
        }  # fmt: skip
        return Produced(artifacts, facts)

    size = [after.width, after.height]
    key = identity(
        stage,
        None,
        source=source.sha256,
        suffix=source.job.suffix,
        made_by=made_by.name,
        inputs=list(inputs),
        size=size,
    )
    done = shop.memo.do("export", key, compute)
    facts = done.facts
    return Delivered(done, facts["suffix"], facts["media_type"], facts["width"], facts["height"])


def keep(shop: Workshop, source: Source, before: Raster) -> Delivered:
    """The source's own bytes as the output of a picture in which nothing was to be done."""
    stage = source.plan.stage("export")
    assert stage is not None
    facts = source.facts
    scaled = facts is None or (facts.width, facts.height) != (before.width, before.height)
    came_as = before.meta.format.lower()
    wanted = FORMATS.get(source.job.suffix, dict(stage.params)["format"])
    if scaled or wanted not in ("keep", came_as) or before.meta.format not in MEDIA:
        return export(shop, source, before, before, SourceType.NONE, "unchanged")
    media, suffix = MEDIA[before.meta.format]

    def compute() -> Produced:
        facts = {"suffix": suffix, "media_type": media, "width": before.width, "height": before.height}
        shown = thumbnail(before)
        return Produced({"output": (data_of(shop, source), media), "after": shown, "before": shown}, facts)

    done = shop.memo.do("export", identity(stage, None, source=source.sha256, kept=True), compute)
    return Delivered(done, suffix, media, before.width, before.height)


MEDIA = {
    "PNG": ("image/png", ".png"), "JPEG": ("image/jpeg", ".jpg"), "TIFF": ("image/tiff", ".tif"),
    "WEBP": ("image/webp", ".webp"),
}  # fmt: skip


def place_ref(
    shop: Workshop, job: JobSpec, ref: ArtifactRef, suffix: str, *, review: bool, data: bytes | None = None
) -> str:
    """Write the output where it goes, unless the same bytes are there already; where it is, for people.

    data: the bytes, where they are at hand. Raises NotFound or Damaged when they are not and the store no longer has them."""
    if not job.out:
        return shop.store.url(ref)
    backend = shop.backend(job.out)
    # A preview never takes a final's place, unless a person gave the file its name.
    tier = "-preview" if job.tier == "preview" and not job.suffix else ""
    key = f"{job.name or job.id}{tier}{job.suffix or suffix}"
    key = f"{REVIEW_FOLDER}/{key}" if review else key
    if not _holds(backend, key, ref):
        shop.store.put_beside(backend, key, shop.store.get(ref) if data is None else data, ref.media_type)
    return backend.url(key)


def _holds(backend: Backend, key: str, ref: ArtifactRef) -> bool:
    try:
        return hashlib.sha256(backend.get(key)).hexdigest() == ref.sha256
    except NotFound:
        return False


def _options(stage: StagePlan, suffix: str, made_by: SourceType) -> ExportOptions:
    params = dict(stage.params)
    return ExportOptions(
        format=cast(ExportFormat, FORMATS.get(suffix, params["format"])), quality=int(params["quality"]) or None,
        subsampling=cast(Subsampling, params["subsampling"]), source_type=made_by,
    )  # fmt: skip
