"""`bench attention`: does a word light its part of the picture, when does a picture settle, and what does observing cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from flows.bench.attention import curves, pages
from flows.bench.attention.cases import Case, Layout, cases, coloured_layout, expected_layout, rendered_layout
from flows.bench.attention.judging import Judged, Mean, judge, mean_over_cases, of
from flows.bench.attention.overhead import measure_on
from flows.bench.attention.sampling import Seen, from_rendered, generated, generator
from flows.bench.setting import folder, tell
from model_registry.engines.observing import Observation, Watch
from model_registry.errors import WeightsMissing

Row = dict[str, Any]
_CASES: Final = (6, 24)
"""In a quick run, and in a whole one."""
_SETTLED: Final = (6, 16)
_REPEATS: Final = 60
_STEPS: Final = 20
_WATCH: Final = Watch(pictures=6, side=192)
_CURVES: Final = Watch(pictures=0, attention=False)


MADE: Final[dict[str, Callable[..., Seen]]] = {"generated": generated, "rendered": from_rendered}
"""How pictures come about: from nothing, and from rendered ones under part of the noise."""
Judge = Callable[[Case, Seen, tuple[int, int]], Layout]
GROUNDS: Final[dict[str, tuple[str, Judge]]] = {
    "generated": ("generated", lambda _case, _seen, shape: expected_layout(shape)),
    "by_colour": ("generated", lambda case, seen, shape: coloured_layout(case.scene, seen.picture, shape)),
    "rendered": ("rendered", lambda case, _seen, shape: rendered_layout(case.scene, shape)),
}
"""What is judged against what: pictures from nothing where every picture of the training distribution has wall or floor, and
where their own colours say it is; pictures from rendered ones where the renderer put it."""


def measure(quick: bool) -> tuple[list[Row], dict[str, Any]]:
    """Rows (one figure each, with its interval and its control) and the summary."""
    try:
        with generator() as engine:
            return _measured(engine, quick)
    except WeightsMissing as missing:
        return [], {"skipped": {"attention": str(missing)}}


def _measured(engine: Any, quick: bool) -> tuple[list[Row], dict[str, Any]]:
    chosen = cases(_CASES[not quick])
    rows: list[Row] = []
    summary: dict[str, Any] = {}
    seen = {name: _make(engine, name, chosen) for name in MADE}
    judged = {name: _judged(chosen, seen[made], on) for name, (made, on) in GROUNDS.items()}
    for name, found in judged.items():
        rows += _attention_rows(name, found)
        summary |= _attention_summary(name, found)
    settled = _settle(engine, chosen, _SETTLED[not quick])
    rows += _settling_rows(settled)
    tell("what it costs")
    cost = measure_on(engine, _REPEATS, quick)
    pairs = curves.differences(curves.table(settled))
    rows += [_pair_row(pair) for pair in pairs]
    summary |= _settling_summary(settled, pairs) | {key: cost[key] for key in ("off_overhead", "on_overhead")}
    summary |= {"off_overhead_interval": cost["off_interval"], "on_overhead_interval": cost["on_interval"]}
    page = Path(folder("attention")) / "attention.html"
    pages.write(page, chosen, seen, judged, settled)
    return rows, summary | {"page": str(page)}


def _make(engine: Any, name: str, chosen: Sequence[Case]) -> list[Seen]:
    made = []
    for n, case in enumerate(chosen):
        tell(f"{name}: {n + 1} of {len(chosen)}")
        made.append(MADE[name](engine, case, _WATCH, steps=_STEPS))
    return made


def _judged(chosen: Sequence[Case], seen: Sequence[Seen], on: Judge) -> list[Judged]:
    return [
        one
        for n, (case, made) in enumerate(zip(chosen, seen, strict=True))
        for one in judge(n, case, made.observation, partial(on, case, made))
    ]


def _attention_rows(name: str, found: Sequence[Judged]) -> list[Row]:
    """By kind of word and layer group: hits and lift, each beside the same maps judged for the other part."""
    rows = []
    for kind in ("surface", "place"):
        for group in dict.fromkeys(one.group for one in found):
            ones = of(found, kind, group)
            if not ones:
                continue
            others = [one.other() for one in ones]
            case = f"{name}, {kind} words, {group or 'all layers'}"
            for what, value in (("hit rate", _hit), ("lift", _lift)):
                mean, control = mean_over_cases(ones, value), mean_over_cases(others, value)
                rows.append(_row(case, what, len(ones), mean, control.value))
    return rows


def _attention_summary(name: str, found: Sequence[Judged]) -> dict[str, Any]:
    ones = of(found, "surface")
    if not ones:
        return {f"{name}_words": 0}
    others = [one.other() for one in ones]
    apart = mean_over_cases(ones, lambda one: 2.0 * one.hit - 1.0)
    return {
        f"{name}_words": len(ones),
        f"{name}_cases": len({one.case for one in ones}),
        f"{name}_hit_rate": mean_over_cases(ones, _hit).value,
        f"{name}_hit_rate_control": mean_over_cases(others, _hit).value,
        f"{name}_hit_rate_above_control": [apart.low, apart.high],
        f"{name}_share": mean_over_cases(ones, lambda one: one.share).value,
        f"{name}_area": mean_over_cases(ones, lambda one: one.area).value,
        f"{name}_lift": mean_over_cases(ones, _lift).value,
        f"{name}_lift_control": mean_over_cases(others, _lift).value,
    }


def _settle(engine: Any, chosen: Sequence[Case], count: int) -> dict[str, list[Observation]]:
    found: dict[str, list[Observation]] = {}
    for name in curves.SCHEDULERS:
        tell(f"settling: {name}")
        found[name] = [
            generated(engine, case, _CURVES, steps=_STEPS, scheduler=name).observation
            for case in chosen[:count]
        ]
    return found


def _settling_rows(settled: dict[str, list[Observation]]) -> list[Row]:
    rows = []
    for name, values in curves.table(settled).items():
        for key in curves.MEASURES:
            low, high = curves.spread(values[key])
            rows.append(_row(name, key, len(values[key]), Mean(float(values[key].mean()), low, high)))
    return rows


def _pair_row(pair: Row) -> Row:
    mean = Mean(pair["difference"], pair["low"], pair["high"])
    said = f"{pair['second']} less {pair['first']}"
    return _row(said, pair["measure"], pair["n"], mean, p=pair["p"])


def _settling_summary(settled: dict[str, list[Observation]], pairs: Sequence[Row]) -> dict[str, Any]:
    apart = {(p["first"], p["second"]) for p in pairs if p["low"] > 0 or p["high"] < 0}
    sure = {(p["first"], p["second"]) for p in pairs if p["differs"]}
    means = {
        f"{key}_{name}": float(values[key].mean())
        for name, values in curves.table(settled).items()
        for key in ("settled_low", "settled_high")
    }
    every = {(p["first"], p["second"]) for p in pairs}
    return means | {
        "scheduler_pairs": len(every),
        "scheduler_pairs_apart": len(apart),
        "scheduler_pairs_apart_corrected": len(sure),
    }


def _row(
    case: str, what: str, n: int, mean: Mean, control: float | None = None, p: float | None = None
) -> Row:
    return {
        "case": case,
        "measure": what,
        "n": n,
        "value": mean.value,
        "low": mean.low,
        "high": mean.high,
        "control": "" if control is None else control,
        "p": "" if p is None else p,
    }


def _hit(one: Judged) -> float:
    return float(one.hit)


def _lift(one: Judged) -> float:
    return one.lift
