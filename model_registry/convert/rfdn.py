"""RFDN: residual feature distillation (Liu, Tang and Wu 2020), four blocks."""

from __future__ import annotations

from typing import Final

from model_registry.convert.attention import three_convolutions
from model_registry.convert.graph import IMAGE, Graph
from model_registry.convert.state import State

BLOCKS: Final = 4
SLOPE: Final = 0.05


def build(graph: Graph, state: State, scale: int) -> str:
    """The network's layers; the value that is the enlarged picture."""
    head = graph.conv(IMAGE, *state.pair("fea_conv"))
    x, made = head, []
    for n in range(1, BLOCKS + 1):
        x = _block(graph, state, f"B{n}", x)
        made.append(x)
    x = graph.leaky(graph.conv(graph.cat(*made), *state.pair("c.0")), SLOPE)
    x = graph.add(graph.conv(x, *state.pair("LR_conv")), head)
    return graph.shuffle(graph.conv(x, *state.pair("upsampler.0")), scale)


def _block(graph: Graph, state: State, name: str, x: str) -> str:
    """At each of three steps half of the channels is distilled by a 1×1, and all are refined by a shallow residual."""
    kept = []
    for step in ("c1", "c2", "c3"):
        kept.append(graph.leaky(graph.conv(x, *state.pair(f"{name}.{step}_d")), SLOPE))
        x = graph.leaky(graph.add(graph.conv(x, *state.pair(f"{name}.{step}_r")), x), SLOPE)
    kept.append(graph.leaky(graph.conv(x, *state.pair(f"{name}.c4")), SLOPE))
    fused = graph.conv(graph.cat(*kept), *state.pair(f"{name}.c5"))
    return three_convolutions(graph, state, f"{name}.esa", fused)
