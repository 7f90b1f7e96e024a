"""Which pictures and regions of a run look least like the rest, in words for the sheet and in figures for tracking."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from flows.embedding import Embedded
from flows.sheet.model import SheetOutlier
from tasks.verification.embedding_distance import Figures, Outlier, outliers

ROWS = 12
"""Most rows of the sheet's table."""


def standing_out(found: Embedded) -> tuple[SheetOutlier, ...]:
    """The furthest first; at most ROWS."""
    pictures = outliers(found.changed, found.after)
    regions = outliers(found.regions_changed)
    told = [(one.z, _of_picture(found, one)) for one in pictures]
    told += [(one.z, _of_region(found, one)) for one in regions]
    return tuple(row for _, row in sorted(told, key=lambda pair: -pair[0])[:ROWS])


def embedding_note(found: Embedded) -> str:
    """By which embedding, of how many, and what the figures are."""
    regions = f" and {len(found.regions)} regions" if found.regions else ""
    return (
        f"Cosine distances by {found.by} over {len(found.ids)} pictures{regions}; a row stands out from 3.5 robust "
        "deviations above the median (median absolute deviation)."
    )


def embedding_metrics(found: Embedded) -> dict[str, float]:
    """`embedding.distance.…` over pictures, `embedding.region_distance.…` over regions (mean, p95), `embedding.outliers`."""
    metrics = _figures("embedding.distance", found.changed)
    metrics |= _figures("embedding.region_distance", found.regions_changed)
    if found.ids:
        rows = {one.row for one in outliers(found.changed, found.after)}
        metrics["embedding.outliers"] = float(len(rows))
    return metrics


def item_distances(found: Embedded) -> dict[str, float]:
    """Distance before/after by picture, of those that have both."""
    return {i: float(d) for i, d in zip(found.ids, found.changed, strict=True) if np.isfinite(d)}


def region_distances(found: Embedded) -> dict[tuple[str, int], float]:
    """The same by picture and region."""
    pairs: Iterable[tuple[tuple[str, int], float]] = zip(found.regions, found.regions_changed, strict=True)
    return {region: float(d) for region, d in pairs if np.isfinite(d)}


def _figures(name: str, values: Figures) -> dict[str, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return {}
    return {f"{name}.mean": float(known.mean()), f"{name}.p95": float(np.percentile(known, 95))}


def _of_picture(found: Embedded, one: Outlier) -> SheetOutlier:
    if one.which == "changed":
        what = "it was changed more than the others: before and after are further apart"
    else:
        what = f"nothing else in the run looks like it; nearest is {found.ids[one.nearest]}"
    return SheetOutlier(found.ids[one.row], f"{what} ({one.z:.1f} deviations)", one.distance, one.typical)


def _of_region(found: Embedded, one: Outlier) -> SheetOutlier:
    item, n = found.regions[one.row]
    what = f"region {n} was changed more than other regions: before and after are further apart"
    return SheetOutlier(item, f"{what} ({one.z:.1f} deviations)", one.distance, one.typical)
