"""An observation whose every part is known: a picture that clears up, words that light given places, curves that settle."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.observing import Observation
from tests.flows.sheet.samples import photograph

TOKENS = ("<|startoftext|>", "warm</w>", "oa", "k</w>", "table</w>", "left</w>", "<|endoftext|>")
PLACES = {1: (8, 8), 2: (24, 8), 3: (24, 12), 4: (24, 24), 5: (8, 2)}
"""Token to the row and column that it lights, of 32 × 32."""


def spot(row: int, column: int, side: int = 32) -> NDArray[np.float32]:
    """side×side: a bump of height 1."""
    y, x = np.mgrid[:side, :side]
    return np.exp(-((y - row) ** 2 + (x - column) ** 2) / 18).astype(np.float32)


def observation(
    prompt: str = "warm oak table, left",
    steps: int = 20,
    scheduler: str = "ddim",
    seed: int = 7,
    pace: float = 0.3,
) -> Observation:
    maps = np.full((len(TOKENS), 32, 32), 0.02, np.float32)
    for token, (row, column) in PLACES.items():
        maps[token] += 0.4 * spot(row, column)
    attention = np.broadcast_to(maps, (3, 2, *maps.shape)).astype(np.float16)
    truth = cv2.resize(photograph("coffee"), (128, 128), interpolation=cv2.INTER_AREA)
    kept = tuple(int(n) for n in np.linspace(0, steps - 1, 6))
    pictures = np.stack([cv2.GaussianBlur(truth, (0, 0), 0.2 + 12 * np.exp(-pace * n)) for n in kept])
    at = np.arange(steps)
    low, high = np.exp(-2 * pace * at), np.exp(-pace * at)
    low[-1] = high[-1] = 0
    settling = {
        "distance": (low + high) / 2, "low": low, "high": high,
        "settled_low": np.array([int(np.argmax(low <= 0.1))]), "settled_high": np.array([int(np.argmax(high <= 0.1))]),
        "collapsed": np.array([0]),
    }  # fmt: skip
    rng = np.random.default_rng(seed)
    return Observation(
        "backdrop@1", prompt, "", seed, scheduler, "ab" * 32, steps=steps, guidance=5.0, dtype="float32", tokens=TOKENS,
        special=(True, *[False] * 5, True), embeddings={"pooled": rng.normal(size=16).astype(np.float16)},
        attention=attention, groups=("down 16x16", "up 16x16"), attended_steps=(0, 10, 19), pictures=pictures.astype(np.uint8),
        pictured_steps=kept, timesteps=np.linspace(999, 1, steps).astype(np.float32),
        settling={name: np.asarray(v, np.float32) for name, v in settling.items()}, notes=("hand-made",),
    )  # fmt: skip
