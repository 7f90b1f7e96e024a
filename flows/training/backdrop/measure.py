"""Measures an exported generator: `python -m flows.training.backdrop.measure --folder FOLDER --grid FILE.png`.

How well its autoencoder gives back held-out renders, and a grid of prompts to be looked at."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from flows.training.backdrop.pictures import picture, scene_of
from flows.training.backdrop.scene import MATERIALS
from flows.training.backdrop.train_vae import planar
from model_registry.engines.diffusion_loader import check_folder

PROMPTS: Final = (
    "warm oak table top, soft light from the left", "grey marble in front of a beige plaster wall",
    "white studio backdrop, soft light from the front", "navy linen cloth, hard light from the right",
    "walnut table in front of a white plaster wall, soft light from above",
    "black marble slab, hard light from the left", "terracotta plaster wall, warm soft light from the left",
    "teal seamless studio backdrop, cool light", "pink paper background, soft light from the right",
    "grey concrete floor in front of a white plaster wall", "white marble table top with a green plaster wall behind",
    "red fabric, soft light from above", "pine planks, warm light from the right",
    "grey concrete wall, hard light from the left", "cream linen fabric, soft light",
    "green studio gradient, hard light from the front", "oak floor against a blue studio backdrop",
    "white wood planks, soft light", "green marble, soft light from the front",
    "yellow paper in front of a white paper backdrop", "brown plaster wall, hard light from above",
    "black fabric surface in front of a grey concrete wall", "purple studio backdrop, soft light from the right",
    "blue linen fabric, warm light from the left",
)  # fmt: skip
"""None of them names a combination that is held out."""
UNSEEN: Final = (
    "orange studio backdrop, soft light from the left", "blue plaster wall, soft light from above",
    "teal paper background, soft light", "green linen fabric, soft light from the right",
    "blue painted wood planks, soft light from the left", "navy studio backdrop, soft light from the front",
)  # fmt: skip
"""Every one names a combination that no training picture shows."""
_ACROSS: Final = 6


@torch.no_grad()
def round_trip(vae: Any, count: int) -> dict[str, float]:
    """Mean PSNR, dB, over held-out renders, of all and by the material of the wall."""
    found: dict[str, list[float]] = {}
    for number in range(count):
        scene = scene_of(number, held_out=True)
        truth = planar(picture(scene)[None])
        made = vae.decode(vae.encode(truth).latent_dist.mean).sample.clamp(-1, 1)
        level = 10 * np.log10(4 / max(float((made - truth).square().mean()), 1e-9))
        found.setdefault("all", []).append(level)
        found.setdefault(scene.wall.material, []).append(level)
    return {name: float(np.mean(found[name])) for name in ("all", *MATERIALS) if name in found}


def grid(pipe: Any, prompts: Sequence[str], steps: int, guidance: float) -> NDArray[np.uint8]:
    """The prompts' pictures in rows of six, seeds 0 and on."""
    made: list[NDArray[np.float32]] = []
    for first in range(0, len(prompts), _ACROSS):
        some = list(prompts[first : first + _ACROSS])
        seeds = [torch.Generator().manual_seed(first + n) for n in range(len(some))]
        made += list(pipe(some, num_inference_steps=steps, guidance_scale=guidance, generator=seeds, output_type="np").images)  # fmt: skip
    made += [np.ones_like(made[0])] * (-len(made) % _ACROSS)
    rows = [np.hstack(made[n : n + _ACROSS]) for n in range(0, len(made), _ACROSS)]
    return np.rint(np.vstack(rows) * 255).astype(np.uint8)


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the levels and writes the grid."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="what `export` wrote")
    parser.add_argument("--count", type=int, default=48, help="renders for the autoencoder")
    parser.add_argument("--grid", type=Path, help="PNG to write")
    parser.add_argument("--unseen", action="store_true", help="prompts of held-out combinations instead")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=3.0)
    given = parser.parse_args(argv)
    torch.set_num_threads(1)
    check_folder(given.folder)
    import diffusers

    kind: Any = diffusers.StableDiffusionPipeline
    pipe = kind.from_pretrained(
        str(given.folder), local_files_only=True, use_safetensors=True, dtype=torch.float32
    )
    pipe.set_progress_bar_config(disable=True)
    for name, level in round_trip(pipe.vae, given.count).items() if given.count else ():
        sys.stdout.write(f"{name}: {level:.2f} dB\n")
    if given.grid:
        drawn = grid(pipe, UNSEEN if given.unseen else PROMPTS, given.steps, given.guidance)
        cv2.imwrite(str(given.grid), np.ascontiguousarray(drawn[..., ::-1]))


if __name__ == "__main__":
    main()
