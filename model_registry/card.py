"""A card: the facts of one engine, in one TOML file. Facts only: nothing is inferred from a name."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from model_registry.engines.contract import ParamValue

Role = Literal[
    "text",
    "fill",
    "generate",
    "upscale",
    "clean",
    "blend",
    "enhance",
    "segment",
    "locate",
    "depth",
    "letters",
    "embed",
    "safety",
]
Runtime = Literal["classical", "onnx", "diffusers", "ocr", "spandrel", "transformers"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Weights(_Part):
    """Where the weights are and how they are recognised. Safetensors or ONNX only."""

    path: str = ""
    """A file or directory; relative to the card's folder. May hold `${VARIABLE}` of the environment."""
    hub: str = ""
    """A hub repository id, in place of `path`."""
    revision: str = Field(default="", pattern=r"^([0-9a-f]{40})?$")
    """The hub's full commit; required with `hub`."""
    variant: Literal["", "fp16", "bf16"] = ""
    """The precision that is fetched where the hub holds several of a file; empty for the plain one."""
    origin: str = ""
    """Where weights that are not shipped can be had, for people: shown when they are missing."""
    sha256: dict[str, str] = Field(default_factory=dict)
    """File (relative to the directory, or the file's own name) to its digest."""

    @model_validator(mode="after")
    def _one_place(self) -> Weights:
        if bool(self.path) == bool(self.hub):
            raise ValueError("weights need exactly one of `path` and `hub`")
        if self.hub and not self.revision:
            raise ValueError("weights from a hub need `revision`, the full 40-digit commit")
        return self


class Size(_Part):
    """What sizes the engine takes. The wrapper pads to it and crops back: callers never see it."""

    minimum: int = Field(default=1, ge=1)
    """Smallest side, px."""
    multiple_of: int = Field(default=1, ge=1)
    maximum: int = Field(default=0, ge=0)
    """Largest side, px; 0 = any."""


class Suits(_Part):
    """Which regions a fill engine may be the first choice for; 0 = no bound. Triage facts are held against it."""

    max_ring_residual: float = Field(default=0.0, ge=0)
    """What is left on the ring around the hole after a plane is fitted, RMS in levels of 255, worst channel."""
    max_thickness: float = Field(default=0.0, ge=0)
    """Largest distance from a hole pixel to the nearest pixel outside, px."""
    synthetic: bool = False
    """Only grounds that are drawn, not photographed: the pixels around the hole say exactly what belongs in it."""


class Cost(_Part):
    """Rough costs on two CPU cores, for ordering and for memory bounds; measured, not guessed."""

    rung: int = Field(default=50, ge=0, le=100)
    """Place on the ladder: lower is cheaper and tried earlier."""
    seconds_per_megapixel: float = Field(default=0.0, ge=0)
    memory_mb: int = Field(default=50, ge=0)
    """Resident memory of the loaded engine."""


class Card(_Part):
    """One engine."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    role: Role
    runtime: Runtime
    entry: str = ""
    """What the runtime loads: a classical method's name or `module:function`, an OCR library, a diffusers pipeline class."""
    version: str = "1"
    """Raised whenever the engine's output changes; part of every record's key."""
    title: str
    """One line for people."""
    licence: str
    """SPDX id, or the licence's own name."""
    terms: str = ""
    """How the licence of the weights limits who may use them, or for what, in a few words: such an engine is refused until a
    person accepts the terms by name, and never chosen unasked. Empty where anybody may use them commercially."""
    source: str = ""
    """Paper (authors, year) or project the method is from."""
    limits: str = ""
    """What it is bad at."""
    weights: Weights | None = None
    size: Size = Size()
    suits: Suits = Suits()
    cost: Cost = Cost()
    scales: tuple[int, ...] = ()
    """Factors an upscaler offers; `clean` engines say [1]."""
    reach: int = Field(default=0, ge=0)
    """How far around a pixel of its input an output pixel depends on, px; 0 = not known."""
    invents: bool = False
    """Adds detail that is not in the picture, as perceptual and diffusion upscalers do: used only when named whatever
    `automatic` says, and never on text or faces."""
    prompt: Literal["none", "optional", "required"] = "none"
    tiers: tuple[Literal["preview", "final"], ...] = ("preview", "final")
    thread_safe: bool = False
    """False: every worker gets an instance of its own."""
    automatic: bool | Literal["with-weights"] = True
    """False: used only when named, never put on a ladder by the planner. `with-weights`: on it where its weights are at
    hand when the cards are read; a registry's cards say true or false."""
    defaults: dict[str, ParamValue] = Field(default_factory=dict)
    """Parameters and their default values; the only parameters a plan may set."""
    fallback: tuple[str, ...] = ()
    """Ids tried, in order, when this engine cannot be loaded."""

    @model_validator(mode="after")
    def _only_when_named(self) -> Card:
        if self.terms and self.automatic:
            raise ValueError("weights with terms to accept need `automatic = false`")
        return self

    @property
    def ref(self) -> str:
        """`id@version`: how plans, records and results name the engine."""
        return f"{self.id}@{self.version}"
