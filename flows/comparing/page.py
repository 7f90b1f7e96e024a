"""A comparison as one HTML file that asks the network for nothing: verdict, intervals, cost, and the pictures side by side."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flows.comparing.model import ComparedPicture, Comparison, Metric
from flows.comparing.page_pictures import MOST, by_disagreement, shown_pictures
from flows.comparing.page_plots import LABEL, PLOT, SIDE, WIDTH, forests, quality_beside_cost
from flows.sheet.text import duration, number, shown
from tasks.workshop import Workshop

FOLDER = Path(__file__).parent
KINDS = {
    "winner": "A winner", "no difference": "No difference shown", "mixed": "Mixed", "not enough pictures": "Not enough pictures",
}  # fmt: skip


def render(shop: Workshop, comparison: Comparison) -> str:
    """The page: same comparison and store, same text. It runs no script; all text is escaped, invisible characters shown."""
    style = (FOLDER / "page.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    names = [one.name for one in comparison.variants]
    ordered = by_disagreement(comparison)
    cards = [(picture, shown_pictures(shop, picture, names)) for picture in ordered[:MOST]]
    plots = forests(comparison)
    return _environment().get_template("page.html.j2").render(
        comparison=comparison, kind=KINDS[comparison.verdict.kind], cards=cards, rest=ordered[MOST:], style=style,
        csp=f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        deciding=[plot for plot in plots if plot.metric.deciding], beside=[plot for plot in plots if not plot.metric.deciding],
        scatter=quality_beside_cost(comparison), label=LABEL, plot=PLOT, width=WIDTH, side=SIDE, best=_best,
    )  # fmt: skip


def _best(picture: ComparedPicture, metric: Metric, name: str) -> bool:
    """Whether a variant has the best score of a picture, by more than what is too small to matter over some other."""
    scores = {n: made.scores[metric.name] for n, made in picture.made.items() if metric.name in made.scores}
    if name not in scores or max(scores.values()) - min(scores.values()) < metric.least:
        return False
    pick = max if metric.direction == "higher" else min
    return scores[name] == pick(scores.values())


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(shown=shown, number=number, duration=duration)
    return environment
