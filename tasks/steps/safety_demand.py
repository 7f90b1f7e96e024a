"""Whether what a plan makes is to be looked at by a classifier, and by which one."""

from __future__ import annotations

from model_registry.errors import UnknownEngine
from model_registry.weights import weights_digest
from tasks.intents import Generate, Replace
from tasks.plan import EditPlan
from tasks.workshop import Workshop


def demanded(shop: Workshop) -> dict[str, str]:
    """Who looks, by what rules: what enters a plan of something generated. Empty where the policy asks for nobody."""
    safety = shop.guard.policy.safety
    if safety is None:
        return {}
    try:
        card = shop.registry.resolve("safety", safety.engine)
    except UnknownEngine:
        return {"safety": f"{safety.engine} (unknown) {safety.digest[:16]}"}
    return {"safety": " ".join(filter(None, (card.ref, weights_digest(card)[:16], safety.digest[:16])))}


def generates(plan: EditPlan) -> bool:
    """Whether a plan makes what nobody photographed: from a prompt, or by an engine that learnt to."""
    stage = plan.stage("generation")
    engines = (*stage.engines, *stage.standins) if stage else ()
    return isinstance(plan.intent, Generate | Replace) or any(e.runtime == "diffusers" for e in engines)
