"""Trains the generator: `python -m flows.training.backdrop.train --latents FOLDER --state FILE`.

The same command again goes on from the state; every step draws its own samples from the seed and its number, so a run cut
off and resumed ends as one that was not, on one process or two."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from flows.training.backdrop.latents import open_latents, read_vae
from flows.training.backdrop.network import Size
from flows.training.backdrop.painter import Painter, held_out_shelf, loss_of
from flows.training.backdrop.resuming import resumed
from flows.training.backdrop.samples import Batch, Shelf, part
from flows.training.backdrop.sharing import Team
from flows.training.backdrop.words import new_tokenizer
from flows.training.fill_network.state import keep

_WARM: Final = 200
_MEAN: Final = 0.999
SHARES: Final = 2
"""A batch is worked off in so many parts whose gradients are added, by one process in turn or by two at once."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train."""

    steps: int = 3100
    cool: int = 1400
    """Last steps, over which the rate falls to nothing. Before them it does not depend on `steps`."""
    batch: int = 32
    rate: float = 1e-3
    seed: int = 6
    every: int = 250
    """Steps between two states kept."""
    second: int = 1000
    """From this step on a share of the noise is drawn from the middle of the schedule alone."""
    middle: float = 0.5
    size: Size = field(default_factory=Size)

    def rate_at(self, step: int) -> float:
        """Of the step with this number, counted from 0."""
        return self.rate * min((step + 1) / _WARM, 1.0, (self.steps - step) / max(self.cool, 1))


def train(
    recipe: Recipe, shelf: Shelf, unseen: Shelf | None, state: Path, team: Team | None = None, seconds: float = 0.0
) -> Painter:  # fmt: skip
    """Trains from the state, or from nothing, to the recipe's last step; gives the running mean of the weights.

    team: the process's place among several; None = alone. seconds: stops after so many, state kept; 0 = never."""
    team = team or Team(0, 1)
    torch.manual_seed(recipe.seed)
    painter = Painter.new(recipe.size, shelf.tokenizer)
    mean = deepcopy(painter).eval()
    optimiser = torch.optim.AdamW(painter.parameters(), recipe.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True)  # fmt: skip
    first, began = resumed(state, painter, mean, optimiser), time.monotonic()
    losses: list[float] = []
    for step in range(first, recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate_at(step)
        rng, middle = np.random.default_rng([recipe.seed, step]), recipe.middle * (step >= recipe.second)
        batch = shelf.batch(rng, recipe.batch, middle=middle)
        losses.append(_learn(painter, optimiser, batch, team))
        _follow(mean, painter, min(_MEAN, (step + 1) / (step + 10)))
        late = team.agreed(bool(seconds) and time.monotonic() - began > seconds)
        if team.first and (late or (step + 1) % recipe.every == 0 or step + 1 == recipe.steps):
            keep(state, step + 1, painter, mean, optimiser)
            _note(state, recipe, step + 1, float(np.mean(losses)), _unseen_loss(mean, unseen))
            losses.clear()
        if late:
            break
    return mean.eval()


def _learn(painter: Painter, optimiser: torch.optim.Optimizer, batch: Batch, team: Team) -> float:
    """One step; the loss is that of the process's own parts."""
    optimiser.zero_grad(set_to_none=True)
    found = []
    for share in range(team.number, SHARES, team.of):
        loss = loss_of(painter, part(batch, share, SHARES)) / SHARES
        loss.backward()  # type: ignore[no-untyped-call]
        found.append(float(loss.detach()) * SHARES)
    team.add_up([p.grad for p in painter.parameters() if p.grad is not None])
    torch.nn.utils.clip_grad_norm_(painter.parameters(), 1.0)
    optimiser.step()
    return float(np.mean(found))


@torch.no_grad()
def _unseen_loss(painter: Painter, unseen: Shelf | None) -> float:
    """On the same noise each time; 0 without a shelf."""
    if unseen is None:
        return 0.0
    batch = unseen.batch(np.random.default_rng(1), len(unseen.scenes), plain=True)
    return float(loss_of(painter, batch))


@torch.no_grad()
def _follow(mean: nn.Module, network: nn.Module, share: float) -> None:
    torch._foreach_lerp_(list(mean.parameters()), list(network.parameters()), 1 - share)


def _note(state: Path, recipe: Recipe, step: int, loss: float, unseen: float) -> None:
    """One line of the curve, beside the state: step, pictures seen, loss since the last line, loss on held-out scenes."""
    with state.with_suffix(".csv").open("a", encoding="utf-8") as file:
        file.write(f"{step},{step * recipe.batch},{loss:.5f},{unseen:.5f}\n")
    _log.info("step %d: loss %.5f, held out %.5f", step, loss, unseen)


def _work(number: int, given: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    tokenizer = new_tokenizer()
    shelf = Shelf.of(open_latents(given.latents / "latents.f16"), tokenizer)
    unseen = held_out_shelf(read_vae(given.latents), tokenizer) if number == 0 else None
    recipe = Recipe(given.steps, given.cool, given.batch, given.rate, given.seed, given.every, given.second)
    with Team.joined(number, given.processes, given.state.with_suffix(".meeting")) as team:
        train(recipe, shelf, unseen, given.state, team, 60 * given.minutes)


def main(argv: Sequence[str] | None = None) -> None:
    """Trains and keeps the state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", type=Path, required=True, help="folder that `latents` wrote")
    parser.add_argument("--state", type=Path, required=True, help="safetensors file, made or gone on from")
    parser.add_argument("--minutes", type=float, default=0.0, help="stop after so many; the state is kept")
    parser.add_argument("--processes", type=int, choices=(1, 2), default=1)
    for name, kind in (("steps", int), ("cool", int), ("batch", int), ("rate", float), ("seed", int), ("every", int),
                       ("second", int)):  # fmt: skip
        parser.add_argument(f"--{name}", type=kind, default=getattr(Recipe(), name))
    given = parser.parse_args(argv)
    if given.processes == 1:
        _work(0, given)
        return
    given.state.with_suffix(".meeting").unlink(missing_ok=True)
    spawn: Any = torch.multiprocessing.spawn  # type: ignore[attr-defined]
    spawn(_work, (given,), nprocs=given.processes)


if __name__ == "__main__":
    main()
