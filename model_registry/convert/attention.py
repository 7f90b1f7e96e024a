"""Enhanced spatial attention (Liu, Tang and Wu 2020): a coarse map of where there is something to add, times the features.

The map is made on a strided grid laid from the picture's top left, so what a piece gives depends on where it was cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from model_registry.convert.graph import Graph
from model_registry.convert.state import State

LEAST: Final = 15
"""Smallest side that its pooling takes, px."""


def three_convolutions(graph: Graph, state: State, name: str, x: str) -> str:
    """As RFDN has it."""

    def coarse(pooled: str) -> str:
        made = graph.node("Relu", [graph.conv(pooled, *state.pair(f"{name}.conv_max"))])
        made = graph.node("Relu", [graph.conv(made, *state.pair(f"{name}.conv3"))])
        return graph.conv(made, *state.pair(f"{name}.conv3_"))

    return _attention(graph, state, name, x, coarse)


def one_convolution(graph: Graph, state: State, name: str, x: str) -> str:
    """As RLFN has it (Kong and others 2022)."""
    return _attention(graph, state, name, x, lambda pooled: graph.conv(pooled, *state.pair(f"{name}.conv3")))


def _attention(graph: Graph, state: State, name: str, x: str, coarse: Callable[[str], str]) -> str:
    narrow = graph.conv(x, *state.pair(f"{name}.conv1"))
    strided = graph.conv(narrow, *state.pair(f"{name}.conv2"), stride=2, pad=0)
    pooled = graph.node("MaxPool", [strided], kernel_shape=[7, 7], strides=[3, 3])
    stretched = graph.stretch(coarse(pooled), x)
    both = graph.add(stretched, graph.conv(narrow, *state.pair(f"{name}.conv_f")))
    return graph.node("Mul", [x, graph.node("Sigmoid", [graph.conv(both, *state.pair(f"{name}.conv4"))])])
