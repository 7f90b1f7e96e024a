"""Trains an upscaling network: `python -m flows.training.upscale_network.train --state FILE --photographs FOLDER…`.

The same command again goes on from the state; every step draws its own samples from the seed and its number, so a run
cut off and resumed ends as one that was not."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from flows.training.fill_network.state import keep, resume
from flows.training.upscale_network.measure import HeldOut
from flows.training.upscale_network.network import SIZES, UpscaleNetwork, inner
from flows.training.upscale_network.pictures import Split, read_pictures
from flows.training.upscale_network.samples import Album, sample, tensors

_WARM: Final = 100
_MEAN: Final = 0.998
_LUMA: Final = (0.299, 0.587, 0.114)
_SOFT: Final = 1e-6
"""Below about a quarter of a level, squared, errors count as squares."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train."""

    size: str = "tiny"
    scale: int = 2
    catalogue: bool = False
    steps: int = 20_000
    cool: int = 4_000
    """Last steps, over which the rate falls to nothing. Before them it does not depend on `steps`."""
    batch: int = 16
    patch: int = 52
    """Side of a sample, px of the small picture; the network's reach around it is only looked at."""
    rate: float = 1e-3
    seed: int = 5
    every: int = 500
    """Steps between two states kept."""

    def rate_at(self, step: int) -> float:
        """Of the step with this number, counted from 0."""
        return self.rate * min((step + 1) / _WARM, 1.0, (self.steps - step) / max(self.cool, 1))


def new_network(recipe: Recipe, start: Path | None = None) -> UpscaleNetwork:
    """By the recipe's seed; start: a state whose weights are taken over as far as their shapes agree."""
    torch.manual_seed(recipe.seed)
    network = UpscaleNetwork(SIZES[recipe.size], recipe.scale)
    if start is not None:
        take_over(network, start)
    return network


def train(
    recipe: Recipe,
    album: Album,
    held: HeldOut | None,
    state: Path,
    start: Path | None = None,
    seconds: float = 0.0,
) -> UpscaleNetwork:
    """Trains from the state, or from `start` or nothing, to the recipe's last step; gives the running mean of the weights.

    seconds: stops after so many, state kept, to be gone on with later; 0 = never."""
    network = new_network(recipe, start)
    mean = deepcopy(network).eval()
    optimiser = torch.optim.Adam(network.parameters(), recipe.rate, betas=(0.9, 0.99), fused=True)
    first, began = resume(state, network, mean, optimiser), time.monotonic()
    losses: list[float] = []
    for step in range(first, recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate_at(step)
        losses.append(_learn(network, optimiser, batch_of(recipe, album, step)))
        _follow(mean, network, min(_MEAN, (step + 1) / (step + 10)))
        late = bool(seconds) and time.monotonic() - began > seconds
        if late or (step + 1) % recipe.every == 0 or step + 1 == recipe.steps:
            keep(state, step + 1, network, mean, optimiser)
            _note(state, step + 1, float(np.mean(losses)), held.decibels(mean) if held else 0.0)
            losses.clear()
        if late:
            break
    return mean.eval()


def take_over(network: nn.Module, start: Path) -> None:
    """Puts the running mean of another run's state into `network` wherever names and shapes agree."""
    from safetensors import safe_open

    own = network.state_dict()
    with safe_open(start, "pt") as file:
        for name in own:
            if f"mean.{name}" in file.keys():  # noqa: SIM118  (it is no dict)
                given = file.get_tensor(f"mean.{name}")
                own[name] = given if given.shape == own[name].shape else own[name]
    network.load_state_dict(own)


def batch_of(recipe: Recipe, album: Album, step: int) -> tuple[Tensor, Tensor]:
    """The samples of one step: always the same."""
    rngs: Iterator[np.random.Generator] = (
        np.random.default_rng([recipe.seed, step, n]) for n in range(recipe.batch)
    )
    return tensors([sample(rng, album, recipe.patch, recipe.catalogue) for rng in rngs])


def loss_of(made: Tensor, truth: Tensor) -> Tensor:
    """Charbonnier (Lai and others 2017) of the colours and, once more, of the luma the field scores."""
    off = made - truth
    luma = torch.einsum("nchw,c->nhw", off, torch.tensor(_LUMA))
    return torch.sqrt(off * off + _SOFT).mean() + torch.sqrt(luma * luma + _SOFT).mean()


def _learn(network: UpscaleNetwork, optimiser: torch.optim.Optimizer, batch: tuple[Tensor, Tensor]) -> float:
    optimiser.zero_grad(set_to_none=True)
    loss = loss_of(network(batch[0]), inner(batch[1], network.reach * network.scale))
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 0.5)
    optimiser.step()
    return float(loss.detach())


@torch.no_grad()
def _follow(mean: nn.Module, network: nn.Module, share: float) -> None:
    torch._foreach_lerp_(list(mean.parameters()), list(network.parameters()), 1 - share)


def _note(state: Path, step: int, loss: float, held: float) -> None:
    """One line of the curve, beside the state."""
    curve = state.with_suffix(".csv")
    with curve.open("a", encoding="utf-8") as file:
        file.write(f"{step},{loss:.5f},{held:.3f}\n")
    _log.info("step %d: loss %.5f, held out %.3f dB", step, loss, held)


def main(argv: Sequence[str] | None = None) -> None:
    """Trains and keeps the state."""
    given = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)
    split = Split.read()
    catalogue = given.degradation == "catalogue"
    recipe = Recipe(given.size, given.scale, catalogue, given.steps, given.cool, given.batch, given.patch,
                    given.rate, given.seed, given.every)  # fmt: skip
    album = Album.of(read_pictures(given.photographs, split, given.most), recipe.scale, recipe.patch)
    held = HeldOut.of(
        read_pictures(given.photographs, split, given.most, held_out=True), recipe.scale, catalogue
    )
    _log.info(
        "%d pictures, %d places, %d crops held out", len(album.large), len(album.places), len(held.pairs)
    )
    train(recipe, album, held, given.state, given.start, 60 * given.minutes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path, nargs="+", required=True, help="folders")
    parser.add_argument("--size", choices=sorted(SIZES), default="tiny")
    parser.add_argument("--scale", type=int, choices=(1, 2, 3, 4), default=2, help="1: cleaning")
    parser.add_argument("--degradation", choices=("bicubic", "catalogue"), default="bicubic")
    parser.add_argument("--state", type=Path, required=True, help="safetensors file, made or gone on from")
    parser.add_argument(
        "--from", dest="start", type=Path, help="another run's state, whose weights it begins with"
    )
    parser.add_argument("--minutes", type=float, default=0.0, help="stop after so many; the state is kept")
    parser.add_argument("--most", type=int, default=150, help="pictures of a folder, spread evenly over it")
    parser.add_argument("--threads", type=int, default=1)
    for name, kind in (("steps", int), ("cool", int), ("batch", int), ("patch", int), ("rate", float), ("seed", int),
                       ("every", int)):  # fmt: skip
        parser.add_argument(f"--{name}", type=kind, default=getattr(Recipe(), name))
    return parser


if __name__ == "__main__":
    main()
