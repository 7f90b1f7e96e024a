"""Small trees that add up to the odds that a text line is an overlay, kept as JSON so that they can be read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE = "origin_model.json"


@dataclass(frozen=True, slots=True)
class Node:
    """A leaf, or a question: low where the feature is at most `cut`."""

    value: float
    """What the lines that come here are worth on average, logarithm of the odds."""
    feature: str = ""
    cut: float = 0.0
    unknown_low: bool = True
    low: Node | None = None
    high: Node | None = None


@dataclass(frozen=True, slots=True)
class _Table:
    """All nodes of all trees, numbered; a leaf leads to itself."""

    roots: NDArray[np.intp]
    names: tuple[str, ...]
    feature: NDArray[np.intp]
    cut: NDArray[np.float64]
    unknown_low: NDArray[np.bool_]
    low: NDArray[np.intp]
    high: NDArray[np.intp]
    value: NDArray[np.float64]
    depth: int


@dataclass(frozen=True)
class Model:
    """What turns a line's features into a probability."""

    trees: tuple[Node, ...]
    threshold: float
    """From this probability on a line is called an overlay."""

    def judged(self, row: Mapping[str, float]) -> tuple[float, dict[str, float]]:
        """The probability, 0–1, and what each feature added to the logarithm of the odds.

        Of a feature asked on a tree's path counts by how much the answer changed the value (Saabas, 2014)."""
        table = self._table
        asked = np.array([row.get(name, math.nan) for name in table.names] or [math.nan])
        at, added = table.roots, np.zeros(len(asked))
        for _ in range(table.depth):
            values = asked[table.feature[at]]
            low = np.where(np.isnan(values), table.unknown_low[at], values <= table.cut[at])
            below = np.where(low, table.low[at], table.high[at])
            step = table.value[below] - table.value[at]
            added += np.bincount(table.feature[at], step, len(asked))
            at = below
        total = math.fsum(table.value[at])
        shares = {name: float(value) for name, value in zip(table.names, added, strict=False) if value}
        return 1 / (1 + math.exp(-min(max(total, -50.0), 50.0))), shares

    @cached_property
    def _table(self) -> _Table:
        nodes, names = list(self.trees), self.names
        low, high, deep = [0] * len(nodes), [0] * len(nodes), [0] * len(nodes)
        for n, node in enumerate(nodes):  # grows as it goes
            low[n] = high[n] = n
            if node.low is not None and node.high is not None:
                low[n], high[n] = len(nodes), len(nodes) + 1
                nodes += (node.low, node.high)
                low += (0, 0)
                high += (0, 0)
                deep += (deep[n] + 1, deep[n] + 1)
        known = {name: n for n, name in enumerate(names)}
        return _Table(
            np.arange(len(self.trees)), names, np.array([known.get(node.feature, 0) for node in nodes]),
            np.array([node.cut for node in nodes]), np.array([node.unknown_low for node in nodes]),
            np.array(low), np.array(high), np.array([node.value for node in nodes]), max(deep, default=0),
        )  # fmt: skip

    @property
    def names(self) -> tuple[str, ...]:
        """The features it asks for, by name."""
        found: set[str] = set()
        stack = list(self.trees)
        while stack:
            node = stack.pop()
            if node.low is not None and node.high is not None:
                found.add(node.feature)
                stack += (node.low, node.high)
        return tuple(sorted(found))


@cache
def shipped() -> Model:
    """The model in this package."""
    return unpacked(json.loads(files("tasks.detection").joinpath(FILE).read_text(encoding="utf-8")))


def packed(model: Model) -> dict[str, Any]:
    """As JSON keeps it: a leaf is a number, a question is [value, feature, cut, unknown_low, low, high]."""
    return {"threshold": model.threshold, "trees": [_listed(tree) for tree in model.trees]}


def unpacked(stored: Mapping[str, Any]) -> Model:
    """The inverse of `packed`."""
    trees: Sequence[Any] = stored["trees"]
    return Model(tuple(_node(tree) for tree in trees), float(stored["threshold"]))


def _listed(node: Node) -> Any:
    if node.low is None or node.high is None:
        return round(node.value, 5)
    cut = float(f"{node.cut:.6g}")
    return [round(node.value, 5), node.feature, cut, node.unknown_low, _listed(node.low), _listed(node.high)]


def _node(stored: Any) -> Node:
    if not isinstance(stored, list):
        return Node(float(stored))
    value, feature, cut, unknown_low, low, high = stored
    return Node(float(value), str(feature), float(cut), bool(unknown_low), _node(low), _node(high))
