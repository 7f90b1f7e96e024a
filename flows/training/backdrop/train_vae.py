"""Trains the autoencoder: `python -m flows.training.backdrop.train_vae --pictures FILE --state FILE`.

The same command again goes on from the state; every step draws its own crops from the seed and its number, so a run cut
off and resumed ends as one that was not."""

from __future__ import annotations

import argparse
import logging
import math
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

from flows.training.backdrop.pictures import picture, scene_of, stored
from flows.training.backdrop.resuming import resumed
from flows.training.backdrop.vae import FACTOR, LATENT, WIDTHS, new_vae, vae_loss
from flows.training.fill_network.state import keep

_WARM: Final = 100
_MEAN: Final = 0.998
_UNSEEN: Final = 12
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train."""

    steps: int = 2500
    batch: int = 5
    patch: int = 96
    """Side of a crop, px."""
    rate: float = 1e-3
    pictures: int = 3000
    """How many of the file's are learnt from: the first."""
    widths: tuple[int, ...] = WIDTHS
    seed: int = 6
    every: int = 200
    """Steps between two states kept."""

    def rate_at(self, step: int) -> float:
        """Of the step with this number, counted from 0: a short rise, then half a cosine."""
        fall = 0.5 * (1 + math.cos(math.pi * step / self.steps))
        return self.rate * min((step + 1) / _WARM, 1.0) * max(fall, 0.01)


def train(recipe: Recipe, pictures: NDArray[np.uint8], state: Path, seconds: float = 0.0) -> Any:
    """Trains from the state, or from nothing, to the recipe's last step; gives the running mean of the weights.

    pictures: n×H×W×3. seconds: stops after so many, state kept, to be gone on with later; 0 = never."""
    torch.manual_seed(recipe.seed)
    vae = new_vae(recipe.widths).to(memory_format=torch.channels_last)
    mean = deepcopy(vae).eval()
    optimiser = torch.optim.Adam(vae.parameters(), recipe.rate, betas=(0.9, 0.99), fused=True)
    first, began, losses = resumed(state, vae, mean, optimiser), time.monotonic(), [0.0][:0]
    for step in range(first, recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate_at(step)
        losses.append(_learn(vae, optimiser, *batch_of(recipe, pictures, step)))
        _follow(mean, vae, min(_MEAN, (step + 1) / (step + 10)))
        late = bool(seconds) and time.monotonic() - began > seconds
        if late or (step + 1) % recipe.every == 0 or step + 1 == recipe.steps:
            keep(state, step + 1, vae, mean, optimiser)
            _log.info("step %d: loss %.5f, unseen %.2f dB", step + 1, np.mean(losses), decibels(mean))
            losses.clear()
        if late:
            break
    return mean.eval()


def batch_of(recipe: Recipe, pictures: NDArray[np.uint8], step: int) -> tuple[Tensor, Tensor]:
    """Crops, −1 to 1, and the noise of their latents: always the same for a step."""
    rng = np.random.default_rng([recipe.seed, step])
    side, least = recipe.patch, min(recipe.pictures, len(pictures))
    crops = []
    for _ in range(recipe.batch):
        one = pictures[int(rng.integers(least))]
        y, x = (int(rng.integers(edge - side + 1)) for edge in one.shape[:2])
        crop = one[y : y + side, x : x + side]
        crops.append(crop[:, ::-1] if rng.random() < 0.5 else crop)
    small = side // FACTOR
    noise = rng.standard_normal((recipe.batch, LATENT, small, small), np.float32)
    return planar(np.stack(crops)), torch.from_numpy(noise)


def planar(pictures: NDArray[np.uint8]) -> Tensor:
    """N×H×W×3 levels to N×3×H×W, −1 to 1, in memory as it was: channels last."""
    return torch.from_numpy(pictures.astype(np.float32)).permute(0, 3, 1, 2).div_(127.5).sub_(1)


@torch.no_grad()
def decibels(vae: Any, count: int = _UNSEEN) -> float:
    """Mean PSNR of held-out pictures coded and decoded."""
    found = []
    for number in range(count):
        truth = planar(picture(scene_of(number, held_out=True))[None])
        made = vae.decode(vae.encode(truth).latent_dist.mean).sample.clamp(-1, 1)
        found.append(10 * math.log10(4 / max(float((made - truth).square().mean()), 1e-9)))
    return float(np.mean(found))


def _learn(vae: Any, optimiser: torch.optim.Optimizer, pictures: Tensor, noise: Tensor) -> float:
    optimiser.zero_grad(set_to_none=True)
    loss = vae_loss(vae, pictures, noise)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
    optimiser.step()
    return float(loss.detach())


@torch.no_grad()
def _follow(mean: Any, network: Any, share: float) -> None:
    torch._foreach_lerp_(list(mean.parameters()), list(network.parameters()), 1 - share)


def main(argv: Sequence[str] | None = None) -> None:
    """Trains and keeps the state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True, help="what `pictures` wrote")
    parser.add_argument("--state", type=Path, required=True, help="safetensors file, made or gone on from")
    parser.add_argument("--minutes", type=float, default=0.0, help="stop after so many; the state is kept")
    parser.add_argument("--threads", type=int, default=1)
    for name, kind in (("steps", int), ("batch", int), ("patch", int), ("rate", float), ("pictures", int), ("seed", int),
                       ("every", int)):  # fmt: skip
        dest = {"pictures": "first"}.get(name, name)
        parser.add_argument(f"--{dest}", type=kind, default=getattr(Recipe(), name))
    given = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(given.threads)
    recipe = Recipe(
        given.steps, given.batch, given.patch, given.rate, given.first, WIDTHS, given.seed, given.every
    )
    train(recipe, stored(given.pictures), given.state, 60 * given.minutes)


if __name__ == "__main__":
    main()
