"""What a run knows of a picture and its regions besides figures, in sentences for the sheet."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.results import ItemResult, RegionResult

KEPT = 6
"""Lines of kept text that are named."""
FOUND = {
    "strokes": "the mask follows the letters", "plate": "the mask is the plate under the letters",
    "polygon": "the mask is the whole line", "repeated": "an overlay that several pictures share",
}  # fmt: skip


def item_notes(item: ItemResult) -> Iterator[str]:
    """What the picture's own notes say, the policy's flags, and text that was found and left alone."""
    yield from item.notes
    yield from (f"flagged: {flag}" for flag in item.flags)
    for line in item.kept[:KEPT]:
        yield (
            f"left alone: “{line.text}” ({line.why})"
            if line.text
            else f"left alone: unread text ({line.why})"
        )
    if len(item.kept) > KEPT:
        yield f"and {len(item.kept) - KEPT} more lines left alone"


def region_notes(region: RegionResult) -> Iterator[str]:
    """How its mask was found, what was recovered, and what the policy says."""
    if region.found:
        yield FOUND[region.found] + (f": {region.note}" if region.note else "")
    elif region.note:
        yield region.note
    if region.recovered:
        yield f"{region.recovered:.0%} of the hole was recovered, not filled"
    yield from region.remarks
    policy = region.policy
    if policy.category:
        seen = f" ({policy.evidence})" if policy.evidence else ""
        yield f"policy: {policy.verdict}, {policy.category}: {policy.reason}{seen}"
