"""IMDN with 8-bit integers between its layers: a static plan of scales, made beforehand, in place of floating point.

Most multiplications are of 8-bit values and exact in any order. What the picture is read and made by stays float: the first
convolution and block, the convolution that closes the last block, and the last two. Scales are per tensor for values, per output channel
for weights (Jacob and others 2018); channels are brought to like ranges by factors that pass through the leaky ReLUs (Nagel and
others 2019), powers of two, so that they change no bit of the float network."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model_registry.convert.graph import IMAGE, Graph, Weights
from model_registry.convert.imdn import BLOCKS, SLOPE
from model_registry.convert.state import State
from model_registry.errors import WeightsDamaged

PLAN: Final = Path(__file__).with_name("imdn_int8.toml")
STEPS: Final = 4
"""Convolutions of a block whose results are kept."""
_FIRST: Final = [f"0.{step}" for step in (*range(1, STEPS + 1), "close")]
FLOAT: Final = frozenset({"head", *_FIRST, f"{BLOCKS - 1}.close", "last", "up"})
"""Convolutions that stay float: the result is most sensitive to these."""
Layers = dict[str, tuple[Weights, Weights]]
Tap = Callable[[str, str], str]
"""(what a value is called here, its name in the graph) to the name to go on with."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How values are told in 8 bits."""

    factors: Mapping[str, tuple[int, ...]]
    """`stream`, and `<block>.<step>` where not all 0: per channel, the power of two that its values are divided by."""
    ranges: Mapping[str, tuple[float, float]]
    """Least and greatest of each value after that, 0 within; what lies beyond is clipped."""


def read_plan(path: Path = PLAN) -> Plan:
    """The plan in the package, made by flows/training/upscale_int8."""
    given = tomllib.loads(path.read_text("utf-8"))
    ranges = {name: (float(low), float(high)) for name, (low, high) in given["ranges"].items()}
    return Plan({name: tuple(values) for name, values in given["factors"].items()}, ranges)


def build(graph: Graph, state: State, scale: int) -> str:
    """The network's layers in 8 bits by the packaged plan. Raises WeightsDamaged where the network is of another width."""
    return laid_in_bits(graph, read_layers(state), scale, read_plan())


def laid_in_bits(graph: Graph, layers: Layers, scale: int, plan: Plan) -> str:
    """The float network's layers in 8 bits by a plan; the value that is the enlarged picture."""
    levels = levelled(layers, plan.factors)
    return lay(graph, levels, scale, lambda name, x: _in_bits(graph, plan, name, x), _eight_bits)


def read_layers(state: State) -> Layers:
    """The convolutions by their names here: `head`, `<block>.<step>`, `<block>.close`, `last`, `up`."""
    layers = {"head": state.pair("model.0")}
    for block in range(BLOCKS):
        name = f"model.1.sub.{block}"
        for step in range(1, STEPS):
            layers[f"{block}.{step}"] = state.pair(f"{name}.conv{step}.0")
        layers[f"{block}.{STEPS}"] = state.pair(f"{name}.conv{STEPS}")
        layers[f"{block}.close"] = state.pair(f"{name}.conv1x1")
    return layers | {"last": state.pair(f"model.1.sub.{BLOCKS}"), "up": state.pair("model.2")}


def levelled(layers: Layers, factors: Mapping[str, tuple[int, ...]]) -> Layers:
    """The same network with every channel's values divided by its power of two."""
    stream = factors["stream"]
    made = {"head": _moved(layers["head"], stream, None)}
    for block in range(BLOCKS):
        given: tuple[int, ...] = stream
        kept: list[int] = []
        for step in range(1, STEPS + 1):
            name = f"{block}.{step}"
            own = factors.get(name, (0,) * len(layers[name][1]))
            made[name] = _moved(layers[name], own, given)
            quarter = len(own) // 4 if step < STEPS else len(own)
            kept += own[:quarter]
            given = own[quarter:]
        made[f"{block}.close"] = _moved(layers[f"{block}.close"], stream, tuple(kept))
    return made | {"last": _moved(layers["last"], stream, stream), "up": _moved(layers["up"], None, stream)}


def _moved(
    layer: tuple[Weights, Weights], out: tuple[int, ...] | None, given: tuple[int, ...] | None
) -> tuple[Weights, Weights]:
    """Values given are so many powers of two less than they were; those handed on are to be."""
    weight, bias = layer
    if (out and len(out) != weight.shape[0]) or (given and len(given) != weight.shape[1]):
        raise WeightsDamaged(f"a convolution of {weight.shape}: the plan is for a network of another width")
    if given:
        weight = np.ldexp(weight, np.array(given)[None, :, None, None])
    if out:
        weight, bias = np.ldexp(weight, -np.array(out)[:, None, None, None]), np.ldexp(bias, -np.array(out))
    return weight.astype(np.float32), bias.astype(np.float32)


def lay(graph: Graph, layers: Layers, scale: int, tap: Tap, told: Callable[[Graph, Weights], str]) -> str:
    """The layers, every value that is kept in 8 bits handed to `tap`. told: the weights of a convolution in 8 bits."""

    def conv(name: str, x: str) -> str:
        weight, bias = layers[name]
        side = weight.shape[2]
        w = graph.constant(weight) if name in FLOAT else told(graph, weight)
        given = [x, w, graph.constant(bias)]
        return graph.node("Conv", given, kernel_shape=[side, side], pads=[side // 2] * 4)

    x = head = conv("head", IMAGE)
    for block in range(BLOCKS):
        inner = tap if f"{block}.1" not in FLOAT else lambda _, value: value
        x = _block(graph, layers, block, x, inner, conv)
        if block + 1 < BLOCKS:
            x = tap(f"x{block + 1}", x)
    both = graph.add(head, conv("last", x))
    return graph.shuffle(conv("up", both), scale)


def _block(
    graph: Graph, layers: Layers, block: int, x: str, tap: Tap, conv: Callable[[str, str], str]
) -> str:
    kept, rest = [], x
    for step in range(1, STEPS):
        name = f"{block}.{step}"
        made = tap(name, graph.leaky(tap(f"{name}.before", conv(name, rest)), SLOPE))
        width = len(layers[name][1])
        first, rest = (tap(name, part) for part in graph.split(made, width // 4, width - width // 4))
        kept.append(first)
    kept.append(tap(f"{block}.{STEPS}", conv(f"{block}.{STEPS}", rest)))
    joined, closing = graph.cat(*kept), f"{block}.close"
    if closing in FLOAT:
        return graph.add(x, conv(closing, joined))
    return graph.add(x, tap(closing, conv(closing, tap(f"{block}.joined", joined))))


def _in_bits(graph: Graph, plan: Plan, name: str, x: str) -> str:
    """To unsigned 8 bits and back: the runtime computes between the two in integers."""
    low, high = plan.ranges[name]
    step = np.float32((high - low) / 255)
    zero = np.uint8(np.clip(np.rint(-low / float(step)), 0, 255))
    scale = [graph.scalar(step), graph.scalar(zero)]
    return graph.node("DequantizeLinear", [graph.node("QuantizeLinear", [x, *scale]), *scale])


def _eight_bits(graph: Graph, weight: Weights) -> str:
    """To signed 8 bits, a scale for each output channel."""
    steps = np.maximum(np.abs(weight).max(axis=(1, 2, 3)), np.float32(1e-12)) / np.float32(127)
    whole: NDArray[Any] = np.rint(weight / steps[:, None, None, None]).clip(-127, 127).astype(np.int8)
    zeros = np.zeros(len(steps), np.int8)
    given = [graph.constant(whole), graph.constant(steps), graph.constant(zeros)]
    return graph.node("DequantizeLinear", given, axis=0)
