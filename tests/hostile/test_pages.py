"""Every page that the product writes, given hostile names, texts, prompts and reasons: parsed, and nothing of them is markup."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from flows.bench.page import Card, write_page
from flows.bench.upscale.plot import Series, plot
from flows.bench.upscale.report import Lines, Plot, write
from flows.comparing.page import render as compare_page
from flows.comparing.votes import pairs_of
from flows.comparing.votes_page import voting_page
from flows.sheet.model import SheetCurve, SheetObservation, SheetOutlier
from flows.sheet.render import render as sheet_page
from infra.settings import Settings
from tests.flows.comparing import small
from tests.flows.sheet.samples import edited, sheet
from tests.flows.voting import made as voting

HOSTILE = (
    "<script>alert(1)</script>", "</script><script>window.pwned=1</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)",
    "</style></template></title></textarea><svg onload=alert(1)>", "javascript:alert(1)", "<a href=javascript:alert(1)>x</a>",
    "<!--", "--><iframe srcdoc='<script>alert(1)</script>'>", "{{ 7*7 }}{% raw %}", "<base href=http://127.0.0.1:9/>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>", "\u202e\u2028\x00<b>", "`<x onclick=alert(1)>`", "]]><x>", "\udce9",
)  # fmt: skip
WORDS = " ".join(HOSTILE)
PLAIN = "some plain words"


@dataclass
class Parsed(HTMLParser):
    """What a browser would make of a page: elements, handlers, addresses, and the text of scripts."""

    tags: Counter[str] = field(default_factory=Counter)
    names: set[tuple[str, str]] = field(default_factory=set)
    addresses: list[str] = field(default_factory=list)
    scripts: list[tuple[str, str]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._kind = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.names |= {(tag, name) for name, _ in attrs}
        said = dict(attrs)
        self.addresses += [
            v or ""
            for n, v in attrs
            if n in ("src", "href", "action", "formaction", "srcdoc", "xlink:href", "data")
        ]
        self._kind = f"script {said.get('type') or ''}" if tag == "script" else ""
        if tag == "script":
            self.scripts.append((said.get("type") or "", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._kind = ""

    def handle_endtag(self, tag: str) -> None:
        self._kind = ""

    def handle_data(self, data: str) -> None:
        if self._kind:
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        else:
            self.text.append(data)


def parsed(page: str) -> Parsed:
    page.encode("utf-8")
    found = Parsed()
    found.feed(page)
    found.close()
    return found


def review_sheet(word: str, _: Path) -> str:
    item = edited("astronaut", "SALE -30%")
    region = replace(item.regions[0], kind=word, text=word, engine=word, fallback_from=word, scores={word: 1.0}, reasons=(word,), seconds={word: 1.0},
                     notes=(word,), intermediates=(replace(item.regions[0].intermediates[0], label=word, caption=word),))  # fmt: skip
    assert item.before
    curve = SheetCurve("distance", word, (1.0, 0.5), 1)
    seen = SheetObservation(
        word, word, ((word, word),), ((word, word, item.before),), (item.before,), (curve,), 2, (word,)
    )
    item = replace(item, id=word, source=word, output=word, outcome=word, reason=f"{word} Cure: {word}", regions=(region,), observations=(seen,), notes=(word,), links=((word, "other.html"), (word, word)),
                   before=replace(item.before, label=word, caption=word), stages=((word, word, 1.0, True),), metrics={word: float("nan")})  # fmt: skip
    return sheet_page(sheet((item,), title=word, run_id=word, subtitle=word, tier=word, facts={word: word}, savings=((word,), (word,)),
                            savings_notes=(word,), cells=((word,), (word,)), cells_note=word, outliers_note=word,
                            outliers=(SheetOutlier(word, word, 2.0, 1.0),)))  # fmt: skip


def comparison_page(word: str, folder: Path) -> str:
    run, shop = small.run(folder)
    comparison = small.assembled(run, shop)
    pictures = []
    for picture in comparison.pictures:
        made = {name: one.model_copy(update={"reason": word}) for name, one in picture.made.items()}
        pictures.append(picture.model_copy(update={"id": word, "prompt": word, "made": made}))
    choices = tuple(
        v.model_copy(update={"choice": v.choice.model_copy(update={"note": word})})
        for v in comparison.variants
    )
    verdict = comparison.verdict.model_copy(update={"sentence": word, "notes": (word,)})
    changes: dict[str, Any] = {
        "manifest": word,
        "pictures": tuple(pictures),
        "variants": choices,
        "verdict": verdict,
    }
    return compare_page(shop, comparison.model_copy(update=changes))


def vote_page(word: str, folder: Path) -> str:
    store = voting.stored(folder)
    compared = voting.comparison(store, pictures=4)
    pictures = tuple(p.model_copy(update={"prompt": word}) for p in compared.pictures)
    asked = compared.model_copy(update={"pictures": pictures, "manifest": word})
    return voting_page(store, Settings(), asked, pairs_of(asked))


def bench_page(word: str, folder: Path) -> str:
    write_page(
        folder / "p.html", word, word, [Card(word, (word, word), ((word, "data:image/png;base64,AA=="),))]
    )
    return (folder / "p.html").read_text(encoding="utf-8")


def bench_report(word: str, folder: Path) -> str:
    drawn = plot([Series(word, [(1.0, 2.0, word), (2.0, 3.0, word)])], word, word)
    card = Card(word, (word,), ((word, "data:image/png;base64,AA=="),))
    write(folder / "r.html", [Plot(word, word, drawn)], [Lines(word, [word], [[word]])], [card])
    return (folder / "r.html").read_text(encoding="utf-8")


PAGES: dict[str, Callable[[str, Path], str]] = {
    "review sheet": review_sheet, "comparison": comparison_page, "vote": vote_page, "bench": bench_page, "report": bench_report,
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_hostile_words_add_no_element_no_handler_and_no_address(name: str, tmp_path: Path) -> None:
    for folder in ("plain", "hostile"):
        (tmp_path / folder).mkdir()
    word = WORDS if "bench" not in name and name != "report" else WORDS.encode("utf-8", "replace").decode()
    plain, hostile = (parsed(PAGES[name](w, tmp_path / f)) for w, f in ((PLAIN, "plain"), (word, "hostile")))
    assert hostile.tags == plain.tags
    assert hostile.names == plain.names
    assert not [n for _, n in hostile.names if n.startswith("on")]
    odd = [
        a for a in hostile.addresses if not a.startswith(("data:image/", "#")) and a not in plain.addresses
    ]
    assert [a for a in odd if "javascript:" in a or "//" in a] == []
    assert [s for s in hostile.scripts if not s[0]] == [s for s in plain.scripts if not s[0]], (
        "no script but the page's own"
    )
    for kind, text in hostile.scripts:
        assert kind != "application/json" or json.loads(text) is not None
        assert "<script" not in text.lower() or not kind
    assert any(
        "<script>alert(1)</script>" in text
        for text in (
            *hostile.text,
            *(str(json.loads(t)) for k, t in hostile.scripts if k == "application/json"),
        )
    )


def test_the_parser_sees_what_is_not_escaped() -> None:
    seen = parsed(f"<p>{HOSTILE[0]} {HOSTILE[2]}</p>")
    assert (seen.tags["script"], seen.tags["img"], ("img", "onerror") in seen.names) == (1, 1, True)
