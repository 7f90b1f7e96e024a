"""Opacity and colour of an overlay that many pictures share, and its removal from each."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Mask, Pixels, Zone

_ROUNDS = 8
_FAINT = 0.02
_TRACE = 2.0
_RESEMBLES = (0.6, 1.3)
DENSEST = 0.85
"""Opacity above which too little of a picture is left to bring it back."""


@dataclass(frozen=True, slots=True)
class Matte:
    """I = (1 − α)·B + α·c."""

    alpha: Mask
    """H×W, 0–1."""
    colour: NDArray[np.float32]
    """C, 0–1."""
    residual: float
    """Standard deviation of the recovered pixels from their neighbours over that of the pictures' own pixels: about 1."""

    def removed(self, pixels: Pixels) -> tuple[Pixels, Zone]:
        """H×W×C without the overlay, and where that is reliable; pixels that α = 0 leaves alone are unchanged."""
        alpha = np.minimum(self.alpha, np.float32(0.98))[..., None]
        clear = np.clip((pixels - alpha * self.colour) / (1 - alpha), 0, 1).astype(np.float32)
        return clear, np.asarray(self.alpha <= DENSEST)


def estimate_matte(stack: Pixels, edges: Zone) -> Matte | None:
    """stack: K×H×W×C, the same place on K pictures; edges: H×W, where they share one. None where no single colour explains it.

    In turn: the pictures beneath guessed from clear and recovered neighbours, the colour from all, and α of each pixel from
    all pictures together, by least squares. With every turn the guesses come from nearer by."""
    hole = _closed(edges)
    behind = np.stack([_spread(picture, (~hole).astype(np.float32)) for picture in stack])
    colour = _colour(stack, behind, hole)
    alpha = np.zeros(hole.shape, np.float32)
    for n in range(_ROUNDS):
        alpha = _alpha(stack, behind, colour) * hole
        colour = _refined_colour(stack, behind, alpha, colour)
        clear = _cleared(stack, alpha, colour)
        weight = np.where(hole, np.clip(1 - alpha, 0.05, 1) * min(0.15 * (n + 1), 0.8), 1).astype(np.float32)
        behind = np.stack([_beside(picture, weight) for picture in clear])
    alpha = np.where(alpha < _FAINT, 0, np.clip(alpha, 0, 1)).astype(np.float32)
    if not 0.15 < float(np.quantile(alpha[hole], 0.95)) < 0.95:
        return None
    if _trace(_cleared(stack, alpha, colour), hole) > _TRACE:
        return None
    residual = _residual(_cleared(stack, alpha, colour), alpha)
    if not _RESEMBLES[0] < residual < _RESEMBLES[1]:
        return None
    return Matte(alpha, colour.astype(np.float32), residual)


def _closed(edges: Zone) -> Zone:
    """What the edges enclose, with a margin."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    return np.asarray(cv2.dilate(cv2.morphologyEx(edges.astype(np.uint8), cv2.MORPH_CLOSE, disc), disc) > 0)


def _spread(picture: Pixels, weight: NDArray[np.float32]) -> Pixels:
    """The picture where weight is 1, bell-shaped means of it elsewhere, the narrowest that reach."""
    channels = picture.shape[2]
    both = np.dstack([picture * weight[..., None], weight])
    out = np.broadcast_to(both.sum(axis=(0, 1))[:channels] / max(float(weight.sum()), 1e-3), picture.shape)
    for sigma in (24.0, 12.0, 6.0, 3.0, 1.5):
        near = cv2.GaussianBlur(both, (0, 0), sigma)
        share = near[..., channels:]
        out = out + np.minimum(1, 4 * share) * (near[..., :channels] / np.maximum(share, 1e-4) - out)
    return np.asarray(out, np.float32)


def _beside(picture: Pixels, weight: NDArray[np.float32]) -> Pixels:
    """Each pixel guessed from the others about it, itself left out."""
    ring = cv2.getGaussianKernel(5, 1.0) @ cv2.getGaussianKernel(5, 1.0).T
    ring[2, 2] = 0
    both = np.dstack([picture * weight[..., None], weight]).astype(np.float32)
    near = cv2.filter2D(both, -1, ring.astype(np.float32), borderType=cv2.BORDER_REFLECT)
    return np.asarray(near[..., :-1] / np.maximum(near[..., -1:], 1e-4), np.float32)


def _colour(stack: Pixels, behind: Pixels, hole: Zone) -> NDArray[np.float64]:
    """First guess: over the pixels that change most, slope and intercept of the change against what is behind."""
    change = np.abs((stack - behind).mean(axis=0)).max(axis=2) * hole
    core = change >= np.quantile(change[hole], 0.6)
    shown, under = stack[:, core].astype(np.float64), behind[:, core].astype(np.float64)
    mean_shown, mean_under = shown.mean(axis=(0, 1)), under.mean(axis=(0, 1))
    spread = float(((under - mean_under) ** 2).mean()) + 1e-6
    slope = float(((shown - mean_shown) * (under - mean_under)).mean()) / spread
    slope = min(max(slope, 0.05), 0.95)
    return np.asarray(np.clip((mean_shown - slope * mean_under) / (1 - slope), 0, 1), np.float64)


def _alpha(stack: Pixels, behind: Pixels, colour: NDArray[np.float64]) -> Mask:
    toward = colour - behind
    power = (toward**2).sum(axis=(0, 3)) + 1e-3
    return np.asarray(np.clip((toward * (stack - behind)).sum(axis=(0, 3)) / power, 0, 0.98), np.float32)


def _refined_colour(
    stack: Pixels, behind: Pixels, alpha: Mask, colour: NDArray[np.float64]
) -> NDArray[np.float64]:
    """c that explains what is shown best where the overlay is dense; white or black when all but that."""
    dense = alpha > 0.5 * float(np.quantile(alpha[alpha > 0], 0.9)) if (alpha > 0).any() else alpha > 0
    if not dense.any():
        return colour
    a = alpha[dense][:, None].astype(np.float64)
    excess = stack[:, dense] - (1 - a) * behind[:, dense]
    made = np.clip((excess * a).sum(axis=(0, 1)) / ((a**2).sum() * len(stack)), 0, 1)
    for pure in (1.0, 0.0):
        if float(np.abs(made - pure).max()) < 0.06:
            return np.full_like(made, pure)
    return np.asarray(made)


def _cleared(stack: Pixels, alpha: Mask, colour: NDArray[np.float64]) -> Pixels:
    a = np.minimum(alpha, 0.98)[..., None]
    return np.asarray(np.clip((stack - a * colour) / (1 - a), 0, 1), np.float32)


def _trace(clear: Pixels, hole: Zone) -> float:
    """What stays on all pictures alike: their mean step to what lies outside, in its own standard errors; about 1 for none."""
    off = np.stack([picture - _spread(picture, (~hole).astype(np.float32)) for picture in clear])[:, hole]
    error = off.std(axis=0) / len(off) ** 0.5 + 0.01
    return float(np.sqrt(np.mean((off.mean(axis=0) / error) ** 2)))


def _residual(clear: Pixels, alpha: Mask) -> float:
    off = np.stack([picture - _beside(picture, np.ones(alpha.shape, np.float32)) for picture in clear])
    inside, outside = off[:, alpha > 0], off[:, alpha == 0]
    return float(np.sqrt((inside**2).mean()) / max(float(np.sqrt((outside**2).mean())), 1e-4))
