"""The networks that can be converted: NAME to the code that reads its files and lays out its layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from model_registry.convert import imdn, imdn_int8, ncnn, rfdn, rlfn, span, srvgg
from model_registry.convert.graph import Graph
from model_registry.convert.state import State, read_state
from model_registry.errors import EngineFault
from model_registry.weights import file_sha256

SCALE: Final = 4
"""Of every network here."""
Builder = Callable[[Graph, State, int], str]
STATES: Final[dict[str, Builder]] = {
    "imdn": imdn.build,
    "imdn-int8": imdn_int8.build,
    "rfdn": rfdn.build,
    "rlfn": rlfn.build,
    "span": span.build,
}
"""From a state dict that holds tensors alone."""
COMPACT: Final = ("realesr-general", "realesr-general-wdn", "lsdir-compact")
"""From ncnn's .param, its .bin beside it."""
NAMES: Final = (*STATES, *COMPACT)


def convert(name: str, source: Path, out: Path) -> str:
    """Writes the network as ONNX and says the file's sha256: the same bytes each time.

    source: a state dict, or the .param or .bin of a pair. Raises EngineFault for an unknown name, WeightsDamaged for
    tensors of another network."""
    if name not in NAMES:
        raise EngineFault(f"no network {name!r} can be converted", cure=f"one of {', '.join(NAMES)}")
    graph = Graph()
    if name in COMPACT:
        layers = ncnn.read_compact(source.with_suffix(".param"), source.with_suffix(".bin"))
        made = srvgg.build(graph, layers, SCALE)
    else:
        state = read_state(source)
        made = STATES[name](graph, state, SCALE)
        state.done()
    out.parent.mkdir(parents=True, exist_ok=True)
    graph.save(out, made)
    return file_sha256(out)
