"""What tracking is told of a run: parameters, metrics, engine versions, a Parquet of outcomes, a sample, the sheet."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np

from flows.embedding import embedded, embeddings_npz
from flows.observing.stored import observed_items
from flows.observing.tracked import files_of, metrics_of_seen, pictures_of
from flows.outcomes import outcomes_parquet as outcomes_parquet
from flows.outcomes import write_outcomes
from flows.request import Beside
from flows.run_figures import RunFigures, figures_of
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
OUTCOMES_FILE = "outcomes.parquet"


def track_run(
    shop: Workshop, settings: Settings, result: RunResult, sheet: str, beside: Beside | None = None
) -> str | None:
    """Log the run; its MLflow id, or None when the server did not take it (it then waits in the spool)."""
    with tempfile.TemporaryDirectory(prefix="pentimento-") as folder:
        outcomes = Path(folder, OUTCOMES_FILE)
        write_outcomes(result.items, outcomes)
        run = _tracked(shop, settings, result, sheet, outcomes, beside or Beside(""))
        return log_run(
            run, uri=settings.mlflow_uri, experiment=settings.experiment, waiting=settings.home / "spool"
        )


def _tracked(
    shop: Workshop, settings: Settings, result: RunResult, sheet: str, outcomes: Path, more: Beside
) -> TrackedRun:
    sample = sample_of(result.items, settings.sample)
    figures = figures_of(result.items)
    vectors, seen = embedded(shop, result.items), observed_items(shop, sample)
    files: dict[str, bytes | Path] = {
        OUTCOMES_FILE: outcomes,
        "descriptors.npz": embeddings_npz(vectors),
        **files_of(seen),
    }
    if sheet:
        files["review.html"] = sheet.encode()
    return TrackedRun(
        run_id=result.run_id, name=result.run_id.split("-")[0], params={**_params(shop, result), **more.params},
        metrics={**_metrics(result, figures), **embedding_metrics(vectors), **metrics_of_seen(seen), **more.metrics},
        tags={**_tags(shop, result, figures), **more.tags}, parent=more.parent, began=time.time() - result.seconds,
        samples=(*_pictures(shop, sample), *pictures_of(seen, sample), *more.samples),
        engines=tuple(_engines(shop, figures.engines)), files=files,
    )  # fmt: skip


def _params(shop: Workshop, result: RunResult) -> dict[str, str]:
    """Only what a resumed run cannot change: MLflow keeps the first value of a parameter."""
    return {
        "tier": result.tier, "pictures": str(len(result.items)), "registry": shop.registry.digest[:12]
    }  # fmt: skip


def _tags(shop: Workshop, result: RunResult, figures: RunFigures) -> dict[str, str]:
    rerun = {"pentimento.rerun_of": result.rerun.parent} if result.rerun else {}
    return rerun | {
        "pentimento.store": shop.spec.store, "pentimento.sheet": shop.store.backend.url(f"runs/{result.run_id}/review.html"),
        "pentimento.plans": ",".join(figures.plans), "mlflow.note.content": _note(result),
    }  # fmt: skip


def _note(result: RunResult) -> str:
    counts = ", ".join(f"{n} {outcome}" for outcome, n in result.counts.items())
    return (
        f"{len(result.items)} pictures: {counts}. Every artifact is in the store; `review.html` shows them."
    )


def _metrics(result: RunResult, figures: RunFigures) -> dict[str, float]:
    metrics = {f"outcome.{outcome}": float(result.counts.get(outcome, 0)) for outcome in OUTCOMES}
    metrics["seconds"] = result.seconds
    return metrics | metrics_of(result.savings) | cell_metrics_of(result.cell_savings) | figures.metrics()


def _engines(shop: Workshop, used: Collection[str]) -> Iterable[EngineVersion]:
    """The engines that have a card: masks that came with jobs and un-mixing are our own code."""
    for card in sorted((c for c in shop.registry.cards if c.id in used), key=lambda c: c.id):
        revision = card.weights.revision if card.weights else ""
        yield EngineVersion(
            card.id, card.role, card.version, card.runtime, card.licence, revision, weights_digest(card)
        )


def sample_of(items: Iterable[ItemResult], budget: int) -> list[ItemResult]:
    """At most `budget` items that have pictures, in the run's order: what was observed, what needs a look, and of the rest
    some that are evenly spread over the run. An item's place among them is its step in MLflow. items: gone through twice."""
    observed: list[tuple[int, ItemResult]] = []
    urgent: list[tuple[int, ItemResult]] = []
    plain = 0
    for place, item in enumerate(i for i in items if "after" in i.thumbnails):
        plain += _is_plain(item)
        if not _is_plain(item):
            kind = observed if item.observations else urgent
            kind.extend([(place, item)] if len(kind) < budget else [])
    chosen = [*observed, *urgent][:budget]
    left = budget - len(chosen)
    if plain and left:
        wanted = {round(p) for p in np.linspace(0, plain - 1, min(left, plain))}
        shown = ((n, i) for n, i in enumerate(i for i in items if "after" in i.thumbnails) if _is_plain(i))
        chosen += [one for number, one in enumerate(shown) if number in wanted]
    return [item for _, item in sorted(chosen, key=lambda one: one[0])]


def _is_plain(item: ItemResult) -> bool:
    return item.outcome in ("done", "unchanged") and not item.observations


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
