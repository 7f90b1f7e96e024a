"""Fits trees to measured lines, and says how well they tell others."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from flows.training.text_origin.boost import Recipe, bagged, binned
from flows.training.text_origin.measuring import Sample
from tasks.detection.origin_model import Model

SIGNS: Mapping[str, int] = {
    "edge": 1, "edge_low": 1, "edge_quarter": 1, "edge_high": 1, "edge_top": 1, "edge_full": 1, "edge_over_picture": 1,
    "edge_over_beside": 1, "edge_over_sharpest": 1, "half_tones": -1, "ink_same3": 1, "ink_same10": 1, "ink_pure": -1, "angle": -1,
}  # fmt: skip
"""What is known beforehand: crisper, more even and purer never speaks for print."""
TELLTALE = frozenset({
    "relative_height", "letter_height", "length", "level", "centred", "to_edge", "picture_plain", "border_light",
    "ink_vivid", "ink_most", "ink_least", "pieces", "ground_light",
})  # fmt: skip
"""Left out: they would tell how training pictures were drawn, not how text gets into pictures."""
MOST = 12
OWN = 3.0
"""How much more a line that was in the photograph itself counts: it is the real thing."""


def fitted(found: Sequence[Sample], recipe: Recipe, threshold: float) -> Model:
    """Both kinds weigh the same."""
    names = tuple(sorted({name for sample in found for name in sample.row} - TELLTALE))
    table = np.array([[sample.row.get(name, np.nan) for name in names] for sample in found])
    truth = np.array([float(sample.overlay) for sample in found])
    return Model(bagged(binned(names, table), truth, _weights(found), recipe, SIGNS), threshold)


def _weights(found: Sequence[Sample]) -> NDArray[np.float64]:
    """Both kinds weigh the same; of one photograph no more than MOST lines of a kind count in full; its own thrice."""
    counts = Counter((sample.photograph, sample.overlay, sample.own) for sample in found)
    weight = np.array([min(1.0, MOST / counts[s.photograph, s.overlay, s.own]) for s in found])
    weight *= np.where([sample.own for sample in found], OWN, 1.0)
    overlay = np.array([sample.overlay for sample in found])
    for kind in (overlay, ~overlay):
        weight[kind] *= len(found) / 2 / weight[kind].sum()
    return np.asarray(weight, np.float64)


def held_out(name: str) -> bool:
    """Every fifth photograph, by its name: pictures of it are only measured."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 5 == 0


def rates(model: Model, found: Sequence[Sample]) -> tuple[float, float]:
    """Share of overlays called overlay, and share of the rest not called so."""
    scores: NDArray[np.float64] = np.array([model.judged(sample.row)[0] for sample in found])
    truth = np.array([sample.overlay for sample in found])
    called = scores >= model.threshold
    return float(called[truth].mean()), float((~called[~truth]).mean())
