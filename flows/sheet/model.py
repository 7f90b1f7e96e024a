"""What a review sheet shows: frozen values, gathered by a flow and drawn by `flows.sheet.render`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SheetPicture:
    """An encoded picture, small enough to be inlined."""

    label: str
    """What it shows, in a word or two: `before`, `mask`."""
    data: bytes
    media_type: str
    """`image/png`, `image/webp` or `image/jpeg`; `render` refuses any other."""
    caption: str = ""


@dataclass(frozen=True)
class SheetRegion:
    """One edited area, and how it came to be."""

    n: int
    kind: str
    text: str
    box: tuple[int, int, int, int]
    """x0, y0, x1, y1 in the pixels of the item, half open."""
    engine: str
    fallback_from: str
    """The engine this one stood in for; empty if none."""
    scores: Mapping[str, float]
    reasons: tuple[str, ...]
    """Which thresholds failed, in words; a score named in one is marked as failing."""
    seconds: Mapping[str, float]
    """By stage."""
    intermediates: tuple[SheetPicture, ...]
    """In order: region, mask, recovered, lanczos, fill, blend, final; on the sheet of a rerun, `before the rerun` after them."""
    notes: tuple[str, ...] = ()
    """What else is known of it: the policy's word, how its mask was found, how much was recovered."""


@dataclass(frozen=True)
class SheetEnlargement:
    """How a picture was enlarged."""

    sentence: str
    maps: tuple[SheetPicture, ...]
    """Which engine made each cell, and how sure the baseline was of it."""
    legend: tuple[tuple[str, str], ...]
    """Colour (`#rrggbb`) and what it stands for on the first map."""
    pairs: tuple[tuple[int, str, SheetPicture, SheetPicture], ...]
    """Of the hardest clusters: region number, engine, the source enlarged by Lanczos, and the result."""


@dataclass(frozen=True)
class SheetCurve:
    """How far the predicted picture was from the last one, step by step."""

    name: str
    """`distance`, `low` or `high`."""
    words: str
    values: tuple[float, ...]
    """A value a step; NaN where there was none."""
    settled: int | None = None
    """The first step, from 0, from which it stays near its end."""


@dataclass(frozen=True)
class SheetObservation:
    """How a picture or a region was sampled."""

    title: str
    prompt: str
    facts: tuple[tuple[str, str], ...]
    """Seed, scheduler, steps, weights, …: names and values."""
    words: tuple[tuple[str, str, SheetPicture], ...]
    """A word, how much attention it got at most, and where it lit."""
    strip: tuple[SheetPicture, ...]
    """The picture that was expected at each kept step, labelled with the step."""
    curves: tuple[SheetCurve, ...]
    steps: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SheetOutlier:
    """A picture or region that looks least like the rest of its run."""

    item: str
    what: str
    """In words: what about it stands out, and against what."""
    distance: float
    typical: float
    """The run's median of the same distance."""


@dataclass(frozen=True)
class SheetItem:
    """One picture of the run."""

    id: str
    source: str
    output: str
    outcome: str
    reason: str
    """Shown in full; what follows `Cure:` is set apart."""
    width: int
    height: int
    before: SheetPicture | None
    after: SheetPicture | None
    other_tier: SheetPicture | None
    """The result at the tier the sheet is not about."""
    regions: tuple[SheetRegion, ...]
    stages: tuple[tuple[str, str, float, bool], ...]
    """(stage, engine, seconds, cached), in the order they ran."""
    metrics: Mapping[str, float]
    """Measures of the whole item, such as PSNR inside the mask."""
    notes: tuple[str, ...] = ()
    """What the policy lets pass with a mark, and text that was left alone."""
    links: tuple[tuple[str, str], ...] = ()
    """Words and the address of another sheet: of a rerun, or of the run that this is a rerun of."""
    enlargement: SheetEnlargement | None = None
    observations: tuple[SheetObservation, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A run."""

    title: str
    run_id: str
    subtitle: str
    tier: str
    """`preview` or `final`."""
    counts: Mapping[str, int]
    """Pictures by outcome, of the whole run: more than `items` where the sheet holds a sample."""
    seconds: float
    items: tuple[SheetItem, ...]
    facts: Mapping[str, str]
    savings: tuple[tuple[str, ...], ...] = ()
    """A table of what the cheap engines saved: its head and its rows; empty for none."""
    savings_notes: tuple[str, ...] = ()
    """What the table says in words, and what it does not say."""
    cells: tuple[tuple[str, ...], ...] = ()
    """A table of who made the cells of enlarged pictures: its head and its rows; empty for none."""
    cells_note: str = ""
    outliers: tuple[SheetOutlier, ...] = ()
    """What looks least like the rest, the furthest first."""
    outliers_note: str = ""
    """By which embedding, of how many pictures."""
