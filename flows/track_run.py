"""What tracking is told of a run: parameters, metrics, engine versions, a Parquet of outcomes, a sample, the sheet."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Sequence

import numpy as np

from flows.embedding import embedded, embeddings_npz
from flows.observing.stored import observed_items
from flows.observing.tracked import files_of, metrics_of_seen, pictures_of
from flows.request import Beside
from flows.savings import cell_metrics_of, metrics_of
from flows.standing_out import embedding_metrics
from infra.settings import Settings
from infra.store.contract import Damaged, NotFound
from infra.tracking.mlflow_log import log_run
from infra.tracking.model import EngineVersion, Sample, TrackedRun
from model_registry.weights import weights_digest
from tasks.contracts import OUTCOMES
from tasks.results import ItemResult, RunResult
from tasks.steps.thumbnails import media_type
from tasks.workshop import Workshop

SHOWN = ("before", "after")


def track_run(
    shop: Workshop, settings: Settings, result: RunResult, sheet: str, beside: Beside | None = None
) -> str | None:
    """Log the run; its MLflow id, or None when the server did not take it (it then waits in the spool)."""
    more = beside or Beside("")
    sample = sample_of(result.items, settings.sample)
    vectors, seen = embedded(shop, result.items), observed_items(shop, sample)
    files = {
        "outcomes.parquet": outcomes_parquet(result.items),
        "descriptors.npz": embeddings_npz(vectors),
        **files_of(seen),
    }
    if sheet:
        files["review.html"] = sheet.encode()
    run = TrackedRun(
        run_id=result.run_id, name=result.run_id.split("-")[0], params={**_params(shop, result), **more.params},
        metrics={**_metrics(result), **embedding_metrics(vectors), **metrics_of_seen(seen), **more.metrics},
        tags={**_tags(shop, result), **more.tags}, parent=more.parent, began=time.time() - result.seconds,
        samples=(*_pictures(shop, sample), *pictures_of(seen, sample), *more.samples),
        engines=tuple(_engines(shop, result.items)), files=files,
    )  # fmt: skip
    return log_run(
        run, uri=settings.mlflow_uri, experiment=settings.experiment, waiting=settings.home / "spool"
    )


def outcomes_parquet(items: Sequence[ItemResult]) -> bytes:
    """A row a picture, with references into the store and the worst of each score."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {
            "id": i.id, "source": i.source, "output": i.output, "outcome": i.outcome, "stage": i.stage,
            "reason": i.reason, "width": i.width, "height": i.height, "regions": len(i.regions), "plan": i.plan,
            "source_sha256": i.source_sha256, "output_sha256": i.output_sha256,
            "engines": ",".join(dict.fromkeys(r.engine for r in i.regions)),
            "seconds": sum(s.seconds for s in i.stages), "detail": i.model_dump_json(),
        }
        for i in items
    ]  # fmt: skip
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def _params(shop: Workshop, result: RunResult) -> dict[str, str]:
    """Only what a resumed run cannot change: MLflow keeps the first value of a parameter."""
    return {
        "tier": result.tier, "pictures": str(len(result.items)), "registry": shop.registry.digest[:12]
    }  # fmt: skip


def _tags(shop: Workshop, result: RunResult) -> dict[str, str]:
    plans = list(dict.fromkeys(i.plan[:12] for i in result.items if i.plan))
    rerun = {"pentimento.rerun_of": result.rerun.parent} if result.rerun else {}
    return rerun | {
        "pentimento.store": shop.spec.store, "pentimento.sheet": shop.store.backend.url(f"runs/{result.run_id}/review.html"),
        "pentimento.plans": ",".join(plans[:20]), "mlflow.note.content": _note(result),
    }  # fmt: skip


def _note(result: RunResult) -> str:
    counts = ", ".join(f"{n} {outcome}" for outcome, n in result.counts.items())
    return (
        f"{len(result.items)} pictures: {counts}. Every artifact is in the store; `review.html` shows them."
    )


def _metrics(result: RunResult) -> dict[str, float]:
    metrics = {f"outcome.{outcome}": float(result.counts.get(outcome, 0)) for outcome in OUTCOMES}
    metrics["seconds"] = result.seconds
    for name, values in _scores(result.items).items():
        metrics[f"score.{name}.mean"] = float(np.mean(values))
        metrics[f"score.{name}.p95"] = float(np.percentile(values, 95))
    by_stage: dict[str, float] = {}
    for stage in (s for i in result.items for s in i.stages):
        by_stage[stage.stage] = by_stage.get(stage.stage, 0.0) + stage.seconds
    metrics |= metrics_of(result.savings) | cell_metrics_of(result.cell_savings) | _fidelity(result.items)
    return metrics | {f"seconds.{stage}": seconds for stage, seconds in by_stage.items()}


def _scores(items: Iterable[ItemResult]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for region in (r for i in items for r in i.regions):
        for name, value in region.scores.items():
            found.setdefault(name, []).append(value)
    return found


def _fidelity(items: Iterable[ItemResult]) -> dict[str, float]:
    """Of the pictures that were enlarged: how true they are to their sources."""
    found = [item.enlargement for item in items if item.enlargement and item.enlargement.scale > 1]
    if not found:
        return {}
    return {
        "enlarged.consistency_db.least": min(one.consistency_db for one in found),
        "enlarged.consistency_db.mean": float(np.mean([one.consistency_db for one in found])),
        "enlarged.colour_shift.most": max(one.colour_shift for one in found),
        "enlarged.hallucination.most": max(one.hallucination for one in found),
        "enlarged.saved.mean": float(np.mean([one.saved for one in found])),
    }


def _engines(shop: Workshop, items: Iterable[ItemResult]) -> Iterable[EngineVersion]:
    """The engines that have a card: masks that came with jobs and un-mixing are our own code."""
    used = {s.engine for i in items for s in i.stages}
    for card in sorted((c for c in shop.registry.cards if c.id in used), key=lambda c: c.id):
        revision = card.weights.revision if card.weights else ""
        yield EngineVersion(
            card.id, card.role, card.version, card.runtime, card.licence, revision, weights_digest(card)
        )


def sample_of(items: Sequence[ItemResult], budget: int) -> list[ItemResult]:
    """At most `budget` items that have pictures, in the run's order: what was observed, what needs a look, and of the rest
    some that are evenly spread over the run. An item's place among them is its step in MLflow."""
    shown = [i for i in items if "after" in i.thumbnails]
    observed = [i for i in shown if i.observations]
    urgent = [i for i in shown if i.outcome not in ("done", "unchanged") and not i.observations]
    first = [*observed, *urgent][:budget]
    rest = [i for i in shown if not i.observations and i.outcome in ("done", "unchanged")]
    left = budget - len(first)
    places = [round(p) for p in np.linspace(0, len(rest) - 1, min(left, len(rest)))] if rest and left else []
    chosen = {i.id for i in (*first, *(rest[p] for p in places))}
    return [i for i in shown if i.id in chosen]


def _pictures(shop: Workshop, sample: Sequence[ItemResult]) -> Iterable[Sample]:
    for step, item in enumerate(sample):
        for name in SHOWN:
            data = _thumbnail(shop, item, name)
            if data:
                yield Sample(f"stage/{name}", step, data, media_type(data), item.id)


def _thumbnail(shop: Workshop, item: ItemResult, name: str) -> bytes | None:
    try:
        return shop.store.get(item.thumbnails[name]) if name in item.thumbnails else None
    except (NotFound, Damaged):
        return None
