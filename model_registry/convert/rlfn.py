"""RLFN: residual local features (Kong and others 2022), the pruned form that won NTIRE 2022's track for speed."""

from __future__ import annotations

from typing import Final

from model_registry.convert.attention import one_convolution
from model_registry.convert.graph import IMAGE, Graph
from model_registry.convert.state import State

BLOCKS: Final = 4
SLOPE: Final = 0.05


def build(graph: Graph, state: State, scale: int) -> str:
    """The network's layers; the value that is the enlarged picture."""
    head = graph.conv(IMAGE, *state.pair("fea_conv"))
    x = head
    for n in range(1, BLOCKS + 1):
        x = _block(graph, state, f"B{n}", x)
    x = graph.add(graph.conv(x, *state.pair("LR_conv")), head)
    return graph.shuffle(graph.conv(x, *state.pair("upsampler.0")), scale)


def _block(graph: Graph, state: State, name: str, x: str) -> str:
    made = x
    for step in ("c1_r", "c2_r", "c3_r"):
        made = graph.leaky(graph.conv(made, *state.pair(f"{name}.{step}")), SLOPE)
    fused = graph.conv(graph.add(made, x), *state.pair(f"{name}.c5"))
    return one_convolution(graph, state, f"{name}.esa", fused)
