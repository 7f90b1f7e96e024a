"""Goes on with the decoder alone: `python -m flows.training.backdrop.train_decoder --pictures FILE --latents FOLDER --state FILE`.

Latents stay what they are, so this may run beside the generator's own training. The same command again goes on from the
state; every step draws its own crops from the seed and its number."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from flows.training.backdrop.latents import open_latents, read_vae
from flows.training.backdrop.pictures import stored
from flows.training.backdrop.resuming import resumed
from flows.training.backdrop.texture import decoded_loss
from flows.training.backdrop.train_vae import decibels, planar
from flows.training.backdrop.vae import FACTOR
from flows.training.fill_network.state import keep

_WARM: Final = 50
_MEAN: Final = 0.998
_SHAKEN: Final = 0.1
"""Deviation of the noise put on latents of deviation 1."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train."""

    steps: int = 2000
    cool: int = 1200
    batch: int = 4
    patch: int = 12
    """Side of a crop, latent px."""
    rate: float = 1e-3
    pictures: int = 12_000
    seed: int = 8
    every: int = 200

    def rate_at(self, step: int) -> float:
        """Of the step with this number, counted from 0."""
        return self.rate * min((step + 1) / _WARM, 1.0, (self.steps - step) / max(self.cool, 1))


def train(
    recipe: Recipe, vae: Any, pictures: NDArray[np.uint8], latents: NDArray[np.float16], state: Path, seconds: float = 0.0
) -> Any:  # fmt: skip
    """Trains from the state, or from `vae`, to the last step; gives the autoencoder with the running mean of the decoder."""
    vae = vae.to(memory_format=torch.channels_last)
    for fixed in (vae.encoder, vae.quant_conv):
        fixed.requires_grad_(False)
    mean = deepcopy(vae).eval()
    learning = [p for p in vae.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(learning, recipe.rate, betas=(0.9, 0.99), fused=True)
    first, began, losses = resumed(state, vae, mean, optimiser), time.monotonic(), [0.0][:0]
    for step in range(first, recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate_at(step)
        optimiser.zero_grad(set_to_none=True)
        shown, truth = batch_of(recipe, pictures, latents, step)
        loss = decoded_loss(vae.decode(shown).sample, truth)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        with torch.no_grad():
            share = min(_MEAN, (step + 1) / (step + 10))
            torch._foreach_lerp_(list(mean.parameters()), list(vae.parameters()), 1 - share)
        late = bool(seconds) and time.monotonic() - began > seconds
        if late or (step + 1) % recipe.every == 0 or step + 1 == recipe.steps:
            keep(state, step + 1, vae, mean, optimiser)
            _log.info("step %d: loss %.5f, unseen %.2f dB", step + 1, np.mean(losses), decibels(mean))
            losses.clear()
        if late:
            break
    return mean


def batch_of(
    recipe: Recipe, pictures: NDArray[np.uint8], latents: NDArray[np.float16], step: int
) -> tuple[Tensor, Tensor]:
    """Crops of latents, a little noise on them, and of the pictures they stand for."""
    rng = np.random.default_rng([recipe.seed, step])
    given, wanted = [], []
    for _ in range(recipe.batch):
        n = int(rng.integers(min(recipe.pictures, len(latents))))
        y, x = (int(rng.integers(edge - recipe.patch + 1)) for edge in latents.shape[2:])
        given.append(latents[n, :, y : y + recipe.patch, x : x + recipe.patch].astype(np.float32))
        top, left, side = y * FACTOR, x * FACTOR, recipe.patch * FACTOR
        wanted.append(pictures[n, top : top + side, left : left + side])
    shown = np.stack(given)
    shown += np.float32(_SHAKEN) * rng.standard_normal(shown.shape, np.float32)
    return torch.from_numpy(shown), planar(np.stack(wanted))


def main(argv: Sequence[str] | None = None) -> None:
    """Trains and keeps the state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True, help="what `pictures` wrote")
    parser.add_argument("--latents", type=Path, required=True, help="folder that `latents` wrote")
    parser.add_argument("--state", type=Path, required=True, help="safetensors file, made or gone on from")
    parser.add_argument("--minutes", type=float, default=0.0, help="stop after so many; the state is kept")
    for name, kind in (("steps", int), ("cool", int), ("batch", int), ("rate", float), ("every", int)):
        parser.add_argument(f"--{name}", type=kind, default=getattr(Recipe(), name))
    given = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    recipe = Recipe(given.steps, given.cool, given.batch, rate=given.rate, every=given.every)
    latents = open_latents(given.latents / "latents.f16")
    train(recipe, read_vae(given.latents), stored(given.pictures), latents, given.state, 60 * given.minutes)


if __name__ == "__main__":
    main()
