"""The observations of a run's pictures, read back from the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flows.sheet_stored import stored_bytes
from model_registry.engines.observing import Observation, from_npz
from tasks.results import ItemResult
from tasks.workshop import Workshop

WHOLE = "picture"


def key_of(item: str, name: str) -> str:
    """`ID` for a picture made whole, `ID#region-N` for a region."""
    return item if name == WHOLE else f"{item}#{name}"


def observations_of(shop: Workshop, item: ItemResult) -> dict[str, tuple[Observation, ...]]:
    """By name, `picture` or `region-N`, in order; what the store has lost, or cannot be read any more, is left out."""
    found = {}
    for name, sha256 in item.observations.items():
        data = stored_bytes(shop, sha256)
        try:
            seen = from_npz(data) if data is not None else ()
        except ValueError:
            seen = ()
        if seen:
            found[name] = seen
    return found


def observed_items(
    shop: Workshop, items: Iterable[ItemResult]
) -> Mapping[str, dict[str, tuple[Observation, ...]]]:
    """By the item's id, of those that have any."""
    return {item.id: seen for item in items if item.observations and (seen := observations_of(shop, item))}
