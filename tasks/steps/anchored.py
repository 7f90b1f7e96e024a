"""One engine's fill, conditioned on structure as the plan asks: depth given to it, detail fused in, and what it was held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_registry.card import Card
from model_registry.engines import wrap, wrap_depth
from model_registry.engines.anchor_contract import Anchored, Held, TakesDepth
from model_registry.engines.contract import Engine
from model_registry.engines.guard import guarded
from model_registry.engines.remark_contract import Remark
from model_registry.errors import WeightsMissing
from model_registry.weights import at_hand, weights_digest
from tasks.contracts import Pixels, Zone
from tasks.generation.fusion import fused
from tasks.plan import EngineChoice, StagePlan, Value
from tasks.steps.engines import with_engine
from tasks.steps.remarks import remarks_of
from tasks.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Conditioned:
    """A fill and what it was held to."""

    pixels: Pixels
    scores: Mapping[str, float]
    conditions: Pixels | None
    """H×W×3: the conditions as a picture; None where there were none."""
    remarks: tuple[Remark, ...] = ()
    """What the engine has to say of its fill."""


def fill_on_structure(
    shop: Workshop,
    stage: StagePlan,
    choice: EngineChoice,
    ground: Pixels,
    holes: Zone,
    seed: int,
    prompt: str,
) -> Conditioned:
    """The engine's fill of `holes` in `ground`. Raises RegistryError as the engine does; a depth network whose weights are
    missing is left out, and the scores say so."""
    near, scores = _near(shop, stage, choice, ground, holes)

    def use(
        card: Card, engine: Engine, params: Mapping[str, Value]
    ) -> tuple[Pixels, Held | None, tuple[Remark, ...]]:
        if near is not None and isinstance(engine, TakesDepth):
            engine = engine.on_depth(near)
        made = wrap.fill(card, engine, ground, holes, seed=seed, prompt=prompt, params=params)
        height, width = holes.shape
        remarks = remarks_of(card, engine, prompt, width, height, params)
        return made, _held(card, engine, ground, holes, params), remarks

    made, held, remarks = with_engine(shop, choice, use)
    if held is not None:
        scores |= held.scores()
    if not choice.synthetic:
        made, figures = fused(ground, holes, made, float(dict(stage.params).get("fusion", 0.0)))
        scores |= figures
    return Conditioned(made, scores, held.maps() if held is not None else None, remarks)


def depth_identity(shop: Workshop, stage: StagePlan, choice: EngineChoice) -> dict[str, str]:
    """What of a depth network enters the record's key; empty where none is used."""
    if not _wants_depth(stage, choice):
        return {}
    card = _depth_card(shop, stage)
    here = at_hand(card, shop.registry.folder_of(card.id))
    return {"depth": f"{card.ref} {weights_digest(card)}" if here else f"{card.ref} without weights"}


def _wants_depth(stage: StagePlan, choice: EngineChoice) -> bool:
    return bool(dict(stage.params).get("depth_engine")) and bool(dict(choice.params).get("depth"))


def _depth_card(shop: Workshop, stage: StagePlan) -> Card:
    return shop.registry.resolve("depth", str(stage.param("depth_engine")))


def _near(
    shop: Workshop, stage: StagePlan, choice: EngineChoice, ground: Pixels, holes: Zone
) -> tuple[NDArray[np.float32] | None, dict[str, float]]:
    """The depths that the plan's network finds, if it names one and the engine uses any."""
    if not _wants_depth(stage, choice):
        return None, {}
    card = _depth_card(shop, stage)
    try:
        with shop.pool.lease(card.id) as network:
            return wrap_depth.near_map(card, network, ground, holes, params={}), {}
    except WeightsMissing:
        return None, {"anchor_depth_network": 0.0}


def _held(
    card: Card, engine: Engine, ground: Pixels, holes: Zone, params: Mapping[str, Value]
) -> Held | None:
    if not isinstance(engine, Anchored) or not holes.any() or holes.all():
        return None
    colour = np.repeat(ground, 3 // ground.shape[2], axis=2)
    with guarded(card):
        return engine.anchors(colour, holes, params=params)
