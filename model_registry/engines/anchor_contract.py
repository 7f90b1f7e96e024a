"""What an engine may offer beside its role: to say what it holds a fill to."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from numpy import float32
from numpy.typing import NDArray

from model_registry.engines.contract import Filler, Hole, Params, Pixels


class Held(Protocol):
    """What a fill was held to."""

    def scores(self) -> dict[str, float]:
        """Figures by name, each beginning with `anchor_`."""
        ...

    def maps(self) -> Pixels:
        """H×W×3, 0–1: the conditions as a picture."""
        ...


@runtime_checkable
class Anchored(Protocol):
    """A filler whose result is conditioned on the structure around the hole."""

    def anchors(self, image: Pixels, hole: Hole, *, params: Params) -> Held | None:
        """What `fill` holds to with the same arguments; None where these parameters ask for nothing."""
        ...


@runtime_checkable
class TakesDepth(Protocol):
    """A filler that can be told how near things are."""

    def on_depth(self, near: NDArray[float32]) -> Filler:
        """The same engine for one picture with these depths, H×W, 0 = far, 1 = near."""
        ...
