"""The second look beside the reader: a network that sees overlay lettering, and what becomes of a picture without it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model_registry.engines import wrap
from model_registry.errors import EngineOutOfMemory, RegistryError
from tasks.contracts import JsonObject
from tasks.detection.overlay_letters import LEAST, Letters, letters_of, shown
from tasks.plan import EngineChoice, StagePlan
from tasks.steps.engines import with_engine
from tasks.workshop import Workshop


class NoSecondLook(Exception):
    """The engine of the second look is not here or broke; the reader alone must do."""


def second_look(stage: StagePlan) -> EngineChoice | None:
    """The engine that looks beside the reader, where the plan has one."""
    return stage.engines[1] if len(stage.engines) > 1 else None


def agreeing(stage: StagePlan) -> EngineChoice | None:
    """The reader that has to agree with the first, where two were named."""
    return stage.engines[2] if len(stage.engines) > 2 else None


def looked(shop: Workshop, look: EngineChoice, image: NDArray[np.uint8]) -> Letters | None:
    """What the engine sees; None in a picture too small for it.

    image: H×W×3 uint8 RGB, unchanged. Raises NoSecondLook, or EngineOutOfMemory, which may pass."""
    size = image.shape[0], image.shape[1]
    if min(size) < LEAST:
        return None
    try:
        return with_engine(
            shop, look, lambda card, engine, params: letters_of(
                wrap.upscale(card, engine, shown(image), 1, params=params), size
            ),
        )  # fmt: skip
    except EngineOutOfMemory:
        raise
    except RegistryError as fault:
        raise NoSecondLook(f"{look.id} could not look for faint lettering: {fault.message}") from fault


def look_identity(look: EngineChoice | None) -> JsonObject | str:
    """What of the second look decides the regions, for the record's key."""
    if look is None:
        return ""
    return look.model_dump(mode="json", include={"id", "version", "runtime", "weights", "params"})
