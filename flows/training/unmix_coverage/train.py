"""Trains the coverage network: `python -m flows.training.unmix_coverage.train --out FILE --steps N`."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from flows.training.unmix_coverage.batches import BATCH, Batch, Features, Pool, rounds
from flows.training.unmix_coverage.data import pool_of
from flows.training.unmix_coverage.network import CoverageNetwork, fresh, packed, unpacked
from flows.training.unmix_coverage.sources import photographs, typefaces

RATE, LOWEST = 2.5e-3, 0.02
"""Adam's learning rate at the start, and the share of it that stays at the end."""
REFRESHED = (1, 4, 8, 14, 20, 28)
"""Epochs after which the second round's evidence is made anew."""
_FLOOR = 2e-5
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run depends on besides its sources."""

    steps: int = 486
    """Batches of samples: three epochs of the default pool."""
    samples: int = 2600
    seed: int = 0


@dataclass(slots=True)
class Progress:
    """A run under way, at the end of an epoch."""

    network: CoverageNetwork
    optimiser: torch.optim.Adam
    epoch: int = 0
    step: int = 0
    guesser: CoverageNetwork | None = None
    """As the network was when the second round's evidence was last made."""


def loss_of(found: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Squared error of the recovered pixels, its logarithm a sample, so that faint overlays count too, and of the coverage."""
    inside = batch.features[:, 4]
    error = (found - batch.coverage) ** 2 * inside
    each = (error * batch.importance**2).sum((1, 2)) / inside.sum((1, 2))
    return 0.1 * torch.log10(each + _FLOOR).mean() + each.mean() + 0.01 * error.sum() / inside.sum()


def trained(
    recipe: Recipe, pool: Pool, start: CoverageNetwork | None = None, checkpoint: Path | None = None
) -> CoverageNetwork:
    """The network after `recipe.steps` steps. checkpoint: written after each epoch, and gone on from where it exists.

    Raises ValueError for a pool smaller than a batch and for a checkpoint of another recipe, start or pool."""
    if len(pool.samples) < BATCH:
        raise ValueError(f"at least {BATCH} samples are needed")
    network = start or fresh(recipe.seed)
    run = Progress(network, torch.optim.Adam(network.parameters(), RATE))
    identity = {**asdict(recipe), "pool": pool.digest(), "started": start is not None}
    if checkpoint is not None and checkpoint.exists():
        _restore(run, checkpoint, identity)
    second = None if run.guesser is None else pool.second(run.guesser)
    while run.step < recipe.steps:
        finished = _epoch(run, recipe, pool, second)
        if not finished:
            break
        if run.epoch in REFRESHED:
            run.guesser = unpacked(packed(run.network))
            second = pool.second(run.guesser)
        if checkpoint is not None:
            _save(run, checkpoint, identity)
    return run.network


def _epoch(run: Progress, recipe: Recipe, pool: Pool, second: Features | None) -> bool:
    """Whether it came to its end before the steps did."""
    for group in run.optimiser.param_groups:
        group["lr"] = RATE * max(1 - run.step / recipe.steps, LOWEST)
    losses: list[float] = []
    for views in rounds(pool, second, np.random.default_rng((recipe.seed, 1 + run.epoch))):
        if run.step == recipe.steps:
            return False
        losses += [_update(run, batch) for batch in views]
        run.step += 1
    run.epoch += 1
    _log.info("epoch %d, step %d: mean loss %.5f", run.epoch, run.step, float(np.mean(losses)))
    return True


def _update(run: Progress, batch: Batch) -> float:
    loss = loss_of(run.network(batch.features), batch)
    run.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    run.optimiser.step()
    return float(loss.detach())


def _save(run: Progress, path: Path, identity: dict[str, Any]) -> None:
    state = {
        "identity": identity,
        "network": run.network.state_dict(),
        "optimiser": run.optimiser.state_dict(),
        "epoch": run.epoch,
        "step": run.step,
        "guesser": None if run.guesser is None else run.guesser.state_dict(),
    }
    part = path.with_name(path.name + ".part")
    torch.save(state, part)
    os.replace(part, path)


def _restore(run: Progress, path: Path, identity: dict[str, Any]) -> None:
    state = torch.load(path, weights_only=True)
    if state["identity"] != identity:
        raise ValueError(f"{path} belongs to another run")
    run.network.load_state_dict(state["network"])
    run.optimiser.load_state_dict(state["optimiser"])
    run.epoch, run.step = state["epoch"], state["step"]
    if state["guesser"] is not None:
        run.guesser = CoverageNetwork()
        run.guesser.load_state_dict(state["guesser"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the command line, trains, writes the weights."""
    from safetensors.numpy import load_file, save_file

    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)  # sums in one order, whatever the machine
    cv2.setNumThreads(1)
    recipe = Recipe(given.steps, given.samples, given.seed)
    pictures, faces = photographs(given.photographs), typefaces(given.fonts)
    pool = Pool.of(pool_of(np.random.default_rng((recipe.seed, 0)), pictures, faces, recipe.samples))
    start = None if given.start is None else unpacked(load_file(given.start))
    network = trained(recipe, pool, start, given.checkpoint)
    part = given.out.with_name(given.out.name + ".part")
    save_file(packed(network), part)
    os.replace(part, given.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="safetensors file to write")
    parser.add_argument("--steps", type=int, default=Recipe().steps, help=f"batches of {BATCH} samples")
    parser.add_argument("--samples", type=int, default=Recipe().samples, help="size of the pool")
    parser.add_argument("--seed", type=int, default=Recipe().seed)
    parser.add_argument("--photographs", type=Path, help="folder of pictures; scikit-image's by default")
    parser.add_argument(
        "--fonts", type=Path, nargs="*", default=(), help="folders of fonts, besides matplotlib's"
    )
    parser.add_argument("--checkpoint", type=Path, help="kept after each epoch; gone on from if it exists")
    parser.add_argument("--start", type=Path, help="weights to start from instead of random ones")
    return parser


if __name__ == "__main__":
    main()
