"""Engines that cost nothing, and small pictures for them: what is measured is how a run goes on, not what it makes.

One engine ends its own process where it meets a picture with a purple corner; nothing names it unless a test or a bench does."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Hole, Params, Pixels, TextLine

CARD = """\
id = "{id}"
role = "{role}"
runtime = "classical"
entry = "flows.bench.faults.toys:{entry}"
title = "Of the bench of faults"
licence = "MIT"
automatic = {automatic}
[cost]
rung = 1
"""
SIDE = 48, 40
PURPLE = (200, 0, 200)


class RedReader:
    """Reads one line of text wherever something is red."""

    def read(self, image: NDArray[np.uint8], *, params: Params) -> tuple[TextLine, ...]:
        """The box around all that is red."""
        ys, xs = np.nonzero(image[..., 0].astype(int) - image[..., 1] > 100)
        if not len(ys):
            return ()
        x0, y0, x1, y1 = (float(v) for v in (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1))
        return (TextLine(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), "RED", 0.99),)


class MeanFill:
    """The mean of what is outside."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        """As every fill."""
        out = image.copy()
        out[hole] = image[~hole].mean(axis=0)
        return out


class DeadlyFill(MeanFill):
    """The same, but a picture with something purple in it kills the process, as a decoder's fault or the system's OOM killer does."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        """As every fill, or never returns."""
        purple = np.all(np.abs(image - np.array(PURPLE, np.float32) / 255) < 0.02, axis=2)
        if purple.any():
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fill(image, hole, seed=seed, prompt=prompt, params=params)


def write_cards(folder: Path) -> Path:
    """Cards of all three; the reader and the plain fill are first on their ladders."""
    folder.mkdir(parents=True, exist_ok=True)
    for id_, role, entry, automatic in (
        ("toy-reader", "text", "RedReader", "false"),
        ("toy-fill", "fill", "MeanFill", "false"),
        ("toy-deadly", "fill", "DeadlyFill", "false"),
    ):
        text = CARD.format(id=id_, role=role, entry=entry, automatic=automatic)
        (folder / f"{id_}.toml").write_text(text, encoding="utf-8")
    return folder


def write_picture(path: Path, seed: int, *, deadly: bool = False) -> None:
    """Grainy paper with a red plate; deadly: and something purple beside it."""
    draw = np.random.default_rng(seed)
    width, height = SIDE
    levels = np.array([90, 140, 120], np.float64) + draw.normal(0, 2, (height, width, 3))
    pixels = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    pixels[14:24, 12:30] = (255, 0, 0)
    if deadly:
        pixels[14:24, 31:34] = PURPLE
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), pixels[..., ::-1]):
        raise OSError(f"{path} was not written")
