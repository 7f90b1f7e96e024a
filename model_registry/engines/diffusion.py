"""The diffusers runtime: text-to-image, inpainting and upscaling pipelines as a Generator, a Filler and an Upscaler.

Latent diffusion (Rombach et al., 2022). One call, one picture, one seed: batches are never formed, because their members
would depend on each other. On a CPU the same inputs give the same bytes; on a GPU the noise is the same (it is drawn on
the CPU) but the arithmetic is not promised to be.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from model_registry.card import Card
from model_registry.engines import diffusion_pixels as px
from model_registry.engines.anchor_contract import Held
from model_registry.engines.classical.anchored import DEFAULTS as ANCHORED
from model_registry.engines.classical.anchored import AnchoredFill
from model_registry.engines.contract import Filler, Generator, Hole, Params, Pixels, Upscaler
from model_registry.engines.diffusion_loader import check_entry
from model_registry.engines.diffusion_model import Model
from model_registry.engines.diffusion_params import Sampling
from model_registry.engines.diffusion_remarks import remarks_on, scaled_up
from model_registry.engines.diffusion_upscale import DiffusionUpscaler
from model_registry.engines.remark_contract import Remark
from model_registry.engines.round_trip import without_bias
from model_registry.errors import EngineFault
from model_registry.weights import locate, require

_LEAST_ANCHORED = 16
"""Smallest side of a piece with anything to anchor to, px: as the anchored fill's card says."""


def load(card: Card, folder: Path) -> Filler | Generator | Upscaler:
    """The engine of a card with runtime `diffusers`, its pipeline loaded from disk, nothing fetched.

    folder: the card's own, for relative weight paths. Raises EngineFault (role, class or defaults not allowed),
    WeightsMissing or WeightsDamaged (digest mismatch, pickle or code in the folder, unreadable tensors)."""
    check_entry(card)
    require(card, folder)
    model = Model(card, locate(card, folder))
    if card.role == "upscale":
        return DiffusionUpscaler(model)
    return DiffusionFiller(model) if card.role == "fill" else DiffusionGenerator(model)


class DiffusionGenerator:
    """Role `generate`. Not thread-safe: one instance a worker."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def generate(self, prompt: str, width: int, height: int, *, seed: int, params: Params) -> Pixels:
        """Returns height×width×3, 0–1.

        Generated on whole latent cells and cropped about the centre. A longer side over `max_side` (or a shorter one
        below the model's minimum) is made at that size, evenly scaled, and resized; with `windowed_side` it is then made
        again at larger sizes up to that, each time from the one before with `detail` of the noise, in windows: what is
        where is decided on the small picture, texture at full size."""
        sampling = self._model.read(params)
        if width < 1 or height < 1:
            raise EngineFault(f"cannot generate {width}×{height} pixels", cure="ask for at least 1×1")
        limits = self._model.limits(sampling)
        first, *larger = px.levels_for(height, width, limits, enlarge=True)
        size = {"height": first.size[0], "width": first.size[1]}
        window = _window(first, limits)
        piece = px.about_centre(
            self._model.run(prompt, sampling, seed, size, dark=False, window=window), first.inner
        )
        for n, canvas in enumerate(larger, 1):
            start = px.centred(px.resize(piece, canvas.inner), canvas.size)
            inputs = {"image": _tensor(start), "strength": _again(sampling)}
            window = _window(canvas, limits)
            made = self._model.run(
                prompt, sampling, seed + n, inputs, dark=False, size=canvas.size, window=window
            )
            piece = px.about_centre(made, canvas.inner)
        return np.array(px.resize(piece, (height, width)), np.float32)

    def remarks(self, prompt: str, width: int, height: int, *, params: Params) -> tuple[Remark, ...]:
        """What has to be said of the picture that `generate` makes with these arguments."""
        sampling = self._model.read(params)
        return (
            *remarks_on(self._model, prompt, sampling),
            *scaled_up(self._model, width, height, sampling, enlarge=True),
        )


class DiffusionFiller:
    """Role `fill`. Not thread-safe: one instance a worker."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        """Returns H×W×3, equal to `image` bit for bit outside the hole; the old content of the hole is never read.

        Pieces are padded by reflection to the model's cell and minimum. A piece with a side over `max_side` is scaled
        down, filled, and scaled up: its fill has less detail than its surroundings, unless `windowed_side` allows it to be
        filled again at larger sizes. What the round trip through the
        autoencoder does to colour and light around the hole is taken off inside it (`unbias`). An empty hole changes nothing."""
        sampling = self._model.read(params)
        if image.ndim != 3 or image.shape[2] != 3 or hole.shape != image.shape[:2]:
            raise EngineFault(f"a fill needs H×W×3 and H×W, not {image.shape} and {hole.shape}")
        out = np.array(image, np.float32)
        if not hole.any():
            return out
        start = self._start(out, hole, sampling, seed)
        limits = self._model.limits(sampling)
        strength = sampling.anchor_strength or sampling.strength
        known = out[~hole]
        dark = known.size > 0 and not (known > 1 / 255).any()
        for n, canvas in enumerate(px.levels_for(hole.shape[0], hole.shape[1], limits)):
            inputs = {**self._inputs(start, hole, canvas, limits.cell), "strength": strength}
            window = _window(canvas, limits)
            made = self._model.run(prompt, sampling, seed + n, inputs, dark=dark, window=window)
            piece = px.resize(made[: canvas.inner[0], : canvas.inner[1]], hole.shape)
            start = np.where(hole[..., None], piece, out).astype(np.float32)
            strength = _again(sampling)
        fill = without_bias(np.asarray(piece, np.float32), out, hole) if sampling.unbias else piece
        out[hole] = fill[hole]
        return out

    def remarks(self, prompt: str, width: int, height: int, *, params: Params) -> tuple[Remark, ...]:
        """What has to be said of what `fill` makes with these arguments of a picture of this size."""
        sampling = self._model.read(params)
        return (
            *remarks_on(self._model, prompt, sampling),
            *scaled_up(self._model, width, height, sampling, enlarge=False),
        )

    def anchors(self, image: Pixels, hole: Hole, *, params: Params) -> Held | None:
        """The structure that the hole's first guess is made of; None where none is asked for."""
        sampling = self._model.read(params)
        if not sampling.anchor_strength:
            return None
        return AnchoredFill().anchors(image, hole, params=ANCHORED)

    @staticmethod
    def _start(image: Pixels, hole: Hole, sampling: Sampling, seed: int) -> Pixels:
        """What the hole holds before any noise is added: made of its surroundings alone."""
        if sampling.anchor_strength and not hole.all() and min(hole.shape) >= _LEAST_ANCHORED:
            return AnchoredFill().fill(image, hole, seed=seed, prompt="", params=ANCHORED)
        return px.smooth_under(image, hole)

    @staticmethod
    def _inputs(start: Pixels, hole: Hole, canvas: px.Canvas, cell: int) -> dict[str, Any]:
        import torch

        picture = px.reflect_to(px.resize(start, canvas.inner), canvas.size)
        inside = px.reflect_to(px.resize(hole.astype(np.float32), canvas.inner), canvas.size)
        mask = torch.from_numpy(px.latent_mask(inside, cell))[None, None]
        size = {"height": canvas.size[0], "width": canvas.size[1]}
        return {"image": _tensor(picture), "mask_image": mask, **size}


def _again(sampling: Sampling) -> float:
    """Share of the noise schedule at a larger size: `detail`, and one step at least."""
    return min(max(sampling.detail, 1.001 / (sampling.steps or 50)), 1.0)


def _window(canvas: px.Canvas, limits: px.Limits) -> int:
    """The windows' side; 0 where the canvas is looked at whole."""
    return limits.maximum if max(canvas.size) > limits.maximum and limits.windowed else 0


def _tensor(picture: Pixels) -> Any:
    """1×3×H×W, 0–1."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]
