"""What is left to do of a comparison once it is decided: end the variants' runs, draw the page, tell tracking, keep it all."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout

from prefect.artifacts import create_markdown_artifact

from flows.comparing.model import DOCUMENT, PAGE, Comparison
from flows.comparing.page import render
from flows.comparing.tracked import beside, track_comparison
from flows.guarded import guarded
from flows.run import close
from flows.walk import Leg
from infra.settings import Settings
from tasks.results import RunResult
from tasks.workshop import Workshop

FOLDER = "comparisons"
"""Of the pages, in the home folder."""


def concluded(
    shop: Workshop, settings: Settings, comparison: Comparison, legs: Sequence[Leg], made: Mapping[str, RunResult],
    *, track: bool,
) -> Comparison:  # fmt: skip
    """The comparison with where its page and its MLflow runs are; kept in the store, its document last.

    Nothing but the store being down can lose it: pages and tracking warn when they fail."""
    tracked = []
    for variant, leg in zip(comparison.variants, legs, strict=True):
        more = beside(shop, comparison, variant, settings.sample) if track else None
        result = close(leg, made[variant.name], more)
        tracked.append(variant.model_copy(update={"mlflow_run_id": result.mlflow_run_id}))
    comparison = comparison.model_copy(update={"variants": tuple(tracked)})
    html = guarded("the page of the comparison", lambda: render(shop, comparison)) or ""
    if html:
        where = guarded("keeping the page", lambda: _keep(shop, settings, comparison, html))
        comparison = comparison.model_copy(update={"page": where or ""})
    if track:
        with redirect_stdout(
            sys.stderr
        ):  # MLflow prints the addresses of its runs; stdout is the result's alone
            mlflow_id = guarded("tracking", lambda: track_comparison(shop, settings, comparison, html))
        comparison = comparison.model_copy(update={"mlflow_run_id": mlflow_id})
    data = comparison.model_dump_json(indent=1).encode()
    shop.store.write_run(comparison.id, DOCUMENT, data, "application/json")
    guarded("the Prefect artifact", lambda: _artifact(comparison))
    return comparison


def _keep(shop: Workshop, settings: Settings, comparison: Comparison, html: str) -> str:
    """In the store, and in the home folder to be opened from disk."""
    shop.store.write_run(comparison.id, PAGE, html.encode(), "text/html")
    path = settings.home / FOLDER / f"{comparison.id}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")
    return str(path.absolute())


def _artifact(comparison: Comparison) -> None:
    """Under a key that stays, so that Prefect shows comparisons as versions of one artifact."""
    rows = "\n".join(
        f"| {v.name} | {v.choice.said or 'as planned'} | "
        + " | ".join(f"{v.means[m.name]:.4g}" if m.name in v.means else "" for m in comparison.metrics if m.deciding)
        + f" | {'' if v.cost.median is None else f'{v.cost.median:.2f}'} | {v.run_id} |"
        for v in comparison.variants
    )  # fmt: skip
    deciding = [m.name for m in comparison.metrics if m.deciding]
    head = " | ".join(["variant", "chooses", *deciding, "seconds a picture", "run"])
    line = " | ".join(["---"] * (4 + len(deciding)))
    notes = "".join(f"\n- {note}" for note in comparison.verdict.notes)
    text = (
        f"# {comparison.id}\n\n**{comparison.verdict.sentence}**\n\n| {head} |\n| {line} |\n{rows}\n{notes}\n\n"
        f"Page: `{comparison.page}`\n\nMLflow run: `{comparison.mlflow_run_id}`\n"
    )
    create_markdown_artifact(text, key="compare-summary", description=f"Verdict of {comparison.id}")
