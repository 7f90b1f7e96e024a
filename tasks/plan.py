"""A plan: the stages, engines, parameters and thresholds chosen for an intent. A frozen, hashable, diffable value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, PlainSerializer

from tasks.intents import Frozen, Intent

StageName = Literal[
    "triage", "detection", "policy", "generation", "blending", "enhancement", "verification", "export"
]
STAGES: tuple[StageName, ...] = get_args(StageName)
Tier = Literal["preview", "final"]
Value = str | int | float | bool


def _pairs(value: object) -> object:
    return tuple(sorted(value.items())) if isinstance(value, Mapping) else value


Parameters = Annotated[
    tuple[tuple[str, Value], ...], BeforeValidator(_pairs), PlainSerializer(dict, return_type=dict[str, Any])
]
"""Name and value, sorted by name; an object in JSON."""


class EngineChoice(Frozen):
    """One engine on a ladder, with all that decides its bytes."""

    id: str
    version: str
    runtime: str
    weights: str = ""
    """Digest of the weights; empty without weights."""
    params: Parameters = ()
    """The card's defaults with the request's overrides."""
    max_ring_residual: float = 0.0
    max_thickness: float = 0.0
    synthetic: bool = False
    cost: float = 0.0
    """Of an upscaler, seconds a megapixel by its card: what decides where it pays. 0 for other roles."""
    reach: int = 0
    """Of an upscaler: how far around a pixel it looks, px; 0 = not known."""
    invents: bool = False
    """Whether an upscaler adds what is not in the picture."""
    fallback: tuple[str, ...] = ()
    """Ids of the stage's stand-ins, tried in order when this engine cannot be loaded or breaks."""

    @property
    def ref(self) -> str:
        """`id@version`."""
        return f"{self.id}@{self.version}"


class StagePlan(Frozen):
    """What one stage will do."""

    stage: StageName
    version: str
    """Raised whenever the stage's own code changes its output."""
    engines: tuple[EngineChoice, ...] = ()
    """The ladder, cheap to heavy; empty where the stage needs no engine."""
    standins: tuple[EngineChoice, ...] = ()
    """Engines that are not on the ladder, but a fallback of one that is."""
    params: Parameters = ()

    def fallbacks(self, choice: EngineChoice) -> tuple[EngineChoice, ...]:
        """`choice` and then what may stand in for it, in order."""
        known = {e.id: e for e in (*self.engines, *self.standins)}
        return (choice, *(known[name] for name in choice.fallback if name in known))

    def param(self, name: str) -> Value:
        """The value of a parameter; KeyError when the stage has none of that name."""
        return dict(self.params)[name]

    def number(self, name: str) -> float:
        """A numeric parameter as float."""
        return float(self.param(name))


class EditPlan(Frozen):
    """Everything that decides an output besides the source's bytes."""

    schema_version: Literal[1] = 1
    intent: Intent
    tier: Tier = "final"
    seed: int = 0
    stages: tuple[StagePlan, ...]

    @property
    def digest(self) -> str:
        """sha256 of the canonical JSON: the same in every process."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def canonical(self) -> bytes:
        """Sorted keys, no spaces, UTF-8."""
        return json.dumps(
            self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()

    def stage(self, name: StageName) -> StagePlan | None:
        """The stage's plan, None when the plan leaves it out."""
        return next((s for s in self.stages if s.stage == name), None)

    def describe(self) -> str:
        """The plan for people: a line a stage, its ladder and its parameters."""
        lines = [f"plan {self.digest[:12]}  {self.intent.kind}  tier {self.tier}  seed {self.seed}"]
        boxes = getattr(self.intent, "protect", ())
        if boxes:
            lines.append(f"  {'protected':<13}{'; '.join(','.join(map(str, box)) for box in boxes)}")
        for stage in self.stages:
            beside = " + " if stage.stage == "detection" else " -> "
            ladder = beside.join(e.ref for e in stage.engines) or "(no engine)"
            params = "  ".join(f"{k}={v}" for k, v in stage.params)
            lines.append(f"  {stage.stage:<13}{ladder}")
            if params:
                lines.append(f"  {'':<13}{params}")
        return "\n".join(lines)
