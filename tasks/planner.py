"""From an intent to a plan: a pure function of the intent, the picture's facts, the registry and the request's choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from model_registry.card import Card, Role
from model_registry.engines.diffusion_params import nearest
from model_registry.errors import UnknownEngine
from model_registry.registry import Registry
from model_registry.weights import weights_digest
from tasks.contracts import Facts
from tasks.errors import BadRequest, NoEngine
from tasks.intents import Clean, Generate, Intent, RemoveText, Replace, Upscale
from tasks.plan import STAGES, EditPlan, EngineChoice, StageName, StagePlan, Tier, Value
from tasks.planner_masks import finding_roles, insisted_on, own_defaults
from tasks.planner_replace import held_to, joining
from tasks.planner_sampling import check_sampling
from tasks.planner_upscale import (
    UPSCALING,
    UPSCALING_PARAMS,
    check_protected,
    cleaning_ladder,
    inventing,
    upscaler_facts,
    upscaling_defaults,
    upscaling_derived,
    upscaling_ladder,
)
from tasks.planner_values import typed
from tasks.policy.load import default_policy
from tasks.thresholds import SENTENCES, fault

LADDERS: tuple[Role, ...] = ("fill", "upscale", "clean")
"""The roles whose engines stand on a ladder, cheap to heavy; of the others the first does the work."""
PREVIEW_PIXELS = 250_000
QUIET = 0.3
"""Below this noise (levels of 255) a picture has no grain worth matching."""
VERSIONS: dict[StageName, str] = dict.fromkeys(STAGES, "1") | {
    "export": "2",
    "detection": "6", "generation": "5", "blending": "4", "enhancement": "6", "verification": "4",
}  # fmt: skip
DEFAULTS: dict[StageName, dict[str, Value]] = {
    "triage": {},
    "detection": {"merge_gap": 16, "refine": True, "grow": 0},
    "policy": {},
    "generation": {"attempts": 2, "recover": True, "context": 0, "fusion": 0.0, "depth_engine": ""},
    "blending": {"feather": 3},
    "enhancement": {},
    "verification": {},
    "export": {"format": "keep", "quality": 0, "subsampling": "keep"},
}
ENGINE_DEFAULTS: dict[StageName, dict[str, Value]] = {"detection": {"min_score": 0.0}}
"""What a stage asks of its engines where it differs from their cards: detection wants every box, read or not, for what is
erased depends on how it looks and not on whether it could be read."""
SECOND_LOOK = "overlay-letters"
"""Looks for lettering beside the reader; without its weights the reader does alone, and the result says so."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a person insists on, over what the planner would choose."""

    tier: Tier = "final"
    seed: int = 0
    engines: Mapping[str, str] = field(default_factory=dict)
    """Stage to engine id or `@alias`."""
    params: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    """Stage to parameter to value; a parameter is the stage's own or one of its engines'."""


def plan(
    intent: Intent, facts: Facts | None, registry: Registry, request: Request = Request(),
    guard: Mapping[str, str] = MappingProxyType({}), thresholds: Mapping[str, float] | None = None,
) -> EditPlan:  # fmt: skip
    """The plan for an intent.

    facts: of the picture; None where there is none yet (`generate`). guard: what the policy is decided by: `rules`, the
    policy's digest, and `detectors`, that of the detectors at hand. thresholds: the policy's; None for the built-in one's.
    Raises BadRequest for an unknown stage, engine or parameter (naming the nearest), NoEngine when no engine can do a stage."""
    invents = inventing(intent, registry, request.engines.get(UPSCALING))
    roles = _roles(intent, facts, invents, demanded="safety" in guard)
    _check_stages(request, roles)
    _check_depth(request, registry)
    check_protected(intent, facts)
    asked = default_policy().thresholds if thresholds is None else thresholds
    held = {"verification": held_to(intent, asked)}
    stages = tuple(
        _stage(
            name, roles[name], held.get(name, {}), _derived(name, intent, registry, request, guard), intent, registry, request
        )
        for name in STAGES if name in roles
    )  # fmt: skip
    return EditPlan(intent=intent, tier=request.tier, seed=request.seed, stages=stages)


def _roles(
    intent: Intent, facts: Facts | None, invents: bool, demanded: bool
) -> dict[StageName, Role | None]:
    """The stages an intent needs and the role of each one's engines. Where something is invented, text and faces are looked
    for first. demanded: the policy has a say in what is generated from a prompt alone."""
    if isinstance(intent, Generate):
        judged: dict[StageName, Role | None] = {"policy": None} if demanded else {}
        return {**judged, "generation": "generate", "export": None}
    if isinstance(intent, Upscale | Clean):
        role: Role = "upscale" if isinstance(intent, Upscale) else "clean"
        looking: dict[StageName, Role | None] = {"detection": "text", "policy": None} if invents else {}
        return {"triage": None, **looking, "enhancement": role, "export": None}
    reader: Role | None = "text" if isinstance(intent, RemoveText) else None
    detection = reader or next(iter(finding_roles(intent)), None)
    roles: dict[StageName, Role | None] = {
        "triage": None, "detection": detection, "policy": None, "generation": "fill", "blending": "blend",
        "verification": reader, "export": None,
    }  # fmt: skip
    if facts is None or facts.noise >= QUIET:
        roles["enhancement"] = "enhance"
    return roles


def _check_stages(request: Request, roles: Mapping[StageName, Role | None]) -> None:
    for name in (*request.engines, *request.params):
        if name not in STAGES:
            raise BadRequest(f"there is no stage {name!r}", cure=f"the stages are {', '.join(STAGES)}")
    for name in request.engines:
        if roles.get(name) is None and name in roles:  # type: ignore[call-overload]
            raise BadRequest(f"the stage {name} uses no engine here", cure=f"leave out --engine {name}=…")


def _check_depth(request: Request, registry: Registry) -> None:
    """BadRequest unless the depth network that is named, if any, is one."""
    named = str(request.params.get("generation", {}).get("depth_engine", ""))
    try:
        _ = named and registry.resolve("depth", named)
    except UnknownEngine as error:
        raise BadRequest(f"generation.depth_engine: {error.message}", cure=error.cure) from error


def _stage(
    name: StageName, role: Role | None, held: Mapping[str, Value], derived: Mapping[str, Value], intent: Intent,
    registry: Registry, request: Request,
) -> StagePlan:  # fmt: skip
    cards = _cards(name, role, intent, registry, request) if role else ()
    params = {
        **own_defaults(name, DEFAULTS[name], intent),
        **upscaling_defaults(name, intent),
        **held,
        **derived,
    }
    given = dict(request.params.get(name, {}))
    for key in given:
        if key in derived:
            raise BadRequest(f"{name}.{key} follows from what is asked for", cure=f"leave out {name}.{key}")
        if name == "verification":
            _check_threshold(key, given[key], cards)
        elif key not in params and not any(key in card.defaults for card in cards):
            known = sorted({*params, *(k for card in cards for k in card.defaults)})
            cure = f"it has {', '.join(known) or 'none'}"
            raise BadRequest(f"no parameter {key!r} in stage {name}{nearest(key, known)}", cure=cure)
    own = params | {
        k: typed(name, k, v, params.get(k, 0.0)) for k, v in given.items() if k in params or owns(name, k)
    }
    ids = {card.id for card in cards}
    standins = {c.id: c for card in cards for c in registry.with_fallbacks(card) if c.id not in ids}
    return StagePlan.model_validate({
        "stage": name, "version": VERSIONS[name], "params": own,
        "engines": tuple(_choice(name, card, given) for card in cards),
        "standins": tuple(_choice(name, card, given) for card in standins.values()),
    })  # fmt: skip


def owns(stage: str, name: str) -> bool:
    """Whether a parameter is the stage's own, and not one of its engines'."""
    thresholds = SENTENCES if stage == "verification" else {}
    known = {**DEFAULTS, UPSCALING: UPSCALING_PARAMS}.get(stage, {})  # type: ignore[call-overload]
    return name in known or name.rpartition(".")[2] in thresholds


def _check_threshold(name: str, value: Value, cards: Sequence[Card]) -> None:
    """BadRequest unless the parameter is one of the reader's, or a threshold that a region can be held against."""
    wrong = "" if any(name in card.defaults for card in cards) else fault(name, value)
    if wrong:
        raise BadRequest(
            f"verification.{name}: {wrong}", cure="see [verification] in tasks/policy/default.toml"
        )


def _derived(
    name: StageName, intent: Intent, registry: Registry, request: Request, guard: Mapping[str, str]
) -> Mapping[str, Value]:
    """The parameters that follow from what is asked for: nobody can set them."""
    tier = request.tier
    if name == "policy":
        return dict(guard)
    if name == "triage" and tier == "preview":
        enlarged = intent.scale**2 if isinstance(intent, Upscale) else 1
        return {"max_pixels": PREVIEW_PIXELS // enlarged}
    if name == "generation" and isinstance(intent, Generate) and tier == "preview":
        return {"max_pixels": PREVIEW_PIXELS}
    if name == "detection" and isinstance(intent, RemoveText):
        return {"text": intent.text}
    if name == UPSCALING and isinstance(intent, Upscale | Clean):
        return upscaling_derived(intent, _named_upscaler(intent, registry, request))
    return {}


def _cards(
    name: StageName, role: Role, intent: Intent, registry: Registry, request: Request
) -> Sequence[Card]:
    """The stage's engines: a ladder, or for what words name, an engine that outlines and one that finds."""
    if name == "detection" and isinstance(intent, RemoveText):
        return _readers(role, intent, registry, request)
    if name == UPSCALING and isinstance(intent, Upscale):
        automatic = _ladder(name, role, intent, registry, replace(request, engines={}))
        return upscaling_ladder(_named_upscaler(intent, registry, request), automatic, request.tier)
    if name == UPSCALING and isinstance(intent, Clean):
        return cleaning_ladder(_ladder(name, role, intent, registry, request))
    others = finding_roles(intent)[1:] if name == "detection" else ()
    return [card for one in (role, *others) for card in _ladder(name, one, intent, registry, request)]


def _readers(role: Role, intent: RemoveText, registry: Registry, request: Request) -> Sequence[Card]:
    """What reads, what looks beside it, and of `reader+reader` the one that has to agree."""
    named = request.engines.get("detection")
    asked = [replace(request, engines={"detection": one}) for one in named.split("+")] if named else [request]
    if len(asked) > 2:
        raise BadRequest(f"detection={named} names more than two readers", cure="name one, or two to agree")
    reader, *agreeing = (_ladder("detection", role, intent, registry, one)[0] for one in asked)
    return [reader, registry.get(SECOND_LOOK), *agreeing]


def _ladder(
    name: StageName, role: Role, intent: Intent, registry: Registry, request: Request
) -> Sequence[Card]:
    """The engines of a stage, cheap to heavy: regions climb only the ladder of fills, and not when one is named."""
    roles = finding_roles(intent) if name == "detection" else ()
    named = insisted_on(request.engines.get(name), role, roles, registry)
    try:
        found = [registry.resolve(role, named)] if named else registry.of_role(role, request.tier)
    except UnknownEngine as error:
        raise BadRequest(error.message, stage=name, cure=error.cure) from error
    cards = [card for card in found if _fits(card, intent)]
    if named and not cards:
        raise BadRequest(
            f"{found[0].id} {_misfit(found[0], intent)}", stage=name, cure="see `pentimento models`"
        )
    if not cards:
        wanted = f"engine of role {role!r}" + (" that takes a prompt" if isinstance(intent, Replace) else "")
        raise NoEngine(f"there is no {wanted}", stage=name, cure=_no_engine_cure(role, registry))
    return cards if role in LADDERS else joining(cards, intent)[:1]


def _named_upscaler(intent: Intent, registry: Registry, request: Request) -> Card | None:
    """The engine that is insisted on for enlarging a picture; None for none."""
    if not isinstance(intent, Upscale) or UPSCALING not in request.engines:
        return None
    return _ladder(UPSCALING, "upscale", intent, registry, request)[0]


def _no_engine_cure(role: Role, registry: Registry) -> str:
    """Names the engines that would do when insisted on, for want of an automatic one."""
    named = [card.id for card in registry.cards if card.role == role and card.prompt != "none"]
    if not named:
        return NoEngine.default_cure
    return f"insist on one with --engine, once its weights are here: {', '.join(named)}; or add a card; see `pentimento models`"


def _fits(card: Card, intent: Intent) -> bool:
    """Whether an engine of the right role can do what this intent asks of it."""
    if isinstance(intent, Replace) and card.role == "fill":
        return card.prompt != "none"
    if isinstance(intent, Upscale) and card.role == "upscale":
        return intent.scale in card.scales
    return card.prompt != "required" or card.role == "generate"


def _misfit(card: Card, intent: Intent) -> str:
    if isinstance(intent, Upscale):
        return f"does not scale by {intent.scale}, but by {', '.join(map(str, card.scales))}"
    return "takes no prompt" if isinstance(intent, Replace) else "needs a prompt"


def _choice(stage: StageName, card: Card, given: Mapping[str, Value]) -> EngineChoice:
    asked = {**ENGINE_DEFAULTS.get(stage, {}), **given}
    params = card.defaults | {
        k: typed(stage, k, v, card.defaults[k]) for k, v in asked.items() if k in card.defaults
    }
    check_sampling(stage, card, params)
    return EngineChoice.model_validate({
        "id": card.id, "version": card.version, "runtime": card.runtime, "weights": weights_digest(card),
        "params": params, "max_ring_residual": card.suits.max_ring_residual,
        "max_thickness": card.suits.max_thickness, "synthetic": card.suits.synthetic, "fallback": card.fallback,
        **upscaler_facts(card),
    })  # fmt: skip
