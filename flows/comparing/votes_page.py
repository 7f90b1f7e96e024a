"""Draws the voting page: one HTML file that asks the network for nothing and does not know which variant a side is."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flows.comparing.model import ComparedPicture, Comparison
from flows.comparing.votes import Question, box_of, questions
from flows.comparing.votes_pictures import levels_of, side_by_side
from flows.sheet.pictures import thumbnail
from flows.sheet.render import content_policy
from infra.settings import Settings
from infra.store.store import Store
from tasks.errors import BadRequest

HERE = Path(__file__).parent
ASKED = {
    "remove_text": "Remove the overlay text", "remove_object": "Remove what is marked", "replace": "Replace what is marked",
    "generate": "Make a picture", "upscale": "Enlarge", "clean": "Remove noise and JPEG artefacts",
}  # fmt: skip
CONTEXT = 480
"""Longest side of the source beside the question, px."""


def voting_page(
    store: Store, settings: Settings, comparison: Comparison, pairs: Sequence[tuple[str, str]], *, seed: int = 0,
    most: int = 40, post_to: str = "",
) -> str:  # fmt: skip
    """The page as HTML: same comparison, pairs and seed, same text.

    seed: decides order and sides. most: questions at most, those first in which the variants are furthest apart. post_to:
    where ballots are sent, on the page's own server; empty to have them downloaded. Raises BadRequest when there is nothing
    to vote on."""
    pictures = {one.id: one for one in comparison.pictures}
    order = {one.id: -one.disagreement for one in comparison.pictures}
    asked: list[dict[str, Any]] = []
    chance = random.Random(f"{box_of(comparison)} {seed}")
    for question in sorted(questions(comparison, pairs), key=lambda q: order[q.picture]):
        if len(asked) == most:
            break
        drawn = _drawn(store, settings, question, pictures[question.picture], chance)
        asked += [drawn] if drawn else []
    if not asked:
        raise BadRequest(
            f"there is nothing to vote on in {comparison.id}: nobody could tell these results apart",
            cure="compare variants that differ, or name another pair with --with",
        )
    chance.shuffle(asked)
    return _html({"box": box_of(comparison), "post": post_to, "questions": asked})


def _drawn(
    store: Store, settings: Settings, question: Question, picture: ComparedPicture, chance: random.Random
) -> dict[str, Any] | None:
    """A question for the page; None where a picture is lost or the two look the same."""
    limits = {"max_pixels": settings.max_pixels, "max_bytes": settings.max_bytes}
    one, two = (
        levels_of(store, picture.made[name].output_sha256, **limits) for name in question.sides.values()
    )
    if one is None or two is None:
        return None
    pair = side_by_side(one, two, whole=picture.intent == "generate")
    if pair is None:
        return None
    sides = [
        {"token": token, "picture": _uri(data, pair[2])}
        for token, data in zip(question.sides, pair[:2], strict=True)
    ]
    if chance.random() < 0.5:
        sides.reverse()
    before = levels_of(store, picture.before, **limits)
    small = thumbnail(before, CONTEXT, "") if before is not None else None
    asked = ASKED.get(picture.intent, picture.intent.replace("_", " "))
    return {
        "token": question.token, "asked": f"{asked}: {picture.prompt}" if picture.prompt else asked, "sides": sides,
        "before": _uri(small.data, small.media_type) if small else "",
    }  # fmt: skip


def _uri(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def _html(data: dict[str, Any]) -> str:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = ((HERE / f"votes_page.{kind}").read_text("utf-8") for kind in ("css", "js"))
    policy = content_policy(style, script) + ("; connect-src 'self'" if data["post"] else "")
    held = json.dumps(data, ensure_ascii=True).replace("<", "\\u003c")
    return environment.get_template("votes_page.html.j2").render(
        style=style, script=script, csp=policy, held=held, many=len(data["questions"])
    )
