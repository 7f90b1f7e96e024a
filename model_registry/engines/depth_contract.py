"""What an engine of role `depth` must do."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Params


@runtime_checkable
class DepthEstimator(Protocol):
    """Role `depth`: how near the surfaces of a picture are."""

    def near(self, image: NDArray[np.uint8], *, params: Params) -> NDArray[np.float32]:
        """image: H×W×3 uint8 RGB. H×W, greater = nearer, in any unit and range; finite."""
        ...
