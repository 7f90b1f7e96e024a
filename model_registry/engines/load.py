"""From a card to a ready engine: checks the weights, finds the runtime's adapter, checks the engine's protocol."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from model_registry.card import Card, Role, Runtime
from model_registry.engines.contract import (
    Blender,
    Engine,
    Enhancer,
    Filler,
    Generator,
    TextReader,
    Upscaler,
)
from model_registry.engines.depth_contract import DepthEstimator
from model_registry.engines.guard import guarded
from model_registry.engines.segment_contract import Locator, Segmenter
from model_registry.engines.vision_contract import Embedder, SafetyClassifier
from model_registry.errors import EngineFault
from model_registry.weights import require

Adapter = Callable[[Card, Path], Engine]

ADAPTERS: dict[Runtime, str] = {
    "classical": "model_registry.engines.load:load_classical",
    "onnx": "model_registry.engines.onnx:load",
    "ocr": "model_registry.engines.ocr:load",
    "diffusers": "model_registry.engines.diffusion:load",
    "spandrel": "model_registry.engines.spandrel:load",
    "transformers": "model_registry.engines.transformers_runtime:load",
}
"""Runtime to its adapter, imported when first needed."""

PROTOCOLS: dict[Role, type] = {
    "text": TextReader,
    "fill": Filler,
    "generate": Generator,
    "upscale": Upscaler,
    "clean": Upscaler,
    "blend": Blender,
    "enhance": Enhancer,
    "segment": Segmenter,
    "locate": Locator,
    "depth": DepthEstimator,
    "embed": Embedder,
    "safety": SafetyClassifier,
    "letters": Upscaler,  # a picture of probabilities in place of colours, at scale 1
}


def load_engine(card: Card, folder: Path) -> Engine:
    """The engine of a card, ready to be called.

    folder: the card's own. Raises WeightsMissing, WeightsDamaged, EngineOutOfMemory, or EngineFault when the engine cannot
    be made or does not keep its role's protocol."""
    require(card, folder)
    with guarded(card, "could not be loaded"):
        adapter = cast(Adapter, _named(ADAPTERS[card.runtime]))
        engine = adapter(card, folder)
    if not isinstance(engine, PROTOCOLS[card.role]):
        kind = PROTOCOLS[card.role].__name__
        raise EngineFault(f"{card.id}: {type(engine).__name__} is no {kind}, as role {card.role!r} asks")
    return engine


def load_classical(card: Card, folder: Path) -> Engine:
    """The class a card's `entry` names as `module:Class`, made without arguments; `folder` is not used."""
    return cast(Callable[[], Engine], _named(card.entry))()


def _named(entry: str) -> object:
    module, _, name = entry.partition(":")
    if not (module and name):
        raise EngineFault(f"the entry {entry!r} is not of the form module:name")
    return getattr(import_module(module), name)
