"""The diffusers runtime: text-to-image and inpainting pipelines as a Generator and a Filler.

Latent diffusion (Rombach et al., 2022). One call, one picture, one seed: batches are never formed, because their members
would depend on each other. On a CPU the same inputs give the same bytes; on a GPU the noise is the same (it is drawn on
the CPU) but the arithmetic is not promised to be.
"""

from __future__ import annotations

import inspect
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from model_registry.card import Card
from model_registry.engines import diffusion_pixels as px
from model_registry.engines.anchor_contract import Held
from model_registry.engines.classical.anchored import DEFAULTS as ANCHORED
from model_registry.engines.classical.anchored import AnchoredFill
from model_registry.engines.contract import Filler, Generator, Hole, Params, Pixels
from model_registry.engines.diffusion_loader import check_entry, load_pipeline
from model_registry.engines.diffusion_params import Sampling, read_sampling
from model_registry.engines.diffusion_schedulers import fresh_scheduler
from model_registry.engines.round_trip import without_bias
from model_registry.errors import EngineFault, EngineOutOfMemory, RegistryError
from model_registry.weights import locate, require

_log = logging.getLogger(__name__)
_LEAST_ANCHORED = 16
"""Smallest side of a piece with anything to anchor to, px: as the anchored fill's card says."""


def load(card: Card, folder: Path) -> Filler | Generator:
    """The engine of a card with runtime `diffusers`, its pipeline loaded from disk, nothing fetched.

    folder: the card's own, for relative weight paths. Raises EngineFault (role, class or defaults not allowed),
    WeightsMissing or WeightsDamaged (digest mismatch, pickle or code in the folder, unreadable tensors)."""
    check_entry(card)
    require(card, folder)
    model = _Model(card, locate(card, folder))
    return DiffusionFiller(model) if card.role == "fill" else DiffusionGenerator(model)


class DiffusionGenerator:
    """Role `generate`. Not thread-safe: one instance a worker."""

    def __init__(self, model: _Model) -> None:
        self._model = model

    def generate(self, prompt: str, width: int, height: int, *, seed: int, params: Params) -> Pixels:
        """Returns height×width×3, 0–1.

        Generated on whole latent cells and cropped about the centre. A longer side over `max_side` (or a shorter one
        below the model's minimum) is made at that size, evenly scaled, and resized."""
        sampling = self._model.read(params)
        if width < 1 or height < 1:
            raise EngineFault(f"cannot generate {width}×{height} pixels", cure="ask for at least 1×1")
        canvas = px.canvas_for(height, width, self._model.limits(sampling), enlarge=True)
        tall, wide = canvas.size
        made = self._model.run(prompt, sampling, seed, {"height": tall, "width": wide}, dark=False)
        top, left = (tall - canvas.inner[0]) // 2, (wide - canvas.inner[1]) // 2
        piece = made[top : top + canvas.inner[0], left : left + canvas.inner[1]]
        return np.array(px.resize(piece, (height, width)), np.float32)


class DiffusionFiller:
    """Role `fill`. Not thread-safe: one instance a worker."""

    def __init__(self, model: _Model) -> None:
        self._model = model

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        """Returns H×W×3, equal to `image` bit for bit outside the hole; the old content of the hole is never read.

        Pieces are padded by reflection to the model's cell and minimum. A piece with a side over `max_side` is scaled
        down, filled, and scaled up: its fill has less detail than its surroundings. What the round trip through the
        autoencoder does to colour and light around the hole is taken off inside it (`unbias`). An empty hole changes nothing."""
        sampling = self._model.read(params)
        if image.ndim != 3 or image.shape[2] != 3 or hole.shape != image.shape[:2]:
            raise EngineFault(f"a fill needs H×W×3 and H×W, not {image.shape} and {hole.shape}")
        out = np.array(image, np.float32)
        if not hole.any():
            return out
        start = self._start(out, hole, sampling, seed)
        inputs, canvas = self._inputs(start, hole, self._model.limits(sampling))
        strength = sampling.anchor_strength or sampling.strength
        known = out[~hole]
        dark = known.size > 0 and not (known > 1 / 255).any()
        made = self._model.run(prompt, sampling, seed, {**inputs, "strength": strength}, dark=dark)
        piece = px.resize(made[: canvas.inner[0], : canvas.inner[1]], hole.shape)
        fill = without_bias(np.asarray(piece, np.float32), out, hole) if sampling.unbias else piece
        out[hole] = fill[hole]
        return out

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
    def _inputs(start: Pixels, hole: Hole, limits: px.Limits) -> tuple[dict[str, Any], px.Canvas]:
        import torch

        canvas = px.canvas_for(hole.shape[0], hole.shape[1], limits)
        picture = px.reflect_to(px.resize(start, canvas.inner), canvas.size)
        inside = px.reflect_to(px.resize(hole.astype(np.float32), canvas.inner), canvas.size)
        mask = px.latent_mask(inside, limits.cell)
        tensors = {
            "image": torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None],
            "mask_image": torch.from_numpy(mask)[None, None],
        }
        return {**tensors, "height": canvas.size[0], "width": canvas.size[1]}, canvas


class _Model:
    """A pipeline on its device, reloaded when another dtype is asked for, and the rules of calling it."""

    def __init__(self, card: Card, where: Path) -> None:
        import torch

        self.card = card
        self._where = where
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._dtype = ""
        self._pipe: Any = None
        self._load(self._concrete(self.read({}).dtype))

    def read(self, params: Params) -> Sampling:
        return read_sampling(self.card.defaults, params)

    def limits(self, sampling: Sampling) -> px.Limits:
        """Transformers take 2×2 latent cells as one patch; a U-Net takes single cells."""
        patch = 2 if getattr(self._pipe, "transformer", None) is not None else 1
        cell = math.lcm(int(self._pipe.vae_scale_factor) * patch, self.card.size.multiple_of)
        maximum = sampling.max_side or self.card.size.maximum or self._native()
        maximum = max(maximum // cell, 1) * cell
        return px.Limits(min(self.card.size.minimum, maximum), maximum, cell)

    def _native(self) -> int:
        net: Any = getattr(self._pipe, "unet", None) or getattr(self._pipe, "transformer", None)
        side = getattr(net.config, "sample_size", None) or getattr(self._pipe, "default_sample_size", None)
        return side * int(self._pipe.vae_scale_factor) if isinstance(side, int) else 1024

    def run(
        self, prompt: str, sampling: Sampling, seed: int, inputs: Mapping[str, Any], dark: bool
    ) -> Pixels:
        """One picture, H×W×3 of the size in `inputs`. dark: an all-black result is no fault.

        A non-finite or black result in a lower precision is tried once more in float32; then EngineFault."""
        if self.card.prompt == "required" and not prompt.strip():
            raise EngineFault(f"{self.card.id} needs a prompt", cure="give one with --replace or `prompt`")
        text = "" if self.card.prompt == "none" else prompt
        wanted = self._concrete(sampling.dtype)
        fault = ""
        for dtype in dict.fromkeys((wanted, "float32")):
            self._load(dtype)
            made = self._call(text, sampling, seed, inputs)
            fault = _fault(made, (inputs["height"], inputs["width"], 3), dark)
            if not fault:
                return made
            _log.warning("%s: %s in %s", self.card.id, fault, dtype)
        raise EngineFault(
            f"{self.card.id}: {fault}, in float32 too", cure="check the weights, or choose another engine"
        )

    def _call(self, prompt: str, sampling: Sampling, seed: int, inputs: Mapping[str, Any]) -> Pixels:
        import torch

        pipe = self._pipe
        own, pipe.scheduler = pipe.scheduler, fresh_scheduler(pipe.scheduler, sampling.scheduler)
        try:
            generator = torch.Generator("cpu").manual_seed(seed % 2**63)
            arguments = self._arguments(prompt, sampling, inputs)
            made = pipe(**arguments, generator=generator, output_type="np").images[0]
        except RegistryError:
            raise
        except Exception as error:  # whatever a pipeline raises, it is this engine's fault
            if _out_of_memory(error):
                raise EngineOutOfMemory(f"{self.card.id}: {error}", cure="lower `max_side`") from error
            raise EngineFault(f"{self.card.id}: {error}") from error
        finally:
            pipe.scheduler = own
        return np.asarray(made, np.float32)

    def _arguments(self, prompt: str, sampling: Sampling, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Only what is set, and nothing the pipeline would not take: a parameter is never silently dropped."""
        wanted: dict[str, Any] = {**inputs, "prompt": prompt}
        if sampling.steps is not None:
            wanted["num_inference_steps"] = sampling.steps
        if sampling.guidance is not None:
            wanted["guidance_scale"] = sampling.guidance
        if sampling.negative:
            wanted["negative_prompt"] = sampling.negative
        taken = set(inspect.signature(type(self._pipe).__call__).parameters)
        if "true_cfg_scale" in taken:  # guidance-distilled: a negative prompt would be accepted and ignored
            taken.discard("negative_prompt")
        unknown = set(wanted) - taken
        if unknown:
            raise EngineFault(f"{type(self._pipe).__name__} does not take {', '.join(sorted(unknown))}")
        return wanted

    def _concrete(self, dtype: str) -> str:
        if dtype != "auto":
            return dtype
        if self._device == "cpu":
            return "float32"
        import torch

        return "bfloat16" if torch.cuda.get_device_capability()[0] >= 8 else "float16"

    def _load(self, dtype: str) -> None:
        """From disk, not by casting: what an earlier call rounded away must not show in a later one."""
        if dtype != self._dtype:
            self._pipe, self._dtype = None, ""  # freed first: two copies need not fit
            self._pipe = load_pipeline(self.card, self._where, dtype, self._device)
            self._dtype = dtype


def _fault(made: Pixels, shape: tuple[int, ...], dark: bool) -> str:
    if made.shape != shape:
        return f"output is {made.shape}, not {shape}"
    if not np.isfinite(made).all():
        return "output is not finite"
    return "" if dark or (made > 0.5 / 255).any() else "output is all black"


def _out_of_memory(error: Exception) -> bool:
    """torch's CPU allocator raises a bare RuntimeError: only its words tell."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in words or "allocate memory" in words
