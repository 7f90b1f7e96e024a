"""Crops where the ladder loses most against the heavy network everywhere, every way side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from flows.bench.page import Card, png_uri
from flows.bench.upscale.pictures import Pair
from flows.bench.upscale.protocol import decibels, luma
from flows.bench.upscale.ways import Levels
from tasks.enhancement.maps import routing_map
from tasks.enhancement.rungs import Enlarged

_SIDE: Final = 128
"""Of a crop, px of the output."""
_SHOWN: Final = 3
"""How much larger it is shown."""


@dataclass(frozen=True, slots=True)
class Hard:
    """A place in a picture."""

    pair: Pair
    y: int
    x: int
    lost: float
    """Mean square error more than the heavy network's, levels of luma."""


def worst_places(pair: Pair, ours: Levels, heavy: Levels, most: int) -> list[Hard]:
    """The crops of a grid that lose most."""
    more = (luma(ours) - luma(pair.truth)) ** 2 - (luma(heavy) - luma(pair.truth)) ** 2
    places = [
        Hard(pair, y, x, float(more[y : y + _SIDE, x : x + _SIDE].mean()))
        for y in range(0, more.shape[0] - _SIDE + 1, _SIDE)
        for x in range(0, more.shape[1] - _SIDE + 1, _SIDE)
    ]
    return sorted(places, key=lambda p: (-p.lost, p.y, p.x))[:most]


def card(place: Hard, made: Mapping[str, Levels], routed: Enlarged) -> Card:
    """One place: the truth, every way, and the picture's routing."""
    cut = np.s_[place.y : place.y + _SIDE, place.x : place.x + _SIDE]
    truth = place.pair.truth[cut]
    shown = [("truth", _uri(truth))]
    for name, picture in made.items():
        off = decibels(luma(picture[cut]) - luma(truth))
        shown.append((f"{name}: {off:.2f} dB", _uri(picture[cut])))
    routing = routed.routing
    overlay = routing_map(place.pair.small, routing.choice, routing.cell)
    shown.append(("routing of the whole picture", png_uri(overlay)))
    counts = ", ".join(f"{ref} {n}" for ref, n in zip(routing.rungs, routing.cells, strict=True))
    said = f"Mean square error {place.lost:+.2f} against the heavy network. Cells of the picture: {counts}."
    return Card(f"{place.pair.name} at {place.x}, {place.y}", (said,), tuple(shown))


def _uri(crop: Levels) -> str:
    return png_uri(np.repeat(np.repeat(crop, _SHOWN, axis=0), _SHOWN, axis=1))


def hardest(places: Sequence[Hard], most: int) -> list[Hard]:
    """Of all pictures; no more than two of one."""
    kept: list[Hard] = []
    for place in sorted(places, key=lambda p: (-p.lost, p.pair.name)):
        if sum(k.pair.name == place.pair.name for k in kept) < 2:
            kept.append(place)
    return kept[:most]
