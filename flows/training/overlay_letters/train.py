"""Trains the network of overlay letters: `python -m flows.training.overlay_letters.train --out FOLDER --photographs FOLDER…`."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from flows.training.overlay_letters.feeding import Feed
from flows.training.overlay_letters.learning import Learner, Recipe
from flows.training.overlay_letters.pictures import held_out, with_boxes
from flows.training.text_origin.sources import photographs, typefaces
from flows.training.text_origin.train import BOXES

CHECKPOINT = "checkpoint.pt"
_log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Learns up to `--steps`, going on from the folder's checkpoint; export is a command of its own."""
    given = _parsed(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    given.out.mkdir(parents=True, exist_ok=True)
    pictures = photographs(given.photographs, tuple(given.leave_out), given.most)
    pictures = with_boxes(pictures, given.boxes)
    shown = [p for p in pictures if not held_out(p.name)] or pictures
    _log.info("%d photographs, %d of them held out", len(pictures), len(pictures) - len(shown))
    feed = Feed(given.seed, shown, typefaces(given.fonts), given.side)
    run(feed, Recipe(steps=given.steps, seed=given.seed), given.out, given.every)


def run(feed: Feed, recipe: Recipe, folder: Path, every: int = 200) -> Learner:
    """Learns until `recipe.steps` and writes the checkpoint every so many steps; goes on where one was left."""
    learner, checkpoint = Learner(recipe), folder / CHECKPOINT
    if checkpoint.exists():
        learner.load(checkpoint)
    began, lately = time.monotonic(), 0.0
    while learner.step < recipe.steps:
        pictures, labels = feed.batch(learner.step)
        lately += (learner.learn(torch.from_numpy(pictures), torch.from_numpy(labels)) - lately) / 50
        if learner.step % every == 0 or learner.step == recipe.steps:
            learner.save(checkpoint)
            _log.info("step %d, loss %.4f, %.0f s", learner.step, lately, time.monotonic() - began)
    return learner


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run: its checkpoint")
    parser.add_argument(
        "--photographs", type=Path, nargs="*", default=[], help="folders; scikit-image's without any"
    )
    parser.add_argument(
        "--leave-out", nargs="*", default=[], help="beginnings of names of pictures not to use"
    )
    parser.add_argument(
        "--most", type=int, default=10_000, help="pictures of a folder, spread evenly over it"
    )
    parser.add_argument(
        "--boxes", type=Path, default=BOXES, help="what a reader found in photographs, by name"
    )
    parser.add_argument("--fonts", type=Path, nargs="*", default=[], help="folders with more typefaces")
    parser.add_argument("--steps", type=int, default=Recipe().steps)
    parser.add_argument("--every", type=int, default=200, help="steps between checkpoints")
    parser.add_argument("--side", type=int, default=192, help="of a crop, px")
    parser.add_argument("--seed", type=int, default=Recipe().seed)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
