"""What enlarging and cleaning ask of the planner: the ladder of upscalers, its parameters, and whether anything is invented."""

from __future__ import annotations

from collections.abc import Sequence

from model_registry.card import Card
from model_registry.errors import UnknownEngine
from model_registry.registry import Registry
from tasks.contracts import Facts
from tasks.errors import BadRequest
from tasks.intents import Clean, Intent, Upscale
from tasks.plan import StageName, Tier, Value

UPSCALING: StageName = "enhancement"
UPSCALING_PARAMS: dict[str, Value] = {
    "loss_db": 0.02, "budget": 1.0, "cell": 32, "consistency_db": 45.0, "colour_shift": 0.3, "hallucination": 0.5,
}  # fmt: skip
"""The stage's own parameters where a picture is enlarged: what may be lost against the top rung (dB), the most of its cost
that may be spent (share), the side of a cell (px of the source), and the bounds of fidelity."""
UPSCALING_BOUNDS: dict[tuple[str, str], tuple[float, float]] = {
    (UPSCALING, "loss_db"): (0, 60), (UPSCALING, "budget"): (0, 1), (UPSCALING, "cell"): (8, 256),
    (UPSCALING, "consistency_db"): (0, 100), (UPSCALING, "colour_shift"): (0, 255), (UPSCALING, "hallucination"): (0, 1000),
}  # fmt: skip
PREVIEW_RUNGS = 2
"""A preview goes no higher than the cheapest network."""


def upscaling_defaults(stage: str, intent: Intent) -> dict[str, Value]:
    """The parameters that a stage has for this intent alone."""
    return dict(UPSCALING_PARAMS) if stage == UPSCALING and isinstance(intent, Upscale) else {}


def upscaling_derived(intent: Upscale | Clean, named: Card | None) -> dict[str, Value]:
    """What follows from what is asked for: the factor, and the engine that is to do every cell, if one was named."""
    if isinstance(intent, Clean):
        return {"scale": 1}
    found: dict[str, Value] = {"scale": intent.scale}
    return found | ({"everywhere": named.id} if named else {})


def upscaling_ladder(named: Card | None, automatic: Sequence[Card], tier: Tier) -> list[Card]:
    """Cheap to heavy. Below a named engine stands what does the cells that it may not do, and what does them all without it."""
    if named is None:
        return list(automatic[:PREVIEW_RUNGS] if tier == "preview" else automatic)
    below = [card for card in automatic if card.id != named.id]
    bottom, rest = below[:1], [card for card in below[1:] if card.cost.rung < named.cost.rung]
    return [named] if automatic and automatic[0].id == named.id else [*bottom, *rest, named]


def cleaning_ladder(cards: Sequence[Card]) -> list[Card]:
    """Networks, then classical code: the first cleans the picture, and each of the others where those before it cannot be used."""
    return sorted(cards, key=lambda card: card.runtime == "classical")


def upscaler_facts(card: Card) -> dict[str, Value]:
    """The facts of an upscaler's card that decide where it is used; nothing for other roles."""
    if card.role not in ("upscale", "clean"):
        return {}
    return {"cost": card.cost.seconds_per_megapixel, "reach": card.reach, "invents": card.invents}


def inventing(intent: Intent, registry: Registry, named: str | None) -> bool:
    """Whether the engine that a request names for enlarging adds what is not in the picture; False for none and for unknown ones."""
    if named is None or not isinstance(intent, Upscale | Clean):
        return False
    try:
        return registry.resolve("upscale" if isinstance(intent, Upscale) else "clean", named).invents
    except UnknownEngine:  # the planner says what is wrong with it
        return False


def check_protected(intent: Intent, facts: Facts | None) -> None:
    """BadRequest for a protected box that covers nothing: of any picture, or of this one where its facts are known."""
    for box in intent.protect if isinstance(intent, Upscale | Clean) else ():
        x0, y0, x1, y1 = box
        cure = "write X0,Y0,X1,Y1 in pixels of the source, left and top first, half open"
        if x0 >= x1 or y0 >= y1:
            raise BadRequest(f"the protected box {x0},{y0},{x1},{y1} is empty", stage=UPSCALING, cure=cure)
        if facts and (x1 <= 0 or y1 <= 0 or x0 >= facts.width or y0 >= facts.height):
            size = f"{facts.width}×{facts.height}"
            raise BadRequest(
                f"the protected box {x0},{y0},{x1},{y1} lies outside of the {size} picture",
                stage=UPSCALING,
                cure=cure,
            )
