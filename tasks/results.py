"""What a run says of itself: one object for `--json`, the records, the sheet and tracking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidatorFunctionWrapHandler,
    WrapSerializer,
    WrapValidator,
)

from tasks.contracts import OUTCOMES, Outcome
from tasks.intents import Frozen
from tasks.plan import Value
from tasks.savings import CellSavings, Savings
from tasks.spooled import Changed, Lazily, Spooled


class StageResult(Frozen):
    """One stage of one picture (and one region, for the stages that work by region)."""

    stage: str
    engine: str = ""
    seconds: float = 0.0
    cached: bool = False
    artifact: str = ""
    """sha256 of what the stage made, empty when it made no bytes."""
    region: int = 0
    """The region's number; 0 for the whole picture."""

    def as_cached(self) -> StageResult:
        """The same stage, found done by an earlier run."""
        return self.model_copy(update={"cached": True, "seconds": 0.0})


class PolicyResult(Frozen):
    """What the policy decided on a region."""

    verdict: Literal["allow", "flag", "review", "block"] = "allow"
    category: str = ""
    """Empty where nothing speaks against the edit."""
    reason: str = ""
    cure: str = ""
    evidence: str = ""


class KeptText(Frozen):
    """A line of text that was found and left alone."""

    text: str
    box: tuple[int, int, int, int]
    why: str


class RegionResult(Frozen):
    """One edited area."""

    n: int
    kind: str
    text: str = ""
    box: tuple[int, int, int, int]
    """Encloses the whole write zone; pixels of the picture as displayed."""
    engine: str = ""
    fallback_from: str | None = None
    """The engine that should have done it, when another stood in."""
    stood_in: tuple[str, ...] = ()
    """What else was not done by the engine that should have: `blending: soft-blend stood in for gradient-blend`."""
    tried: tuple[str, ...] = ()
    """Engines whose result failed verification before `engine`'s was kept."""
    recovered: float = 0.0
    """Share of the hole whose own pixels came back; the engine filled the rest."""
    passed: bool = True
    scores: dict[str, float] = {}
    failed: tuple[str, ...] = ()
    """The scores whose threshold it misses."""
    reasons: tuple[str, ...] = ()
    """The same in words, with the figures."""
    policy: PolicyResult = PolicyResult()
    found: str = ""
    """How its mask was found; see `Region.found`."""
    note: str = ""
    remarks: tuple[str, ...] = ()
    """What the engine says of its fill that does not lessen it, as that it was made smaller and scaled up."""
    artifacts: dict[str, str] = {}
    """Intermediate (`region`, `mask`, `fill`, `blend`, `final`) to sha256; `observation`, where its sampling was observed."""


class RungShare(Frozen):
    """What one rung of the ladder of upscalers did of a picture."""

    engine: str
    colour: str
    """Its colour on the routing map, `#rrggbb`."""
    cells: int
    seconds: float
    """Expected by its card, surroundings included."""


class Enlargement(Frozen):
    """How a picture was enlarged or cleaned: who made which cells, what that saved, and how true it is to the source."""

    scale: int
    cell: int
    """Side of a cell, px of the source."""
    rungs: tuple[RungShare, ...]
    """The ladder, cheap to heavy."""
    saved: float
    """Share of the cost of the top rung everywhere that was not spent, by the cards."""
    expected_loss_db: float
    """What the cheaper rungs are expected to lose against the top one everywhere."""
    consistency_db: float
    """PSNR of the result, scaled down again, to the source."""
    worst_cell_db: float
    colour_shift: float
    """Largest shift of a channel's mean, levels of 255."""
    hallucination: float
    """The most detail of any cell that neither the source nor the cheapest rung explains, against what they do explain."""
    corrected: int
    """Cells pulled back to the source."""
    protected: int = 0
    """Cells that no network was allowed to touch."""
    cautious: int = 0
    """Cells with text or faces, kept from an engine that invents."""
    artifacts: dict[str, str] = {}
    """`confidence`, `routing` and `cells` to sha256."""

    @property
    def cells(self) -> int:
        """All cells of the picture."""
        return sum(rung.cells for rung in self.rungs)

    def sentence(self) -> str:
        """In words, for a line of a report."""
        done = ", ".join(f"{r.engine} {r.cells / max(self.cells, 1):.0%}" for r in self.rungs if r.cells)
        saved = (
            f"; {self.saved:.0%} of the cost of {self.rungs[-1].engine} everywhere saved"
            if len(self.rungs) > 1
            else ""
        )
        return f"{self.cells} cells: {done}{saved}; scaled down again {self.consistency_db:.1f} dB from the source"


class ItemResult(Frozen):
    """How one picture ended."""

    id: str
    source: str
    output: str = ""
    outcome: Outcome
    stage: str = ""
    """Where it ended, for outcomes other than done."""
    reason: str = ""
    cure: str = ""
    width: int = 0
    height: int = 0
    regions: tuple[RegionResult, ...] = ()
    stages: tuple[StageResult, ...] = ()
    plan: str = ""
    """The plan's digest."""
    asked: str = ""
    """Digest of source, mask and intent: the same for every tier and plan that answers the same wish."""
    source_sha256: str = ""
    output_sha256: str = ""
    media_type: str = ""
    suffix: str = ""
    flags: tuple[str, ...] = ()
    """What the policy lets pass with a mark: `region N: reason (evidence)`."""
    kept: tuple[KeptText, ...] = ()
    """Text that was found and left alone, such as print on the product."""
    thumbnails: dict[str, str] = {}
    """`before` and `after` to sha256, for the sheet."""
    notes: tuple[str, ...] = ()
    enlargement: Enlargement | None = None
    """Of a picture that was enlarged or cleaned."""
    observations: dict[str, str] = {}
    """How it was sampled: `picture`, or `region-N`, to sha256 of an npz that `observing.from_npz` reads."""


class Rerun(Frozen):
    """What a rerun is of, what was asked for otherwise, and who asked."""

    parent: str
    """The run whose picture was made again."""
    origin: str
    """The first run of the line: `parent`, or what that was a rerun of."""
    picture: str
    region: int = 0
    """0 for the whole picture."""
    engines: dict[str, str] = {}
    params: dict[str, dict[str, Value]] = {}
    seed: int | None = None
    tier: str = ""
    """Empty: as before."""
    by: str = ""
    at: str = ""
    """UTC, ISO 8601."""
    instead_of: str = ""
    """sha256 of the file that `origin` made of the picture; empty when it made none."""

    @property
    def said(self) -> str:
        """In words: `region 2 with generation=telea, blending.feather=5`."""
        asked = [f"{stage}={engine}" for stage, engine in self.engines.items()]
        asked += [f"{stage}.{k}={v}" for stage, given in self.params.items() for k, v in given.items()]
        asked += [f"seed {self.seed}"] if self.seed is not None else []
        asked += [f"tier {self.tier}"] if self.tier else []
        what = f"region {self.region}" if self.region else "the picture"
        return f"{what} with {', '.join(asked)}" if asked else what


def _as_they_are(given: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Rows that are not in memory are not read to be looked at; those that `RunResult.told` gave are taken back."""
    if isinstance(given, Changed):
        given = given.rows
    return given if isinstance(given, Lazily) else validate(given)


def _all(items: Sequence[ItemResult], write: SerializerFunctionWrapHandler) -> Any:
    return write(tuple(items))


if TYPE_CHECKING:
    Items = Sequence[ItemResult]
else:
    Items = Annotated[tuple[ItemResult, ...], WrapValidator(_as_they_are), WrapSerializer(_all)]


class RunResult(Frozen):
    """One run."""

    run_id: str
    mlflow_run_id: str | None = None
    counts: dict[str, int]
    seconds: float
    items: Items
    """In the manifest's order: a tuple, or for a run of many pictures a sequence that reads them when they are asked for."""
    tier: str = "final"
    sheet: str = ""
    """Where the review sheet is."""
    rerun: Rerun | None = None
    """Of what it is a rerun."""
    savings: Savings | None = None
    """What the cheap rungs of the ladder saved."""
    cell_savings: CellSavings | None = None
    """What was saved on the cells of pictures that were enlarged."""
    code: str = ""
    """Version of the program, with the commit where it ran from a checkout; empty in older results."""
    previews: str = ""
    """The run that made the previews of the same pictures first, in two passes."""
    stored: int = Field(default=0, ge=0, exclude=True)
    """Items that are stored beside this and not in it: see `flows.stored_items`."""

    def told(self) -> dict[str, Any]:
        """As JSON objects; the items are made when they are asked for: Prefect would go through all that a flow returns."""
        head: dict[str, Any] = self.model_copy(update={"items": ()}).model_dump(mode="json")
        return head | {"items": Changed(self.items, _told)}

    def written(self) -> Iterator[str]:
        """The text of `model_dump_json`, in pieces that are never all in memory."""
        head, _, tail = self.model_copy(update={"items": ()}).model_dump_json().partition('"items":[]')
        yield f'{head}"items":['
        lines = self.items.lines() if isinstance(self.items, Spooled) else map(_written, self.items)
        for number, line in enumerate(lines):
            yield f"{',' if number else ''}{line.decode()}"
        yield f"]{tail}"

    @property
    def failed(self) -> bool:
        """True when a picture was rejected or failed: exit code 1."""
        return any(item.outcome in ("rejected", "failed") for item in self.items)


def _told(item: ItemResult) -> dict[str, Any]:
    return item.model_dump(mode="json")


def _written(item: ItemResult) -> bytes:
    return item.model_dump_json().encode()


def count(items: Iterable[ItemResult]) -> dict[str, int]:
    """Outcomes with their numbers, in the fixed order of outcomes, leaving out those that did not occur."""
    found = Counter(item.outcome for item in items)
    return {outcome: found[outcome] for outcome in OUTCOMES if found[outcome]}
