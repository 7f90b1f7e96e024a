"""Bench `synthesis`: does the generator at hand follow its prompts, and what do schedulers, steps and sizes do to that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from flows.bench.page import Card, png_uri, write_page
from flows.bench.setting import folder, tell
from flows.bench.synthesis.features import Pixels
from flows.bench.synthesis.judge import fitted, rendered
from flows.bench.synthesis.large import Large, figures, larges
from flows.bench.synthesis.maker import Maker
from flows.bench.synthesis.prompts import Prompt, prompts
from flows.bench.synthesis.schedulers import REFERENCE, table
from flows.bench.synthesis.scores import Followed, Row, followed, following, rates, row
from flows.cli.check import registry
from tasks.errors import NoEngine

HELD_OUT: Final = {True: 16, False: 96}
"""Captions of combinations that no training picture shows, quick and in full."""
SEEN: Final = {True: 8, False: 48}
TAUGHT: Final = {True: 240, False: 600}
"""Renders that the judge is fitted on."""
SHOWN: Final = 24
_SCHEDULED: Final = {True: 3, False: 8}
_LARGE: Final = {True: 1, False: 4}
_SEED: Final = 1000


def measure(quick: bool) -> tuple[list[Row], dict[str, Any]]:
    """Rows: following by group, then a row a scheduler and number of steps. Summary: the same in figures."""
    maker = Maker(registry())
    try:
        engine = maker.card.ref
    except NoEngine as missing:
        return [], {"skipped": {"synthesis": missing.message}}
    tell("synthesis: the judge learns on renders")
    judge = fitted(TAUGHT[quick])
    unseen, seen = prompts(HELD_OUT[quick], held_out=True), prompts(SEEN[quick], held_out=False)
    truth = [rendered(prompt.scene) for prompt in unseen]
    ceiling = followed(judge, truth, unseen)
    made, seconds = _pictures(maker, unseen, "held-out prompts")
    known, _ = _pictures(maker, seen, "prompts of the training's combinations")
    mine, theirs = followed(judge, made, unseen), followed(judge, known, seen)
    tell("synthesis: schedulers")
    scheduled = table(maker, judge, unseen[: _SCHEDULED[quick]], quick)
    tell("synthesis: large pictures")
    wide = larges(maker, unseen[: _LARGE[quick]])
    path = folder("synthesis") / "prompts.html"
    write_page(path, "What the prompts gave", _CHOSEN, _cards(unseen, truth, made, mine, wide))
    tell(f"a grid of prompts: {path}")
    rows = [
        row("held-out prompts", mine, seconds), row("known combinations", theirs, seconds),
        row("renders (ceiling)", ceiling, None),
    ]  # fmt: skip
    return rows, {
        "engine": engine, **following(mine), "attributes": rates(mine.own), "following_seen": following(theirs)["following"],
        "ceiling": following(ceiling)["following"], "ceiling_attributes": rates(ceiling.own),
        "same_seed_same_bytes": _repeats(maker, unseen), "another_seed_another_picture": _differs(maker, unseen[0]),
        "seconds_a_picture": seconds, **figures(wide), "reference": REFERENCE, "schedulers": scheduled,
    }  # fmt: skip


_CHOSEN = (
    "Captions of combinations of material and colour that no training picture shows. Left: a render of such a scene, which the "
    "generator never saw; right: what it made of the words. Under each prompt what the judge missed."
)


def _pictures(maker: Maker, asked: Sequence[Prompt], what: str) -> tuple[list[Pixels], float]:
    made = []
    for n, prompt in enumerate(asked):
        made.append(maker.make(prompt.text, _SEED + n))
        if (n + 1) % 16 == 0:
            tell(f"synthesis: {n + 1} of {len(asked)} {what}")
    return [picture for picture, _ in made], float(np.median([seconds for _, seconds in made]))


def _repeats(maker: Maker, asked: Sequence[Prompt]) -> bool:
    """Whether prompts made again, in another order, come out with the same bytes."""
    first = [maker.make(prompt.text, 7)[0].tobytes() for prompt in asked[:3]]
    again = [maker.make(prompt.text, 7)[0].tobytes() for prompt in reversed(asked[:3])]
    return first == again[::-1]


def _differs(maker: Maker, prompt: Prompt) -> bool:
    return maker.make(prompt.text, 7)[0].tobytes() != maker.make(prompt.text, 8)[0].tobytes()


def _cards(
    asked: Sequence[Prompt], truth: Sequence[Pixels], made: Sequence[Pixels], found: Followed, wide: Sequence[Large]
) -> list[Card]:  # fmt: skip
    cards = []
    for prompt, render, picture, shown in list(zip(asked, truth, made, found.own, strict=True))[:SHOWN]:
        missed = [f"{name} ({prompt.said[name]})" for name, right in shown.items() if not right]
        said = f"Missed: {', '.join(missed)}." if missed else "All that was said is shown."
        cards.append(Card(prompt.text, (said,), (("a render", _uri(render)), ("generated", _uri(picture)))))
    for one in wide:
        said = "At full size in windows, and the small picture enlarged."
        cards.append(
            Card(
                one.prompt.text,
                (said,),
                (("in windows", _uri(one.made)), ("enlarged", _uri(one.enlarged))),
            )
        )
    return cards


def _uri(picture: Pixels) -> str:
    return png_uri(np.rint(picture * 255).astype(np.uint8))
