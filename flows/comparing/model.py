"""A comparison as one document: kept as `runs/<id>/comparison.json`, and read by the page, the votes and the promotion."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.contracts import Outcome
from tasks.intents import Coordinates, Frozen
from tasks.plan import Tier, Value

DOCUMENT = "comparison.json"
"""Name of the document among a run's."""
PAGE = "compare.html"
"""Name of the page that shows it."""

Direction = Literal["higher", "lower"]
Basis = Literal["truth", "free", "prompt", "outcome"]
"""What a metric rests on: the true picture, nothing but the result, the prompt, or how the picture ended."""
Says = Literal["a", "b", "same", "not shown"]
"""Of a pair on one metric: the first is better, the second is, any difference is too small to matter, or none was shown."""
Kind = Literal["winner", "no difference", "mixed", "not enough pictures"]
"""`no difference`: between the variants that lead; others may still be beaten. `mixed`: what is better on one count is worse
on another, or failed more often."""


class VariantChoice(Frozen):
    """What one variant chooses otherwise than the manifest and the planner would."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")
    tier: Tier | None = None
    seed: int | None = None
    """None: the seed of the comparison, the same for all."""
    engines: dict[str, str] = {}
    """Stage to engine id or `@alias`."""
    params: dict[str, dict[str, Value]] = {}
    """Stage to parameter to value."""
    note: str = Field(default="", max_length=500)
    """For people."""

    @property
    def said(self) -> str:
        """In words: `generation=telea, blending.feather=5`; empty for a variant that changes nothing."""
        asked = [f"{stage}={engine}" for stage, engine in sorted(self.engines.items())]
        asked += [
            f"{stage}.{name}={str(value).lower() if isinstance(value, bool) else value}"
            for stage, given in sorted(self.params.items())
            for name, value in sorted(given.items())
        ]
        asked += [f"tier={self.tier}"] if self.tier else []
        asked += [f"seed={self.seed}"] if self.seed is not None else []
        return ", ".join(asked)


class Metric(Frozen):
    """One score a picture, and what it means."""

    name: str
    title: str
    meaning: str
    direction: Direction
    basis: Basis
    unit: str = ""
    least: float
    """The smallest difference worth naming, in the metric's own unit."""
    deciding: bool
    """Whether the verdict rests on it; the others are shown beside."""


class Cost(Frozen):
    """What a variant costs, as if it had run alone: work that several variants shared is charged to each of them."""

    seconds: float | None = None
    """Sum over `timed` pictures; None where none could be timed."""
    median: float | None = None
    """Seconds a picture."""
    p95: float | None = None
    timed: int = 0
    """Pictures all of whose stages were computed within this comparison; what came from earlier runs has no time."""


class ComparedVariant(Frozen):
    """One variant, and what became of it. The first in the file is the baseline."""

    choice: VariantChoice
    run_id: str
    """Of its own run, which is reviewed, rerun and published like any other."""
    mlflow_run_id: str | None = None
    counts: dict[str, int]
    """Outcome to number of pictures, before any is excluded."""
    engines: dict[str, int] = {}
    """Engine to the number of regions, or of whole pictures, that it made."""
    plans: tuple[str, ...] = ()
    """Digests of its plans, sorted."""
    means: dict[str, float] = {}
    """Metric to its mean over the pictures that count for every variant."""
    cost: Cost = Cost()

    @property
    def name(self) -> str:
        """Of the choice."""
        return self.choice.name


class Made(Frozen):
    """What one variant made of one picture."""

    outcome: Outcome
    reason: str = ""
    output_sha256: str = ""
    """Of the file, in the store."""
    media_type: str = ""
    shown: str = ""
    """sha256 of a small picture of the result, in the store."""
    boxes: tuple[Coordinates, ...] = ()
    """Write zones, in pixels of the picture as displayed."""
    scores: dict[str, float] = {}
    """Metric to score; a metric that cannot be had of this picture is left out."""
    seconds: float | None = None
    """As in `Cost`; None when it is not known."""


class ComparedPicture(Frozen):
    """One picture that every variant made."""

    id: str
    source: str
    intent: str
    prompt: str = ""
    width: int = 0
    height: int = 0
    before: str = ""
    """sha256 of a small picture of the source, in the store; empty for a generated picture."""
    truth: str = ""
    """Key of the true picture below the manifest's folder; empty where it is not known."""
    made: dict[str, Made]
    """Variant to what it made."""
    disagreement: float = 0.0
    """How far the variants are apart here, in smallest differences worth naming: the largest over the deciding metrics."""


class PairedInterval(Frozen):
    """Two variants on one metric, over the pictures that both have it of."""

    metric: str
    a: str
    b: str
    pictures: int
    difference: float
    """Mean of b minus a, in the metric's unit."""
    low: float
    high: float
    """Of the difference, at the method's level, for this pair alone (not corrected)."""
    p: float
    corrected: float
    """p after the correction over all pairs: over the deciding metrics together, and over the others together."""
    better_a: int
    better_b: int
    """Pictures on which each is better; the rest are ties."""
    says: Says


class Verdict(Frozen):
    """What the comparison comes to."""

    kind: Kind
    winner: str = ""
    """The variant better than every other; empty unless `kind` is `winner`."""
    leading: tuple[str, ...] = ()
    """The variants that no other is better than."""
    beaten: tuple[tuple[str, str], ...] = ()
    """(better, worse) for every pair that differs, by names."""
    sentence: str
    notes: tuple[str, ...] = ()
    """What to know besides: failures, missing truth, missing times."""


class Excluded(Frozen):
    """A picture that does not count, because a variant did not make it."""

    picture: str
    variant: str
    """Empty for a row that was no job for any."""
    outcome: Outcome
    stage: str = ""
    reason: str = ""
    cure: str = ""


class Method(Frozen):
    """How the figures were made."""

    level: float = 0.95
    alpha: float = 0.05
    interval: str = "bias-corrected and accelerated bootstrap (Efron and Tibshirani 1993)"
    test: str = "paired sign-flip permutation of the mean"
    correction: str = "Holm 1979, over all pairs and deciding metrics on which any picture differs"
    resamples: int = 2000
    permutations: int = 5000
    seed: int = 0
    fewest: int = 0
    """Pictures below which even complete agreement could not be told from chance."""


class Comparison(Frozen):
    """Variants of a plan on the same pictures."""

    schema_version: Literal[1] = 1
    id: str
    """`compare-…`; also the id of the parent run in MLflow."""
    manifest: str
    seed: int = 0
    """Of every variant that names none."""
    tier: Tier = "final"
    baseline: str
    """Name of the first variant."""
    variants: tuple[ComparedVariant, ...] = Field(min_length=2)
    metrics: tuple[Metric, ...]
    pictures: tuple[ComparedPicture, ...]
    """In the manifest's order."""
    intervals: tuple[PairedInterval, ...]
    """Every pair on every metric; `a` stands before `b` in the file."""
    verdict: Verdict
    excluded: tuple[Excluded, ...] = ()
    method: Method = Method()
    fresh: bool = False
    """Whether nothing of earlier runs was used, nor shared between variants: times are then measured throughout."""
    registry: str = ""
    """Digest of the engines' cards."""
    code: str = ""
    """Digest of the program."""
    mlflow_run_id: str | None = None
    page: str = ""
    """Where the page is."""
    seconds: float = 0.0

    def variant(self, name: str) -> ComparedVariant:
        """By name; KeyError for another."""
        for one in self.variants:
            if one.name == name:
                return one
        raise KeyError(name)

    def metric(self, name: str) -> Metric:
        """By name; KeyError for another."""
        for one in self.metrics:
            if one.name == name:
                return one
        raise KeyError(name)

    @property
    def failed(self) -> bool:
        """True when a picture was rejected or failed: exit code 1."""
        return any(one.outcome in ("rejected", "failed") for one in self.excluded)
