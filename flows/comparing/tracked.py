"""What tracking is told of a comparison: one run for all, one a variant, with the same names, so that its own pages compare."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence

from flows.comparing.model import DOCUMENT, PAGE, ComparedPicture, ComparedVariant, Comparison, VariantChoice
from flows.request import Beside
from infra.settings import Settings
from infra.store.contract import Damaged, NotFound
from infra.tracking.mlflow_log import log_run
from infra.tracking.model import Sample, TrackedRun
from tasks.steps.thumbnails import media_type
from tasks.workshop import Workshop

PLANNED = "as planned"
"""Stands where a variant leaves to the planner what another one chooses."""


def beside(shop: Workshop, comparison: Comparison, variant: ComparedVariant, most: int) -> Beside:
    """What is told of a variant's run beside its own: what it chose, its means, its cost, and the pictures that differ most.

    Every variant has the same names, and the same keys and steps of pictures."""
    metrics = {f"mean.{name}": value for name, value in variant.means.items()}
    cost = {
        "cost.seconds": variant.cost.seconds, "cost.median": variant.cost.median, "cost.p95": variant.cost.p95,
    }  # fmt: skip
    metrics |= {name: value for name, value in cost.items() if value is not None}
    return Beside(
        parent=comparison.id,
        params=overrides(variant.choice, [one.choice for one in comparison.variants]),
        metrics=metrics,
        tags={
            "mlflow.runName": f"{variant.name} · {variant.run_id}", "pentimento.variant": variant.name,
            "pentimento.compare": comparison.id,
        },
        samples=tuple(_samples(shop, shown_of(comparison, most), variant.name)),
    )  # fmt: skip


def overrides(choice: VariantChoice, every: Sequence[VariantChoice]) -> dict[str, str]:
    """Name of a choice to what this variant chose, for all that any variant chose."""
    own = _flat(choice)
    return {name: own.get(name, PLANNED) for name in sorted({name for one in every for name in _flat(one)})}


def _flat(choice: VariantChoice) -> dict[str, str]:
    flat = {f"engine.{stage}": engine for stage, engine in choice.engines.items()}
    flat |= {f"param.{stage}.{k}": str(v) for stage, given in choice.params.items() for k, v in given.items()}
    flat |= {"variant.seed": str(choice.seed)} if choice.seed is not None else {}
    flat |= {"variant.tier": choice.tier} if choice.tier else {}
    return flat | {"variant": choice.name}


def shown_of(comparison: Comparison, most: int) -> list[ComparedPicture]:
    """At most so many pictures, those on which the variants differ most first."""
    return sorted(comparison.pictures, key=lambda p: -p.disagreement)[:most]


def _samples(shop: Workshop, pictures: Sequence[ComparedPicture], variant: str) -> list[Sample]:
    """Of a variant, or of the pictures as they came for none."""
    found = []
    for picture in pictures:
        sha = picture.made[variant].shown if variant else picture.before
        try:
            data = shop.store.get(sha) if sha else None
        except (NotFound, Damaged):
            continue
        if data:
            found.append(Sample(f"compare/{picture.id}", 0, data, media_type(data), picture.id))
    return found


def track_comparison(shop: Workshop, settings: Settings, comparison: Comparison, page: str) -> str | None:
    """Log the run that all variants' runs are part of; its MLflow id, or None when it waits in the spool."""
    verdict = comparison.verdict
    metrics = {
        f"difference.{one.metric}.{one.b}.less.{one.a}": one.difference
        for one in comparison.intervals
        if comparison.metric(one.metric).deciding
    }
    run = TrackedRun(
        run_id=comparison.id, name="compare", began=time.time() - comparison.seconds,
        params={
            "manifest": comparison.manifest, "variants": ", ".join(one.name for one in comparison.variants),
            "baseline": comparison.baseline, "pictures": str(len(comparison.pictures)), "seed": str(comparison.seed),
            "tier": comparison.tier, "registry": comparison.registry[:12], "code": comparison.code[:12],
        },
        metrics=metrics | {"compared": float(len(comparison.pictures)), "excluded": float(len(comparison.excluded))},
        tags={
            "pentimento.verdict": verdict.kind, "pentimento.winner": verdict.winner, "pentimento.store": shop.spec.store,
            "mlflow.note.content": "\n\n".join([verdict.sentence, *verdict.notes]),
        },
        samples=tuple(_samples(shop, shown_of(comparison, settings.sample), "")),
        files={
            DOCUMENT: comparison.model_dump_json(indent=1).encode(), "scores.parquet": scores_parquet(comparison),
            PAGE: page.encode(),
        },
    )  # fmt: skip
    return log_run(
        run, uri=settings.mlflow_uri, experiment=settings.experiment, waiting=settings.home / "spool"
    )


def scores_parquet(comparison: Comparison) -> bytes:
    """A row a picture and variant: outcome, seconds, digest of the file, and a column a metric."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {"picture": picture.id, "variant": name, "outcome": made.outcome, "seconds": made.seconds, "output_sha256": made.output_sha256}
        | {metric.name: made.scores.get(metric.name) for metric in comparison.metrics}
        for picture in comparison.pictures
        for name, made in picture.made.items()
    ]  # fmt: skip
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()
