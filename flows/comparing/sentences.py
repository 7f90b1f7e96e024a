"""A verdict in words, with the figures it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from flows.comparing.model import Kind, Method, Metric, PairedInterval


def sentence(
    kind: Kind, winner: str, leading: Sequence[str], beaten: Sequence[tuple[str, str]],
    asked: Sequence[PairedInterval], metrics: Sequence[Metric], method: Method,
) -> str:  # fmt: skip
    """One or two sentences. asked: the pairs on the deciding metrics."""
    if kind == "not enough pictures":
        most = max((one.pictures for one in asked), default=0)
        return (
            f"Not enough pictures: {most} can be compared, and with so many pairs and metrics at least {method.fewest} are needed "
            "before even complete agreement is no chance."
        )
    if kind == "winner":
        others = [name for pair in beaten if pair[0] == winner for name in pair[1:]]
        grounds = [_grounds(winner, other, asked, metrics) for other in others]
        return f"{winner} is better: {'; '.join(grounds)}."
    rest = [pair for pair in beaten if pair[0] in leading and pair[1] not in leading]
    lost: dict[str, str] = {}
    for better, worse in rest:
        lost.setdefault(worse, better)
    tail = "".join(f" {worse} is worse: {_grounds(b, worse, asked, metrics)}." for worse, b in lost.items())
    if kind == "mixed":
        return f"Mixed between {_listed(leading)}: what is better on one count is worse on another.{tail}"
    return f"No difference between {_listed(leading)}{_how_small(leading, asked, metrics)}.{tail}"


def _grounds(better: str, worse: str, asked: Sequence[PairedInterval], metrics: Sequence[Metric]) -> str:
    """The first metric on which one is better than the other, with its figures."""
    named = {metric.name: metric for metric in metrics}
    best = next(one for one in asked if {one.a, one.b} == {better, worse} and one.says in ("a", "b"))
    metric = named[best.metric]
    low, high = sorted((abs(best.low), abs(best.high)))
    wins = max(best.better_a, best.better_b)
    unit = f" {metric.unit}" if metric.unit else ""
    return (
        f"{abs(best.difference):.3g}{unit} of {metric.title} over {worse} ({low:.3g} to {high:.3g}; "
        f"p {_p(best.corrected)} after correction; {wins} of {best.pictures} pictures)"
    )


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _how_small(leading: Sequence[str], asked: Sequence[PairedInterval], metrics: Sequence[Metric]) -> str:
    """Whether any difference is known to be small, or was only not shown: then the likeliest."""
    among = [one for one in asked if one.a in leading and one.b in leading and one.pictures]
    if among and all(one.says == "same" for one in among):
        return ": whatever there is is too small to matter"
    named = {metric.name: metric for metric in metrics}
    first = min((one for one in among if one.says == "not shown"), key=lambda one: one.p, default=None)
    if first is None:
        return ""
    metric = named[first.metric]
    unit = f" {metric.unit}" if metric.unit else ""
    alone = f" by itself, p {_p(first.corrected)} after correction" if first.low * first.high > 0 else ""
    return (
        f" was shown: {metric.title} of {first.b} less {first.a} lies between {first.low:+.3g} and "
        f"{first.high:+.3g}{unit}{alone}"
    )


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
