"""What a sheet shows of an observed sampling: words and where they lit, the steps, when it settled, and who sampled it."""

from __future__ import annotations

from collections.abc import Iterable

from flows.observing.drawing import SIDE, WORDS, lit_words, spoken, step_names
from flows.observing.figures import CURVES, curve, settled_step
from flows.observing.stored import observations_of
from flows.sheet.model import SheetCurve, SheetObservation, SheetPicture
from flows.sheet.pictures import thumbnail
from model_registry.engines.observing import Observation
from tasks.results import ItemResult
from tasks.workshop import Workshop

MOST = 8
"""Most samplings of one picture that are shown."""
SAID = {"distance": "the whole", "low": "low frequencies: layout", "high": "high frequencies: texture"}


def observed_on_sheet(shop: Workshop, item: ItemResult) -> tuple[SheetObservation, ...]:
    """Of each observed region (or of the whole picture) its samplings, in order; empty where nothing was observed."""
    found = [(name, ones, n) for name, ones in observations_of(shop, item).items() for n in range(len(ones))]
    return tuple(shown(name, ones[n], n, len(ones)) for name, ones, n in found[:MOST])


def shown(name: str, one: Observation, n: int = 0, calls: int = 1) -> SheetObservation:
    """One sampling. name: `picture` or `region-N`; n: which of its `calls`, from 0."""
    title = "How it was sampled" if name == "picture" else f"How {name.replace('-', ' ')} was sampled"
    title += f": {n + 1} of {calls}" if calls > 1 else ""
    return SheetObservation(
        title=title, prompt=one.prompt, facts=tuple(_facts(one)), words=tuple(_words(one)), strip=tuple(_strip(one)),
        curves=tuple(_curves(one)), steps=one.steps or len(one.timesteps), notes=tuple(_notes(one)),
    )  # fmt: skip


def _facts(one: Observation) -> Iterable[tuple[str, str]]:
    yield "engine", one.engine
    yield "scheduler", one.scheduler
    yield "steps", str(one.steps or len(one.timesteps))
    if one.guidance is not None:
        yield "guidance", f"{one.guidance:g}"
    if one.negative:
        yield "negative prompt", one.negative
    yield "seed", str(one.seed)
    if one.dtype:
        yield "precision", one.dtype
    yield "weights", one.weights[:12] or "not pinned"


def _words(one: Observation) -> Iterable[tuple[str, str, SheetPicture]]:
    for text, most, levels in lit_words(one):
        yield text, f"at most {most:.1%}", thumbnail(levels, SIDE, text)


def _strip(one: Observation) -> Iterable[SheetPicture]:
    for name, levels in zip(step_names(one), one.pictures, strict=True):
        yield thumbnail(levels, SIDE, name)


def _curves(one: Observation) -> Iterable[SheetCurve]:
    for name in CURVES:
        values = curve(one, name)
        if len(values) > 1:
            settled = settled_step(one, name) if name in ("low", "high") else None
            yield SheetCurve(name, SAID[name], tuple(float(v) for v in values), settled)


def _notes(one: Observation) -> Iterable[str]:
    if one.settling.get("collapsed") is not None and float(one.settling["collapsed"][0]) > 0.5:
        yield "it collapsed: what was expected ended flat, or not finite"
    words = len(spoken(one))
    if words > WORDS:
        yield f"{words - WORDS} more words are not shown"
    yield from one.notes
