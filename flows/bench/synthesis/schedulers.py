"""Schedulers by name and number of steps: what they cost, how far prompts are followed, how far they are from the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from flows.bench.synthesis.judge import Judge
from flows.bench.synthesis.maker import Maker
from flows.bench.synthesis.prompts import Prompt
from flows.bench.synthesis.scores import Row, share
from model_registry.errors import EngineFault
from tasks.contracts import Pixels

NAMES: Final = ("ddim", "dpm++", "dpm++-sde", "euler", "euler-ancestral", "unipc", "lcm")
STEPS: Final = {True: (4, 20), False: (4, 8, 12, 20, 30)}
REFERENCE: Final = {"scheduler": "ddim", "steps": 50}
_SEED: Final = 4242


def table(maker: Maker, judge: Judge, prompts: Sequence[Prompt], quick: bool) -> list[Row]:
    """A row a scheduler and number of steps, the reference first; the same prompts and seeds for all."""
    reference, seconds = _made(maker, prompts, REFERENCE)
    rows = [_row(judge, prompts, REFERENCE, reference, reference, seconds)]
    for name in NAMES:
        for steps in STEPS[quick]:
            asked = {"scheduler": name, "steps": steps}
            try:
                made, seconds = _made(maker, prompts, asked)
            except EngineFault as fault:
                rows.append({**rows[0], **asked, "following": None, "distance": None, "note": fault.message})
                continue
            rows.append(_row(judge, prompts, asked, made, reference, seconds))
    return rows


def _made(maker: Maker, prompts: Sequence[Prompt], asked: dict[str, Any]) -> tuple[list[Pixels], float]:
    made = [maker.make(prompt.text, _SEED + n, params=asked) for n, prompt in enumerate(prompts)]
    return [picture for picture, _ in made], float(np.median([seconds for _, seconds in made]))


def _row(
    judge: Judge, prompts: Sequence[Prompt], asked: dict[str, Any], made: Sequence[Pixels],
    reference: Sequence[Pixels], seconds: float,
) -> Row:  # fmt: skip
    shown = [share(judge.follows(picture, prompt)) for picture, prompt in zip(made, prompts, strict=True)]
    apart = [np.sqrt(np.mean((a - b) ** 2)) * 255 for a, b in zip(made, reference, strict=True)]
    fine = [_finest(a) / max(_finest(b), 1e-6) for a, b in zip(made, reference, strict=True)]
    return {
        **asked, "seconds": seconds, "following": float(np.mean(shown)), "distance": float(np.mean(apart)),
        "fine_detail": float(np.median(fine)), "note": "",
    }  # fmt: skip


def _finest(picture: Pixels) -> float:
    return float(np.abs(np.diff(picture, axis=1)).mean())
