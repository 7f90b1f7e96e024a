"""A sheet made ready for the template: pictures banked, orders ranked, failing scores found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flows.sheet.model import Sheet, SheetEnlargement, SheetItem, SheetOutlier, SheetPicture, SheetRegion
from flows.sheet.observed import ObservationView, observation_view
from flows.sheet.pictures import Banked, PictureBank
from flows.sheet.scores import UNJUDGED, badness, failing, item_scores, worst_first
from flows.sheet.text import shown, words
from tasks.contracts import OUTCOMES

FRAME_WIDTH, FRAME_HEIGHT = 640, 520
"""The most a before/after picture takes on the page, in CSS pixels."""
MOST_ENLARGED = 4
COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Bar:
    """One line of a timing chart."""

    name: str
    engine: str
    seconds: float
    cached: bool
    share: float
    """Length of the bar, 0–100, against the longest."""


@dataclass(frozen=True)
class RegionView:
    """A region with its failing scores, timings and banked steps."""

    region: SheetRegion
    failing: frozenset[str]
    bars: tuple[Bar, ...]
    pictures: tuple[Banked, ...]
    seconds: float


@dataclass(frozen=True)
class EnlargementView:
    """An enlargement with its banked pictures."""

    sentence: str
    maps: tuple[Banked, ...]
    legend: tuple[tuple[str, str], ...]
    pairs: tuple[tuple[int, str, Banked, Banked], ...]


@dataclass(frozen=True)
class ItemView:
    """An item with all that its card says."""

    item: SheetItem
    known_outcome: str
    """The outcome where it is one of ours, else `other`: safe as a class name."""
    search: str
    ranks: tuple[int, ...]
    """The item's place under each of the sheet's orders."""
    seconds: float
    fails: int
    before: Banked | None
    after: Banked | None
    other_tier: Banked | None
    frame: tuple[int, int]
    """Width and height of the before/after picture on the page, in CSS pixels; (0, 0) without a picture."""
    bars: tuple[Bar, ...]
    score_names: tuple[str, ...]
    regions: tuple[RegionView, ...]
    enlargement: EnlargementView | None
    observations: tuple[ObservationView, ...]


@dataclass(frozen=True)
class Chip:
    """A filter by outcome, and how many pictures of the run have it."""

    outcome: str
    known_outcome: str
    count: int


@dataclass(frozen=True)
class SheetView:
    """A sheet with all that its page says."""

    sheet: Sheet
    chips: tuple[Chip, ...]
    orders: tuple[str, ...]
    items: tuple[ItemView, ...]
    total: int
    """Pictures in the run, of which `items` may be a sample."""
    other_tier: str
    outliers: tuple[tuple[SheetOutlier, int | None], ...]
    """With the place of its card, where it has one."""
    pictures: Sequence[tuple[str, str]]


def view(sheet: Sheet) -> SheetView:
    """Everything the template needs, in the order it needs it. Raises ValueError for a picture that cannot be shown."""
    bank = PictureBank()
    orders = _orders(sheet.items)
    ranks = list(zip(*orders.values(), strict=True))
    items = tuple(_item(item, ranks[i], bank) for i, item in enumerate(sheet.items))
    counts = _counts(sheet)
    chips = tuple(Chip(outcome, _known(outcome), n) for outcome, n in counts.items())
    other = {"preview": "final", "final": "preview"}.get(sheet.tier, "other tier")
    return SheetView(
        sheet, chips, tuple(orders), items, sum(counts.values()), other, _outliers(sheet), bank.data_uris()
    )


def _outliers(sheet: Sheet) -> tuple[tuple[SheetOutlier, int | None], ...]:
    places = {item.id: n for n, item in enumerate(sheet.items)}
    return tuple((one, places.get(one.item)) for one in sheet.outliers)


def _counts(sheet: Sheet) -> dict[str, int]:
    """In the order of `OUTCOMES`, then any other by name; an item's outcome is never left uncounted."""
    present: dict[str, int] = {}
    for item in sheet.items:
        present[item.outcome] = present.get(item.outcome, 0) + 1
    names = sorted({*sheet.counts, *present}, key=lambda o: (_place(o), o))
    counts = {name: max(sheet.counts.get(name, 0), present.get(name, 0)) for name in names}
    return {name: n for name, n in counts.items() if n}


def _place(outcome: str) -> int:
    return next((i for i, known in enumerate(OUTCOMES) if known == outcome), len(OUTCOMES))


def _known(outcome: str) -> str:
    return outcome if _place(outcome) < len(OUTCOMES) else "other"


def _orders(items: Sequence[SheetItem]) -> dict[str, list[int]]:
    """For each order of the sheet, the place of each item under it."""
    tables = [item_scores(item) for item in items]
    orders = {
        "in the run's order": list(range(len(items))),
        "worst first": _places([-figure for figure in worst_first(items)]),
        "slowest first": _places([-_seconds(item) for item in items]),
    }
    for name in dict.fromkeys(name for table in tables for name in table):
        lacking = float("inf")
        keys = [-badness(name, table[name]) if name in table else lacking for table in tables]
        orders[f"{'largest' if name in UNJUDGED else 'worst'} {words(name)}"] = _places(keys)
    return orders


def _places(keys: Sequence[float]) -> list[int]:
    places = [0] * len(keys)
    for place, index in enumerate(sorted(range(len(keys)), key=lambda i: (keys[i], i))):
        places[index] = place
    return places


def _seconds(item: SheetItem) -> float:
    return sum(seconds for _, _, seconds, _ in item.stages)


def _item(item: SheetItem, ranks: tuple[int, ...], bank: PictureBank) -> ItemView:
    before, after, other = (_banked(p, bank) for p in (item.before, item.after, item.other_tier))
    regions = tuple(_region(region, bank) for region in item.regions)
    return ItemView(
        item=item,
        known_outcome=_known(item.outcome),
        search=_search(item),
        ranks=ranks,
        seconds=_seconds(item),
        fails=sum(len(region.failing) for region in regions),
        before=before,
        after=after,
        other_tier=other if after else None,
        frame=_frame([p for p in (before, after) if p]),
        bars=_bars(item.stages),
        score_names=tuple(dict.fromkeys(name for region in item.regions for name in region.scores)),
        regions=regions,
        enlargement=_enlargement(item.enlargement, bank) if item.enlargement else None,
        observations=tuple(observation_view(one, bank) for one in item.observations),
    )


def _enlargement(one: SheetEnlargement, bank: PictureBank) -> EnlargementView:
    """Raises ValueError for a legend's colour that is none: it is written into the page as it is."""
    for colour, _ in one.legend:
        if not COLOUR.fullmatch(colour):
            raise ValueError(f"{colour!r} is no colour")
    pairs = tuple((n, engine, bank.add(before), bank.add(after)) for n, engine, before, after in one.pairs)
    return EnlargementView(one.sentence, tuple(bank.add(p) for p in one.maps), one.legend, pairs)


def _banked(picture: SheetPicture | None, bank: PictureBank) -> Banked | None:
    return bank.add(picture) if picture else None


def _search(item: SheetItem) -> str:
    of_regions = (part for r in item.regions for part in (r.kind, r.text, r.engine, r.fallback_from))
    of_stages = (engine for _, engine, _, _ in item.stages)
    own = (item.id, item.source, item.output, item.outcome, item.reason)
    return " ".join(shown(part) for part in dict.fromkeys((*own, *of_regions, *of_stages)) if part).lower()


def _frame(pictures: Sequence[Banked]) -> tuple[int, int]:
    """The largest of the pictures, enlarged by a whole factor while it fits, else reduced to fit."""
    if not pictures:
        return (0, 0)
    largest = max(pictures, key=lambda p: p.width * p.height)
    fit = min(FRAME_WIDTH / largest.width, FRAME_HEIGHT / largest.height)
    scale = min(MOST_ENLARGED, int(fit)) if fit >= 1 else fit
    return max(1, round(largest.width * scale)), max(1, round(largest.height * scale))


def _bars(stages: Sequence[tuple[str, str, float, bool]]) -> tuple[Bar, ...]:
    longest = max((seconds for _, _, seconds, _ in stages), default=0.0)
    return tuple(
        Bar(stage, engine, seconds, cached, round(100 * seconds / longest, 1) if longest > 0 else 0.0)
        for stage, engine, seconds, cached in stages
    )


def _region(region: SheetRegion, bank: PictureBank) -> RegionView:
    return RegionView(
        region=region,
        failing=failing(region.scores, region.reasons),
        bars=_bars(_region_stages(region.seconds)),
        pictures=tuple(bank.add(picture) for picture in region.intermediates),
        seconds=sum(region.seconds.values()),
    )


def _region_stages(seconds: Mapping[str, float]) -> list[tuple[str, str, float, bool]]:
    return [(stage, "", spent, False) for stage, spent in seconds.items()]
