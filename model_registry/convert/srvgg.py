"""SRVGGNetCompact (Wang, Xie, Dong and Shan 2021, Real-ESRGAN's small network): a plain row of convolutions with PReLU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model_registry.convert.graph import IMAGE, Graph, Weights


@dataclass(frozen=True, slots=True)
class Layer:
    """One convolution and what follows it."""

    weight: Weights
    bias: Weights
    slopes: Weights | None
    """Of the PReLU; None after the last."""


def build(graph: Graph, layers: Sequence[Layer], scale: int) -> str:
    """The network's layers; the value that is the enlarged picture: what the row makes, on the picture's own pixels repeated."""
    x = IMAGE
    for layer in layers:
        x = graph.conv(x, layer.weight, layer.bias)
        if layer.slopes is not None:
            x = graph.prelu(x, layer.slopes)
    return graph.add(graph.shuffle(x, scale), graph.repeat(IMAGE, scale))
