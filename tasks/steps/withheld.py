"""The results of pictures that were made and must not be handed out: nothing of what was made is in them."""

from __future__ import annotations

from tasks.results import ItemResult, PolicyResult, RegionResult, StageResult
from tasks.steps.outcome import judge
from tasks.steps.policy import sentence
from tasks.steps.source import Source, raster_of
from tasks.steps.thumbnails import thumbnail
from tasks.workshop import Workshop


def withheld(source: Source, asked: str, why: PolicyResult, stages: tuple[StageResult, ...]) -> ItemResult:
    """Blocked: no output, no picture of it, and no record, so that it is looked at anew each time."""
    hidden = tuple(stage.model_copy(update={"artifact": ""}) for stage in stages)
    return ItemResult(
        id=source.job.id, source=source.job.source, outcome="blocked", stage="policy", reason=sentence(why), cure=why.cure,
        stages=hidden, plan=source.plan.digest, asked=asked, source_sha256=source.sha256,
        notes=source.facts.notes if source.facts else (),
    )  # fmt: skip


def unshown(
    shop: Workshop, source: Source, asked: str, regions: tuple[RegionResult, ...], stages: tuple[StageResult, ...]
) -> ItemResult:  # fmt: skip
    """The same for an edited picture: its source is shown, and its regions with what the policy says of them."""
    bare = tuple(region.model_copy(update={"artifacts": {}, "passed": False}) for region in regions)
    ending = judge(bare)
    raster = raster_of(shop, source)
    result = withheld(source, asked, PolicyResult(reason=ending.reason, cure=ending.cure), stages)
    shown = {"before": shop.store.put(*thumbnail(raster)).sha256}
    update = {"regions": bare, "thumbnails": shown, "width": raster.width, "height": raster.height}
    return result.model_copy(update=update)
