"""Trains the fill network: `python -m flows.training.fill_network.train --state FILE --photographs FOLDER…`.

The same command again goes on from the state; every step draws its own samples from the seed and its number, so a run
cut off and resumed ends as one that was not."""

from __future__ import annotations

import argparse
import hashlib
import logging
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from torch import Tensor

from flows.training.fill_network.losses import SOFT, fill_loss
from flows.training.fill_network.network import FillNetwork
from flows.training.fill_network.samples import SIZE, Album, Sample, sample
from flows.training.fill_network.state import keep, resume
from flows.training.text_origin.sources import Photograph, photographs, typefaces

HELD_OUT: Final = 8
"""One picture of so many, by the digest of its name, is never trained on."""
_WARM: Final = 200
_MEAN: Final = 0.998
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train."""

    steps: int = 6000
    cool: int = 1500
    """Last steps, over which the rate falls to nothing. Before them it does not depend on `steps`."""
    batch: int = 16
    size: int = SIZE
    rate: float = 8e-4
    seed: int = 4
    every: int = 250
    """Steps between two states kept."""
    second: int = 1500
    """From this step on a share of the samples is drawn, not photographed, and small errors count more."""
    drawn: float = 0.3
    soft: float = 2e-3

    def rate_at(self, step: int) -> float:
        """Of the step with this number, counted from 0."""
        return self.rate * min((step + 1) / _WARM, 1.0, (self.steps - step) / max(self.cool, 1))


def held_out(photograph: Photograph) -> bool:
    """Whether a picture is for measuring only."""
    return hashlib.sha256(photograph.name.encode()).digest()[0] % HELD_OUT == 0


def train(recipe: Recipe, album: Album, faces: tuple[str, ...], state: Path) -> FillNetwork:
    """Trains from the state, or from nothing, to the recipe's last step; gives the running mean of the weights."""
    torch.manual_seed(recipe.seed)
    network = FillNetwork()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    mean = deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), recipe.rate, weight_decay=1e-4)
    first, losses = resume(state, network, mean, optimiser), []
    for step in range(first, recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate_at(step)
        late = step >= recipe.second
        share, soft = (recipe.drawn, recipe.soft) if late else (0.0, SOFT)
        seeds = ([recipe.seed, step, n] for n in range(recipe.batch))
        batch = [sample(np.random.default_rng(s), album, faces, recipe.size, drawn=share) for s in seeds]
        losses.append(_learn(network, optimiser, tensors(batch), soft))
        _follow(mean, network, min(_MEAN, (step + 1) / (step + 10)))
        if (step + 1) % recipe.every == 0 or step + 1 == recipe.steps:
            keep(state, step + 1, network, mean, optimiser)
            _log.info("step %d: loss %.5f", step + 1, float(np.mean(losses)))
            losses.clear()
    return mean.eval()


def tensors(samples: Sequence[Sample]) -> tuple[Tensor, Tensor]:
    """Pictures N×3×H×W and masks N×1×H×W."""
    truth = np.stack([s.truth for s in samples]).transpose(0, 3, 1, 2)
    zones = np.stack([s.hole for s in samples])[:, None].astype(np.float32)
    return torch.from_numpy(truth.copy()), torch.from_numpy(zones)


def _learn(
    network: FillNetwork, optimiser: torch.optim.Optimizer, batch: tuple[Tensor, Tensor], soft: float
) -> float:
    truth, mask = batch
    optimiser.zero_grad(set_to_none=True)
    loss = fill_loss(network(truth, mask), truth, mask, soft)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 0.5)
    optimiser.step()
    return float(loss.detach())


@torch.no_grad()
def _follow(mean: FillNetwork, network: FillNetwork, share: float) -> None:
    for slow, quick in zip(mean.parameters(), network.parameters(), strict=True):
        slow.lerp_(quick, 1 - share)


def main(argv: Sequence[str] | None = None) -> None:
    """Trains, on one thread, and keeps the state."""
    given = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    found = photographs(given.photographs, tuple(given.leave_out), given.most)
    pictures = [p for p in found if not held_out(p)] or found
    _log.info("%d pictures, %d held out", len(pictures), len(found) - len(pictures))
    recipe = Recipe(given.steps, given.cool, given.batch, given.size, seed=given.seed, second=given.second)
    train(recipe, Album.of(pictures), typefaces(given.fonts), given.state)


def parser() -> argparse.ArgumentParser:
    """Its command line; the measuring shares what names the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="safetensors file, made or gone on from")
    parser.add_argument("--photographs", type=Path, nargs="*", default=[], help="folders; scikit-image's without any")  # fmt: skip
    parser.add_argument(
        "--leave-out", nargs="*", default=[], help="beginnings of names of pictures not to use"
    )
    parser.add_argument(
        "--most", type=int, default=10_000, help="pictures of a folder, spread evenly over it"
    )
    parser.add_argument("--fonts", type=Path, nargs="*", default=[], help="folders with more typefaces")
    parser.add_argument("--steps", type=int, default=Recipe().steps)
    parser.add_argument("--cool", type=int, default=Recipe().cool)
    parser.add_argument("--batch", type=int, default=Recipe().batch)
    parser.add_argument("--size", type=int, default=Recipe().size)
    parser.add_argument("--second", type=int, default=Recipe().second)
    parser.add_argument("--seed", type=int, default=Recipe().seed)
    return parser


if __name__ == "__main__":
    main()
