"""One step of learning: the loss, the rate, the running mean of the weights."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from flows.training.overlay_letters.grounds import NOT_OVERLAY, OVERLAY
from flows.training.overlay_letters.network import CLASSES, LetterNet

_WARM, _SINKING = 200, 0.3
"""Steps until the full rate, and the share of all steps over which it sinks to nothing at the end."""
_MEAN = 0.995
_DICE = 0.5


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides the weights, beside the pictures."""

    steps: int = 8000
    rate: float = 2e-3
    decay: float = 0.01
    seed: int = 11


class Learner:
    """A network while it learns."""

    def __init__(self, recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.step = recipe, 0
        self.network = LetterNet()
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.mean = deepcopy(self.network).eval()
        """The running mean of the weights: what is exported."""
        self._optimiser = torch.optim.AdamW(self.network.parameters(), recipe.rate, weight_decay=recipe.decay)

    def learn(self, pictures: Tensor, labels: Tensor) -> float:
        """One step on N×3×H×W pictures, 0–1, and N×H/2×W/2 labels; returns the loss."""
        for group in self._optimiser.param_groups:
            group["lr"] = self.recipe.rate * pace(self.step, self.recipe.steps)
        self.network.train()
        found = loss(self.network(pictures.contiguous(memory_format=torch.channels_last)), labels)
        self._optimiser.zero_grad(set_to_none=True)
        found.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimiser.step()
        self.step += 1
        self._follow()
        return float(found.detach())

    def _follow(self) -> None:
        share = min(_MEAN, self.step / (self.step + 10))
        with torch.no_grad():
            ours, theirs = self.mean.state_dict(), self.network.state_dict()
            for name, value in ours.items():
                if value.dtype.is_floating_point:
                    value.lerp_(theirs[name], 1 - share)
                else:
                    value.copy_(theirs[name])

    def save(self, path: Path) -> None:
        """All that is needed to go on, written beside and then moved, so that a crash leaves the last one whole."""
        state = {
            "step": self.step, "network": self.network.state_dict(), "mean": self.mean.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }  # fmt: skip
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> None:
        """Goes on from what `save` wrote."""
        state: dict[str, Any] = torch.load(path, weights_only=True)
        self.step = int(state["step"])
        self.network.load_state_dict(state["network"])
        self.mean.load_state_dict(state["mean"])
        self._optimiser.load_state_dict(state["optimiser"])


def pace(step: int, steps: int) -> float:
    """The rate of a step, as a share of the full one: up, level, down to nothing (trapezoid).

    What was learnt at the level does not depend on `steps`: a run may be resumed with another number of them."""
    sinking = max(int(steps * _SINKING), 1)
    return max(min((step + 1) / _WARM, 1.0, (steps - step) / sinking), 0.0)


def loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy over what is known of each pixel, and the overlay's soft Dice (Milletari, Navab & Ahmadi, 2016)."""
    told, either = labels < CLASSES, labels == NOT_OVERLAY
    logs = functional.log_softmax(logits, dim=1)
    picked = logs.gather(1, labels.clamp(max=CLASSES - 1).unsqueeze(1)).squeeze(1)
    rest = torch.logsumexp(logs[:, 1:], dim=1)
    count = (told | either).sum().clamp(min=1)
    weight = torch.where(labels == OVERLAY, 1.5, 1.0)
    entropy = -((picked * told + rest * either) * weight).sum() / count
    chance, known = logs[:, OVERLAY].exp(), (told | either).float()
    truth = (labels == OVERLAY).float()
    both = (chance * truth).sum()
    dice = 1 - (2 * both + 1) / ((chance * known).sum() + truth.sum() + 1)
    return torch.as_tensor(entropy + _DICE * dice)
