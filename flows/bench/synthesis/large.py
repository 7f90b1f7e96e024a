"""Pictures over the native side: whether windows leave seams, and whether there is more than an enlarged picture has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from flows.bench.synthesis.maker import Maker
from flows.bench.synthesis.prompts import Prompt
from model_registry.engines.diffusion_windows import starts
from tasks.contracts import Pixels

SIZE: Final = (1024, 768)
_CELL: Final = 8
_WINDOW: Final = 32
_BESIDE: Final = 3
_SEED: Final = 99


@dataclass(frozen=True, slots=True)
class Large:
    """One prompt at full size, and the same enlarged from a small one."""

    prompt: Prompt
    made: Pixels
    enlarged: Pixels
    seconds: float


def larges(maker: Maker, prompts: Sequence[Prompt]) -> list[Large]:
    """At SIZE, one seed a prompt."""
    found = []
    for n, prompt in enumerate(prompts):
        made, seconds = maker.make(prompt.text, _SEED + n, SIZE)
        enlarged, _ = maker.make(prompt.text, _SEED + n, SIZE, {"windowed_side": 0})
        found.append(Large(prompt, made, enlarged, seconds))
    return found


def figures(found: Sequence[Large]) -> dict[str, Any]:
    """seam_step: step across the lines where windows end, over that across other edges of cells (1 = no seam); control:
    the same for as many lines a little beside them. detail: finest contrast over the enlarged one's."""
    return {
        "seam_step": float(np.mean([seam_step(one.made) for one in found])),
        "seam_step_control": float(np.mean([seam_step(one.made, beside=_BESIDE) for one in found])),
        "detail_over_enlarged": float(np.median([_finest(one.made) / _finest(one.enlarged) for one in found])),
        "seconds_large": float(np.median([one.seconds for one in found])),
    }  # fmt: skip


def seam_step(picture: Pixels, beside: int = 0) -> float:
    """Mean step over the windows' ends, both ways, over that over the other edges of latent cells; 1 where there is but one
    window. Edges of cells are compared with such alone: an autoencoder may leave steps at all of them. beside: cells by which
    the lines looked at are moved."""
    grey = np.asarray(picture.mean(axis=2), np.float64)
    ratios = []
    for lines in (grey, grey.T):  # rows first, then columns
        steps = np.abs(np.diff(lines, axis=0)).mean(axis=1)
        at = _ends(lines.shape[0]) + beside * _CELL
        at = at[at < len(steps)]
        others = np.setdiff1d(np.arange(_CELL - 1, len(steps), _CELL), at)
        if at.size and others.size:
            ratios.append(steps[at].mean() / max(steps[others].mean(), 1e-9))
    return float(np.mean(ratios)) if ratios else 1.0


def _ends(length: int) -> NDArray[np.int64]:
    """Indices of the steps at which windows begin or end."""
    cells = -(-length // _CELL)
    inner: set[int] = set()
    for turn in (0, 1):
        for start in starts(cells, _WINDOW, turn):
            inner |= {start * _CELL, (start + _WINDOW) * _CELL}
    return np.array(sorted(line - 1 for line in inner if 0 < line < length), np.int64)


def _finest(picture: Pixels) -> float:
    return float(np.abs(np.diff(picture, axis=1)).mean()) + 1e-6
