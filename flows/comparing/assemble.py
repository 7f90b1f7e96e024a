"""From the results of the variants' runs to the comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from flows.comparing.code import code_digest
from flows.comparing.cost import cost_of, engines_of, seconds_by_picture
from flows.comparing.measuring import Scores, measured, table_of
from flows.comparing.metrics import METRICS, chosen
from flows.comparing.model import (
    ComparedPicture,
    ComparedVariant,
    Comparison,
    Excluded,
    Made,
    Metric,
    VariantChoice,
    Verdict,
)
from flows.comparing.verdict import decide
from tasks.job import JobSpec
from tasks.plan import Tier
from tasks.results import ItemResult, RunResult
from tasks.workshop import Workshop

NOT_MADE = ("rejected", "failed", "blocked")
"""Outcomes without a picture."""
Items = Mapping[str, Mapping[str, ItemResult]]
"""Variant to picture to how it ended."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What was run: all that a comparison is assembled from."""

    id: str
    manifest: str
    choices: Sequence[VariantChoice]
    results: Mapping[str, RunResult]
    """By variant."""
    jobs: Mapping[str, JobSpec]
    """By picture, as the manifest has them."""
    truths: Mapping[str, str]
    """Picture to the key of its truth."""
    tier: Tier = "final"
    seed: int = 0
    fresh: bool = False
    seconds: float = 0.0


def assemble(shop: Workshop, run: Compared) -> Comparison:
    """Score every picture that all variants made, and decide."""
    items: Items = {name: {item.id: item for item in result.items} for name, result in run.results.items()}
    names = [choice.name for choice in run.choices]
    order = [item.id for item in run.results[names[0]].items]
    excluded, failures = _excluded(order, names, items, run.jobs)
    out = {one.picture for one in excluded}
    counted = [name for name in order if name not in out]
    by_picture = {p: {name: items[name][p] for name in names} for p in counted}
    found = measured(shop, run.jobs, run.truths, by_picture)
    metrics = chosen(_available(found.scores), len(counted))
    table = table_of([m.name for m in metrics], names, counted, found.scores)
    decided = decide(names, metrics, table, seed=run.seed, failures=failures)
    times = seconds_by_picture({name: list(items[name].values()) for name in names})
    pictures = tuple(_picture(run, by_picture[p], found.scores[p], times, metrics, p) for p in counted)
    variants = tuple(_variant(choice, run.results[choice.name], metrics, pictures) for choice in run.choices)
    notes = (*_notes(variants, pictures, failures, run), *found.notes)
    return Comparison(
        id=run.id, manifest=run.manifest, seed=run.seed, tier=run.tier, baseline=names[0], variants=variants, metrics=metrics,
        pictures=pictures, intervals=decided.intervals, verdict=_noted(decided.verdict, notes), excluded=excluded,
        method=decided.method, fresh=run.fresh, registry=shop.registry.digest, code=code_digest(), seconds=run.seconds,
    )  # fmt: skip


def _noted(verdict: Verdict, notes: Sequence[str]) -> Verdict:
    return verdict.model_copy(update={"notes": tuple(notes)})


def _excluded(
    order: Sequence[str], names: Sequence[str], items: Items, jobs: Mapping[str, JobSpec]
) -> tuple[tuple[Excluded, ...], dict[str, int]]:
    """The pictures that a variant did not make, and on how many each variant alone, or with some but not all, failed."""
    rows, failures = [], dict.fromkeys(names, 0)
    for picture in order:
        lost = [name for name in names if items[name][picture].outcome in NOT_MADE]
        everywhere = len(lost) == len(names)
        same = len({(items[name][picture].outcome, items[name][picture].reason) for name in lost}) == 1
        for name in lost[:1] if everywhere and same else lost:
            item = items[name][picture]
            rows.append(Excluded(
                picture=picture, variant="" if everywhere and same else name, outcome=item.outcome, stage=item.stage,
                reason=item.reason, cure=item.cure,
            ))  # fmt: skip
        for name in lost if not everywhere else ():
            failures[name] += 1
    return tuple(rows), failures


def _available(scores: Mapping[str, Scores]) -> dict[str, set[str]]:
    """Metric to the pictures that two variants or more have it of."""
    found: dict[str, set[str]] = {}
    for metric in METRICS:
        held = {p: sum(metric.name in made for made in by.values()) for p, by in scores.items()}
        found[metric.name] = {p for p, number in held.items() if number > 1}
    return found


def _picture(
    run: Compared, made: Mapping[str, ItemResult], scores: Scores, times: Mapping[str, Mapping[str, float | None]],
    metrics: Sequence[Metric], name: str,
) -> ComparedPicture:  # fmt: skip
    job, first = run.jobs[name], next(iter(made.values()))
    shown = {
        variant: _made(item, scores[variant], times[variant][name], metrics) for variant, item in made.items()
    }
    return ComparedPicture(
        id=name, source=first.source, intent=job.intent.kind, prompt=getattr(job.intent, "prompt", ""), width=first.width,
        height=first.height, before=first.thumbnails.get("before", ""), truth=run.truths.get(name, ""), made=shown,
        disagreement=_disagreement(scores, metrics),
    )  # fmt: skip


def _made(
    item: ItemResult, scores: Mapping[str, float], seconds: float | None, metrics: Sequence[Metric]
) -> Made:
    return Made(
        outcome=item.outcome, reason=item.reason, output_sha256=item.output_sha256, media_type=item.media_type,
        shown=item.thumbnails.get("after", ""), boxes=tuple(region.box for region in item.regions), seconds=seconds,
        scores={m.name: round(scores[m.name], 6) for m in metrics if m.name in scores},
    )  # fmt: skip


def _disagreement(scores: Scores, metrics: Sequence[Metric]) -> float:
    apart = [0.0]
    for metric in (one for one in metrics if one.deciding):
        values = [made[metric.name] for made in scores.values() if metric.name in made]
        apart.append((max(values) - min(values)) / metric.least if len(values) > 1 else 0.0)
    return round(max(apart), 3)


def _variant(
    choice: VariantChoice, result: RunResult, metrics: Sequence[Metric], pictures: Sequence[ComparedPicture]
) -> ComparedVariant:
    means = {}
    for metric in metrics:
        common = [p for p in pictures if all(metric.name in made.scores for made in p.made.values())]
        if common:
            means[metric.name] = round(
                float(np.mean([p.made[choice.name].scores[metric.name] for p in common])), 6
            )
    return ComparedVariant(
        choice=choice, run_id=result.run_id, mlflow_run_id=result.mlflow_run_id, counts=result.counts,
        engines=engines_of(result.items), plans=tuple(sorted({i.plan for i in result.items if i.plan})), means=means,
        cost=cost_of([p.made[choice.name].seconds for p in pictures]),
    )  # fmt: skip


def _notes(
    variants: Sequence[ComparedVariant], pictures: Sequence[ComparedPicture], failures: Mapping[str, int], run: Compared
) -> list[str]:  # fmt: skip
    notes = [
        f"{name} failed on {n} picture(s) that another variant made; they do not count"
        for name, n in failures.items()
        if n
    ]
    for a, b in combinations(variants, 2):
        if a.plans and a.plans == b.plans:
            notes.append(f"{a.name} and {b.name} made the same plans: what they choose changes nothing here")
    without = sum(not p.truth for p in pictures)
    if 0 < without < len(pictures):
        notes.append(f"the truth is not known of {without} of {len(pictures)} pictures")
    untimed = [v.name for v in variants if v.cost.timed < len(pictures)]
    if untimed:
        cure = "" if run.fresh else "; --fresh measures all anew"
        notes.append(
            f"not every picture was timed for {', '.join(untimed)}: stages of earlier runs have no time{cure}"
        )
    return notes
