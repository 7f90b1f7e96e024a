"""Listens to a scheduler while it samples: times, and the clean latent predicted at each step."""

from __future__ import annotations

import functools
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model_registry.engines.observe_clean import predicted_clean
from model_registry.engines.observe_grid import evenly, grid

MOST_BYTES: Final = 64 << 20
"""Of latents kept for the curves; larger ones are kept as averages of 2×2, 4×4, … cells."""


class Steps:
    """What a scheduler does, step by step. One call; the scheduler must be that call's own.

    Its `step` is wrapped, which every pipeline calls, with or without callbacks; what it is given and what it returns pass
    unchanged, and nothing is drawn."""

    def __init__(self, pictures: int, attended: int, aspect: float) -> None:
        self._pictures, self._attended, self._aspect = pictures, attended, aspect
        self._plan: tuple[tuple[int, ...], tuple[int, ...]] = ((0,), (0,))
        self._factor = 1
        self.at = 0
        """The step under way."""
        self.timesteps: list[float] = []
        self.curve: list[NDArray[np.float32]] = []
        """C×h×w each, reduced where the bound asks for it."""
        self.whole: dict[int, Tensor] = {}
        """Latents as the autoencoder takes them (1×…), of the steps to be pictured; float32 on the CPU."""
        self.notes: dict[str, None] = {}

    def attach(self, scheduler: Any) -> None:
        """Listen to `scheduler` from now on."""
        inner = scheduler.step

        @functools.wraps(inner)  # pipelines look at its signature
        def step(model_output: Tensor, timestep: Any, sample: Tensor, *args: Any, **kwargs: Any) -> Any:
            result = inner(model_output, timestep, sample, *args, **kwargs)
            try:
                self._listen(scheduler, model_output, timestep, sample, result)
            except Exception as error:  # what is watched must not fail because of the watcher
                self.notes[f"steps: {type(error).__name__}: {error}"] = None
            self.at += 1
            return result

        scheduler.step = step

    def attends(self) -> bool:
        """Whether attention is kept at the step under way."""
        return self.at in self._plan[1] and self._attended > 0

    @property
    def pictured(self) -> tuple[int, ...]:
        return tuple(sorted(self.whole))

    def _listen(self, scheduler: Any, output: Tensor, timestep: Any, sample: Tensor, result: Any) -> None:
        self.timesteps.append(float(timestep))
        if self.at == 0:
            total = _remaining(scheduler, timestep)
            self._plan = evenly(total, self._pictures), evenly(total, self._attended)
            self._factor = _reduction(sample[0].numel() * 4 * total)
            if self._factor > 1:
                self.notes[f"curves are of latents averaged over {self._factor}×{self._factor} cells"] = None
        clean, how = predicted_clean(scheduler, output, timestep, sample, result)
        self.notes[f"the predicted clean latent is {how}"] = None
        one = clean[:1].detach().to("cpu", torch.float32, copy=True)
        if self.at in self._plan[0]:
            self.whole[self.at] = one
        self.curve.append(_reduced(_planes(one, self._aspect), self._factor))


def _remaining(scheduler: Any, timestep: Any) -> int:
    """Steps of a call, seen at its first one: a pipeline that starts part of the way in skips the scheduler's first."""
    times = scheduler.timesteps.tolist()
    here = float(timestep)
    return len(times) - next((n for n, t in enumerate(times) if t == here), 0)


def _reduction(size: int) -> int:
    factor = 1
    while size > MOST_BYTES * factor * factor:
        factor *= 2
    return factor


def _planes(latent: Tensor, aspect: float) -> Tensor:
    """C×h×w of a latent 1×C×h×w, 1×C×1×h×w, or 1×N×C as a sequence of patches."""
    if latent.ndim == 3:
        cells = grid(latent.shape[1], aspect)
        rows, columns = cells or (latent.shape[1], 1)
        return latent[0].T.reshape(-1, rows, columns)
    return latent[0].reshape(-1, *latent.shape[-2:])


def _reduced(planes: Tensor, factor: int) -> NDArray[np.float32]:
    if factor > 1:
        planes = torch.nn.functional.avg_pool2d(planes[None], factor, ceil_mode=True)[0]
    return np.array(planes.numpy(), np.float32)
