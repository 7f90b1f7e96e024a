"""What a mask asks of the detection stage: engines that outline an object, and that find it by words; and its parameters."""

from __future__ import annotations

from collections.abc import Mapping

from model_registry.card import Role
from model_registry.errors import UnknownEngine
from model_registry.registry import Registry
from tasks.errors import BadRequest
from tasks.intents import BY_OBJECT, Clean, Intent, MaskWords, RemoveText, Upscale
from tasks.plan import Value

OF_MASKS = ("grow", "refine")
"""Parameters of detection that do nothing for text."""


def finding_roles(intent: Intent) -> tuple[Role, ...]:
    """The roles of the engines that draw the intent's mask: the outline's, after it that of what finds the place; or none."""
    mask = getattr(intent, "mask", None)
    if not isinstance(mask, BY_OBJECT):
        return ()
    return ("segment", "locate") if isinstance(mask, MaskWords) else ("segment",)


def own_defaults(stage: str, defaults: Mapping[str, Value], intent: Intent) -> dict[str, Value]:
    """A stage's parameters without those that do nothing for this intent."""
    if stage == "detection" and isinstance(intent, Upscale | Clean):  # all that is found is kept as it is
        return {}
    idle = OF_MASKS if stage == "detection" and isinstance(intent, RemoveText) else ()
    return {name: value for name, value in defaults.items() if name not in idle}


def insisted_on(named: str | None, role: Role, roles: tuple[Role, ...], registry: Registry) -> str | None:
    """Of `id` or `id+id`, named for a stage with engines of several roles, the one of this role; None for none.

    Raises BadRequest where one of them has none of the roles."""
    if named is None or len(roles) < 2:
        return named
    mine = [one for one in named.split("+") if _has(registry, role, one)]
    for one in named.split("+"):
        if not any(_has(registry, other, one) for other in roles):
            cure = f"an engine of role {' or '.join(roles)}, or two as in owlv2+sam; see `pentimento models`"
            raise BadRequest(f"the engine {one!r} has none of these roles", stage="detection", cure=cure)
    return mine[0] if mine else None


def _has(registry: Registry, role: Role, name: str) -> bool:
    try:
        registry.resolve(role, name)
    except UnknownEngine:
        return False
    return True
