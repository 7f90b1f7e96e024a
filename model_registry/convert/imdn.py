"""IMDN: information multi-distillation (Hui, Gao, Yang and Wang 2019), in the form of the AIM 2019 and NTIRE 2022 baselines.

That form has no contrast-aware attention and no fusion of the blocks: nothing in it looks further than convolutions do."""

from __future__ import annotations

from typing import Final

from model_registry.convert.graph import IMAGE, Graph
from model_registry.convert.state import State

BLOCKS: Final = 8
SLOPE: Final = 0.05


def build(graph: Graph, state: State, scale: int) -> str:
    """The network's layers; the value that is the enlarged picture."""
    head = graph.conv(IMAGE, *state.pair("model.0"))
    x = head
    for n in range(BLOCKS):
        x = _block(graph, state, f"model.1.sub.{n}", x)
    x = graph.add(head, graph.conv(x, *state.pair(f"model.1.sub.{BLOCKS}")))
    return graph.shuffle(graph.conv(x, *state.pair("model.2")), scale)


def _block(graph: Graph, state: State, name: str, x: str) -> str:
    """A quarter of the channels is kept at each of three steps, the rest refined further; a fourth closes it."""
    kept, rest = [], x
    for step in ("conv1", "conv2", "conv3"):
        weight, bias = state.pair(f"{name}.{step}.0")
        made = graph.leaky(graph.conv(rest, weight, bias), SLOPE)
        quarter = weight.shape[0] // 4
        first, rest = graph.split(made, quarter, weight.shape[0] - quarter)
        kept.append(first)
    kept.append(graph.conv(rest, *state.pair(f"{name}.conv4")))
    return graph.add(x, graph.conv(graph.cat(*kept), *state.pair(f"{name}.conv1x1")))
