"""SPAN: swift parameter-free attention (Wan and others 2023), its convolutions already merged, in the form of NTIRE 2025."""

from __future__ import annotations

from typing import Final

import numpy as np

from model_registry.convert.graph import IMAGE, Graph
from model_registry.convert.state import State

BLOCKS: Final = 6
MEAN: Final = (0.4488, 0.4371, 0.4040)
"""Of DIV2K's colours: taken off the picture before the first layer."""
RANGE: Final = 255.0


def build(graph: Graph, state: State, scale: int) -> str:
    """The network's layers; the value that is the enlarged picture."""
    mean = graph.constant(np.array(MEAN, np.float32).reshape(1, 3, 1, 1))
    x = graph.node("Mul", [graph.node("Sub", [IMAGE, mean]), graph.constant(np.array(RANGE, np.float32))])
    head = graph.conv(x, *state.pair("conv_1.eval_conv"))
    x, first, inner = head, "", ""
    for n in range(1, BLOCKS + 1):
        x, inner = _block(graph, state, f"block_{n}", x)
        first = first or x
    last = graph.conv(x, *state.pair("conv_2.eval_conv"))
    x = graph.conv(graph.cat(head, last, first, inner), *state.pair("conv_cat"))
    return graph.shuffle(graph.conv(x, *state.pair("upsampler.0")), scale)


def _block(graph: Graph, state: State, name: str, x: str) -> tuple[str, str]:
    """Three convolutions; the last one's own value, through a sigmoid, is the attention. Also what the first one made, activated."""
    first = graph.silu(graph.conv(x, *state.pair(f"{name}.c1_r.eval_conv")))
    made = graph.conv(first, *state.pair(f"{name}.c2_r.eval_conv"))
    made = graph.conv(graph.silu(made), *state.pair(f"{name}.c3_r.eval_conv"))
    half = graph.constant(np.array(0.5, np.float32))
    attention = graph.node("Sub", [graph.node("Sigmoid", [made]), half])
    return graph.node("Mul", [graph.add(made, x), attention]), first
