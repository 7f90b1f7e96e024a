"""A diffusers pipeline on its device, and the rules of calling it: one call, one picture, one seed."""

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
from model_registry.engines.contract import Params, Pixels
from model_registry.engines.diffusion_loader import load_pipeline
from model_registry.engines.diffusion_params import Sampling, read_sampling
from model_registry.engines.diffusion_schedulers import fresh_scheduler
from model_registry.errors import EngineFault, EngineOutOfMemory, RegistryError

_log = logging.getLogger(__name__)


class Model:
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
        self,
        prompt: str,
        sampling: Sampling,
        seed: int,
        inputs: Mapping[str, Any],
        dark: bool,
        size: tuple[int, int] | None = None,
    ) -> Pixels:
        """One picture, H×W×3 of `size`, or of the size in `inputs`. dark: an all-black result is no fault.

        A non-finite or black result in a lower precision is tried once more in float32; then EngineFault."""
        if self.card.prompt == "required" and not prompt.strip():
            raise EngineFault(f"{self.card.id} needs a prompt", cure="give one with --replace or `prompt`")
        text = "" if self.card.prompt == "none" else prompt
        wanted = self._concrete(sampling.dtype)
        fault, shape = "", size or (inputs["height"], inputs["width"])
        for dtype in dict.fromkeys((wanted, "float32")):
            self._load(dtype)
            made = self._call(text, sampling, seed, inputs)
            fault = _fault(made, (*shape, 3), dark)
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
        if sampling.noise_level is not None:
            wanted["noise_level"] = sampling.noise_level
        taken = set(inspect.signature(type(self._pipe).__call__).parameters)
        if not prompt and "prompt" not in taken:
            del wanted["prompt"]
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
