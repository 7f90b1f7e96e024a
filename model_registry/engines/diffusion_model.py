"""A diffusers pipeline on its device, and the rules of calling it: one call, one picture, one seed."""

from __future__ import annotations

import functools
import inspect
import logging
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from model_registry.card import Card
from model_registry.engines import diffusion_pixels as px
from model_registry.engines.contract import Params, Pixels
from model_registry.engines.diffusion_loader import load_pipeline
from model_registry.engines.diffusion_params import Sampling, read_sampling
from model_registry.engines.diffusion_placing import decode_in_tiles
from model_registry.engines.diffusion_schedulers import fresh_scheduler, undistilled
from model_registry.engines.diffusion_windows import windowed
from model_registry.engines.observing import Session, session
from model_registry.errors import EngineFault, EngineOutOfMemory, RegistryError

_log = logging.getLogger(__name__)
Call = Callable[[], Any]
_PLACE = ("mask_image", "height", "width")
"""What an image-to-image pipeline need not be told: it knows no hole, and its picture has the size."""


class Model:
    """A pipeline on its device, reloaded when another dtype is asked for, and the rules of calling it."""

    def __init__(self, card: Card, where: Path) -> None:
        import torch

        self.card = card
        self._where = where
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._loaded = ("", "")
        self._pipe: Any = None
        own = self.read({})
        self._load(self._concrete(own.dtype), own.offload)

    def read(self, params: Params) -> Sampling:
        return read_sampling(self.card.defaults, params)

    def limits(self, sampling: Sampling) -> px.Limits:
        """Transformers take 2×2 latent cells as one patch; a U-Net takes single cells."""
        patch = 2 if getattr(self._pipe, "transformer", None) is not None else 1
        cell = math.lcm(int(self._pipe.vae_scale_factor) * patch, self.card.size.multiple_of)
        maximum = sampling.max_side or self.card.size.maximum or self._native()
        maximum = max(maximum // cell, 1) * cell
        return px.Limits(min(self.card.size.minimum, maximum), maximum, cell, sampling.windowed_side)

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
        window: int = 0,
    ) -> Pixels:
        """One picture, H×W×3 of `size`, or of the size in `inputs`. dark: an all-black result is no fault. window: side of
        the windows that the U-Net looks through where the picture is larger, px; 0 = it sees the whole.

        A non-finite or black result in a lower precision is tried once more in float32; then EngineFault."""
        if self.card.prompt == "required" and not prompt.strip():
            raise EngineFault(f"{self.card.id} needs a prompt", cure="give one with --replace or `prompt`")
        text = "" if self.card.prompt == "none" else prompt
        wanted = self._concrete(sampling.dtype)
        fault, shape = "", size or (inputs["height"], inputs["width"])
        for dtype in dict.fromkeys((wanted, "float32")):
            self._load(dtype, sampling.offload)
            decode_in_tiles(self._pipe, max(shape), sampling.tiles_over)
            made = self._call(text, sampling, seed, inputs, window)
            fault = _fault(made, (*shape, 3), dark)
            if not fault:
                return made
            _log.warning("%s: %s in %s", self.card.id, fault, dtype)
        raise EngineFault(
            f"{self.card.id}: {fault}, in float32 too", cure="check the weights, or choose another engine"
        )

    def _call(
        self, prompt: str, sampling: Sampling, seed: int, inputs: Mapping[str, Any], window: int
    ) -> Pixels:
        import torch

        pipe = self._pipe_for(inputs)
        own, pipe.scheduler = pipe.scheduler, fresh_scheduler(pipe.scheduler, sampling)
        try:
            generator = torch.Generator("cpu").manual_seed(seed % 2**63)
            arguments = self._arguments(pipe, prompt, sampling, inputs)
            call: Call = functools.partial(pipe, **arguments, generator=generator, output_type="np")
            if (watch := session()) is not None:
                call = self._watched(watch, pipe, call, prompt, sampling, seed, inputs)
            with windowed(pipe, window):
                made = call().images[0]
        except RegistryError:
            raise
        except Exception as error:  # whatever a pipeline raises, it is this engine's fault
            if _out_of_memory(error):
                raise EngineOutOfMemory(f"{self.card.id}: {error}", cure="lower `max_side`") from error
            raise EngineFault(f"{self.card.id}: {error}") from error
        finally:
            pipe.scheduler = own
        return np.asarray(made, np.float32)

    def _watched(
        self, watch: Session, pipe: Any, call: Call, prompt: str, sampling: Sampling, seed: int, inputs: Mapping[str, Any]
    ) -> Call:  # fmt: skip
        """The same call, that makes an Observation for whoever watches."""
        from model_registry.engines.observe_call import Asked, observed, size_of

        asked = Asked(self.card, prompt, sampling, seed, self._loaded[0], *size_of(inputs))
        return functools.partial(observed, watch, pipe, asked, call)

    def _pipe_for(self, inputs: Mapping[str, Any]) -> Any:
        """The pipeline, or for a generator that starts from a picture the same parts as its image-to-image class."""
        if self.card.role != "generate" or "image" not in inputs:
            return self._pipe
        from diffusers import AutoPipelineForImage2Image

        pipe = AutoPipelineForImage2Image.from_pipe(self._pipe)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def undistilled(self, sampling: Sampling) -> bool:
        """Whether the scheduler asked for is one for distilled models and this is none."""
        return undistilled(self._pipe, sampling.scheduler)

    @property
    def tokenizers(self) -> tuple[Any, ...]:
        """The pipeline's own, in its order."""
        names = ("tokenizer", "tokenizer_2", "tokenizer_3")
        return tuple(found for name in names if (found := getattr(self._pipe, name, None)) is not None)

    @staticmethod
    def _arguments(pipe: Any, prompt: str, sampling: Sampling, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Only what is set, and nothing the pipeline would not take: a parameter is never silently dropped."""
        wanted: dict[str, Any] = {**inputs, "prompt": prompt}
        if sampling.steps is not None:
            wanted["num_inference_steps"] = sampling.steps
        if sampling.guidance is not None:
            wanted["guidance_scale"] = sampling.guidance
        if sampling.eta:
            wanted["eta"] = sampling.eta
        if sampling.negative:
            wanted["negative_prompt"] = sampling.negative
        if sampling.prompt_tokens:
            wanted["max_sequence_length"] = sampling.prompt_tokens
        if sampling.noise_level is not None:
            wanted["noise_level"] = sampling.noise_level
        taken = set(inspect.signature(type(pipe).__call__).parameters)
        if "mask_image" in wanted and "mask_image" not in taken:  # image to image: all of it is painted anew
            wanted = {name: value for name, value in wanted.items() if name in taken or name not in _PLACE}
        if not prompt and "prompt" not in taken:
            del wanted["prompt"]
        if "true_cfg_scale" in taken:  # guidance-distilled: a negative prompt would be accepted and ignored
            taken.discard("negative_prompt")
        unknown = set(wanted) - taken
        if unknown:
            raise EngineFault(f"{type(pipe).__name__} does not take {', '.join(sorted(unknown))}")
        return wanted

    def _concrete(self, dtype: str) -> str:
        if dtype != "auto":
            return dtype
        if self._device == "cpu":
            return "float32"
        import torch

        return "bfloat16" if torch.cuda.get_device_capability()[0] >= 8 else "float16"

    def _load(self, dtype: str, offload: str) -> None:
        """From disk, not by casting: what an earlier call rounded away must not show in a later one."""
        wanted = (dtype, "none" if self._device == "cpu" else offload)
        if wanted != self._loaded:
            self._pipe, self._loaded = None, ("", "")  # freed first: two copies need not fit
            self._pipe = load_pipeline(self.card, self._where, dtype, self._device, offload)
            self._loaded = wanted


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
