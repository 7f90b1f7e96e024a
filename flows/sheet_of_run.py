"""Gather what a run's review sheet shows from its results and the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from heapq import nsmallest

from flows.embedding import Embedded, embedded
from flows.region_notes import item_notes, region_notes
from flows.rerun_notes import before_of, links_of, rerun_notes
from flows.savings import cell_table_of, table_of
from flows.sheet.model import Sheet, SheetItem, SheetPicture, SheetRegion
from flows.sheet.pictures import thumbnail
from flows.sheet.text import number
from flows.sheet_enlargement import enlargement_of, fidelity_of
from flows.sheet_observed import observed_on_sheet
from flows.sheet_stored import stored_bytes, stored_levels
from flows.standing_out import embedding_note, item_distances, region_distances, standing_out
from tasks.contracts import OUTCOMES
from tasks.memo import record_key
from tasks.results import ItemResult, RegionResult, RunResult
from tasks.steps.thumbnails import media_type
from tasks.workshop import Workshop

ITEMS = 300
"""Most pictures of one sheet; those that need a look come first."""
REGION_ITEMS = 60
"""Most items whose regions' intermediates are shown: some 20 MB."""
DRAWN_AT_ONCE = 2
"""Items: reading from a store elsewhere and encoding pictures both leave Python free."""
REGION_SIDE = 480
INTERMEDIATES = ("region", "mask", "recovered", "lanczos", "fill", "blend", "final")


def sheet_of_run(shop: Workshop, title: str, result: RunResult) -> Sheet:
    """The sheet; also notes what this tier looks like, for the toggle on the other tier's sheet.

    On the sheet of a rerun, before is what it was a rerun of."""
    urgent = _urgent(result.items)
    if not result.rerun:
        _note_tier(shop, [item for _, item in urgent], result.tier)
    detailed = {place for place, _ in urgent[:REGION_ITEMS]}
    with ThreadPoolExecutor(DRAWN_AT_ONCE) as pool:
        items = tuple(
            pool.map(
                lambda one: _item(shop, one[1], result.tier, one[0] in detailed),
                sorted(urgent, key=lambda one: one[0]),
            )
        )
    links = links_of(shop.store, result)
    items = tuple(replace(item, links=links.get(item.id, ())) for item in items)
    before = before_of(shop.store, result)
    if before:
        items = tuple(_beside(shop, drawn, result, before) for drawn in items)
    shown = "" if len(items) == len(result.items) else f"{len(items)} of {len(result.items)} pictures"
    seen = embedded(shop, [item for _, item in urgent if item.thumbnails])
    items = _with_distances(items, seen)
    facts = {"store": shop.spec.store, "cards": shop.registry.digest[:12]}
    if result.counts.get("needs-review"):
        facts["to decide"] = f"pentimento review {result.run_id}"
    return Sheet(
        title=title or result.run_id, run_id=result.run_id, subtitle=shown, tier=result.tier, counts=result.counts,
        seconds=result.seconds, items=items, facts=facts,
        savings=table_of(result.savings) if result.savings else (),
        cells=cell_table_of(result.cell_savings) if result.cell_savings else (),
        cells_note=result.cell_savings.sentence() if result.cell_savings else "",
        savings_notes=(result.savings.sentence(), f"Quality: {result.savings.quality}") if result.savings else (),
        outliers=standing_out(seen), outliers_note=embedding_note(seen),
    )  # fmt: skip


def _urgent(items: Iterable[ItemResult]) -> list[tuple[int, ItemResult]]:
    """The items of the sheet with their places in the run, those that need a look first; never more than these in memory."""
    return nsmallest(ITEMS, enumerate(items), key=lambda one: (-OUTCOMES.index(one[1].outcome), one[0]))


def _note_tier(shop: Workshop, items: Iterable[ItemResult], tier: str) -> None:
    with shop.store.together():
        for item in items:
            if "after" in item.thumbnails:
                shop.store.write_record("shown", _tier_key(item, tier), {"after": item.thumbnails["after"]})


def _tier_key(item: ItemResult, tier: str) -> str:
    return record_key("shown", {"asked": item.asked, "tier": tier})


def _item(shop: Workshop, item: ItemResult, tier: str, detailed: bool) -> SheetItem:
    other = "preview" if tier == "final" else "final"
    known = shop.store.read_record("shown", _tier_key(item, other)) if item.asked else None
    seconds = _region_seconds(item)
    reason = f"{item.reason}. Cure: {item.cure}" if item.cure else item.reason
    return SheetItem(
        id=item.id, source=item.source, output=item.output, outcome=item.outcome, reason=reason, width=item.width,
        height=item.height, before=_thumb(shop, item.thumbnails.get("before", ""), "before"),
        after=_thumb(shop, item.thumbnails.get("after", ""), tier),
        other_tier=_thumb(shop, known["after"], other) if known else None,
        regions=tuple(_region(shop, region, seconds.get(region.n, {}), detailed) for region in item.regions),
        stages=tuple((s.stage, s.engine, s.seconds, s.cached) for s in item.stages), metrics=fidelity_of(item),
        notes=tuple(item_notes(item)), enlargement=enlargement_of(shop, item, detailed),
        observations=observed_on_sheet(shop, item) if detailed else (),
    )  # fmt: skip


def _with_distances(items: Sequence[SheetItem], seen: Embedded) -> tuple[SheetItem, ...]:
    """How far before and after are apart, of a picture among its measures, of a region among what is known of it."""
    wholes, of_regions = item_distances(seen), region_distances(seen)
    return tuple(
        replace(
            item, metrics={**item.metrics, **({"embedding_distance": wholes[item.id]} if item.id in wholes else {})},
            regions=tuple(_with_distance(region, of_regions.get((item.id, region.n))) for region in item.regions),
        )
        for item in items
    )  # fmt: skip


def _with_distance(region: SheetRegion, distance: float | None) -> SheetRegion:
    if distance is None:
        return region
    return replace(region, notes=(*region.notes, f"embedding distance before/after: {number(distance)}"))


def _beside(shop: Workshop, drawn: SheetItem, result: RunResult, before: ItemResult) -> SheetItem:
    """A rerun's picture beside what it was before: the whole, and every region's pixels."""
    assert result.rerun
    item = next(one for one in result.items if one.id == drawn.id)
    shown = _thumb(shop, before.thumbnails.get("after", ""), "before")
    old = {region.n: region.artifacts.get("final", "") for region in before.regions}
    return replace(
        drawn, before=shown and replace(shown, caption=f"as {result.rerun.parent} made it"), other_tier=None,
        notes=(*rerun_notes(result.rerun, before, item), *drawn.notes),
        regions=tuple(
            replace(r, intermediates=(*r.intermediates, *_picture(shop, old.get(r.n, ""), "before the rerun")))
            for r in drawn.regions
        ),
    )  # fmt: skip


def _region(
    shop: Workshop, region: RegionResult, seconds: Mapping[str, float], detailed: bool
) -> SheetRegion:
    pictures = _intermediates(shop, region) if detailed else ()
    return SheetRegion(
        n=region.n, kind=region.kind, text=region.text, box=region.box, engine=region.engine,
        fallback_from=region.fallback_from or "", scores=region.scores, reasons=region.reasons, seconds=seconds,
        intermediates=tuple(pictures), notes=tuple(region_notes(region)),
    )  # fmt: skip


def _intermediates(shop: Workshop, region: RegionResult) -> Iterable[SheetPicture]:
    for name in INTERMEDIATES:
        yield from _picture(shop, region.artifacts.get(name, ""), name)


def _picture(shop: Workshop, sha256: str, name: str) -> Iterable[SheetPicture]:
    levels = stored_levels(shop, sha256)
    if levels is not None:
        yield thumbnail(levels, REGION_SIDE, name)


def _thumb(shop: Workshop, sha256: str, label: str) -> SheetPicture | None:
    data = stored_bytes(shop, sha256)
    return SheetPicture(label, data, media_type(data)) if data is not None else None


def _region_seconds(item: ItemResult) -> dict[int, dict[str, float]]:
    """Seconds by region and stage, attempts added up."""
    found: dict[int, dict[str, float]] = {}
    for stage in item.stages:
        if stage.region:
            mine = found.setdefault(stage.region, {})
            mine[stage.stage] = mine.get(stage.stage, 0.0) + stage.seconds
    return found
