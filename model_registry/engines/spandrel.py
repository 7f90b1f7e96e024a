"""Runs networks of the architectures that spandrel knows (fills such as LaMa and MAT; upscalers such as SwinIR, HAT, DAT and
ESRGAN), from safetensors, where it is installed.

Spandrel recognises a network by its weights and pads pictures to what it takes; its own code is MIT, each architecture's
under its authors' terms. It brings torchvision with it, so it is no dependency of ours."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from model_registry.card import Card
from model_registry.engines.contract import Filler, Hole, Params, Pixels, Upscaler
from model_registry.errors import EngineFault
from model_registry.weights import locate

_CURE = "install spandrel into this environment (it needs torchvision), or use an engine of another runtime"


def load(card: Card, folder: Path) -> Filler | Upscaler:
    """The engine of a card with runtime `spandrel`.

    Raises EngineFault for a role other than `fill`, `upscale` and `clean`, without spandrel, and for weights of a network of
    another kind, of other scales than the card's, or of other than three colours; WeightsMissing."""
    if card.role not in ("fill", "upscale", "clean"):
        raise EngineFault(f"{card.id}: the spandrel runtime does fill, upscale and clean, not {card.role}")
    where = locate(card, folder)
    found = sorted(where.rglob("*.safetensors")) if where.is_dir() else [where]
    if len(found) != 1 or found[0].suffix.lower() != ".safetensors":
        raise EngineFault(f"{card.id}: the spandrel runtime takes one safetensors file, not {where.name}")
    library = _library(card)
    network = library.ModelLoader(device="cpu").load_from_file(found[0])
    if card.role == "fill":
        if not isinstance(network, library.MaskedImageModelDescriptor):
            raise EngineFault(f"{card.id}: {network.architecture.name} is no network that fills holes")
        return SpandrelFill(network.float().eval())
    _check_upscaler(card, network, library)
    return SpandrelUpscale(network.float().eval())


def _check_upscaler(card: Card, network: Any, library: Any) -> None:
    name = network.architecture.name
    if not isinstance(network, library.ImageModelDescriptor):
        raise EngineFault(f"{card.id}: {name} is no network from picture to picture")
    if card.scales != (network.scale,):
        raise EngineFault(
            f"{card.id}: these weights of {name} enlarge by {network.scale}",
            cure=f"scales = [{network.scale}]",
        )
    if (network.input_channels, network.output_channels) != (3, 3):
        raise EngineFault(f"{card.id}: these weights of {name} are not for three colours")


def _library(card: Card) -> Any:
    try:
        return import_module("spandrel")
    except ImportError as missing:
        raise EngineFault(f"{card.id}: spandrel is not here ({missing})", cure=_CURE) from missing


class SpandrelFill:
    """Role `fill`."""

    def __init__(self, network: Any) -> None:
        self._network = network

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        """Returns H×W×3, 0–1, equal to `image` outside the hole. seed, prompt and params are not used."""
        import torch

        picture = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None]
        mask = torch.from_numpy(hole.astype(np.float32))[None, None]
        with torch.inference_mode():
            made = self._network(picture, mask)
        out = np.asarray(made[0].numpy(), np.float32).transpose(1, 2, 0)
        if out.shape != image.shape:
            raise EngineFault(f"the network gave {out.shape} for {image.shape}")
        return np.where(hole[..., None], out, image)


class SpandrelUpscale:
    """Roles `upscale` and `clean`."""

    def __init__(self, network: Any) -> None:
        self._network = network

    def upscale(self, image: Pixels, scale: int, *, params: Params) -> Pixels:
        """Returns (H·scale)×(W·scale)×3, 0–1 (beyond it where the network overshoots). params are not used."""
        import torch

        picture = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None]
        with torch.inference_mode():
            made = self._network(picture)
        return np.ascontiguousarray(np.asarray(made[0].numpy(), np.float32).transpose(1, 2, 0))
