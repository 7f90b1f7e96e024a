"""Draws a sheet as one HTML file that asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flows.sheet.model import Sheet
from flows.sheet.pictures import thumbnail
from flows.sheet.text import beside, duration, number, reason_and_cure, shown, words
from flows.sheet.view import view

__all__ = ["render", "thumbnail"]

PAGE = Path(__file__).parent / "page"
STYLES = ("base.css", "card.css", "enlarged.css", "observed.css")
SCRIPTS = ("cards.js", "compare.js", "regions.js", "filter.js", "keys.js")


def render(sheet: Sheet) -> str:
    """The sheet as HTML: same sheet, same text.

    It opens from disk and in a sandboxed frame without an origin, such as MLflow's artifact view. Its content security
    policy lets only its own style and script run (by their digests) and pictures load from data URIs; all text of the
    sheet is escaped. Raises ValueError for a picture that is not PNG, WebP or JPEG.
    """
    style, script = _joined(STYLES), f'(() => {{\n"use strict";\n{_joined(SCRIPTS)}}})();\n'
    template = _environment().get_template("sheet.html.j2")
    return template.render(view=view(sheet), style=style, script=script, csp=content_policy(style, script))


def _joined(names: tuple[str, ...]) -> str:
    return "".join((PAGE / name).read_text("utf-8") for name in names)


def content_policy(style: str, script: str) -> str:
    """What a self-contained page may do: run its own style and script, known by their digests, and show pictures it holds."""
    return (
        f"default-src 'none'; img-src data:; style-src {_digest(style)}; script-src {_digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        beside=beside,
        shown=shown,
        prose=lambda text: shown(text, keep_newlines=True),
        words=words,
        number=number,
        duration=duration,
        parted=reason_and_cure,
    )
    return environment
