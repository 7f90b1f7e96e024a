"""Hostile words stay words; a sandboxed frame and hundreds of items are no trouble."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from flows.sheet.model import Sheet, SheetItem, SheetPicture
from flows.sheet.render import render
from tests.browser import Browser
from tests.flows.sheet.samples import demo, edited, sheet, with_preview

Show = Callable[[Sheet], Browser]
HOSTILE = (
    "<script>alert(1)</script>", "</script><script>window.pwned=1</script>", "\"><img src=x onerror=window.pwned=1>",
    "' onmouseover='window.pwned=1", "</template></title></style><svg onload=window.pwned=1>", "{{ 7*7 }}{% raw %}",
    "\u202egpj.exe\u2066", "line\r\nbreak\u2028end\x00\x1b", "caf\udce9", "<!--", "]]>", "&lt;b&gt; & javascript:alert(1)",
)  # fmt: skip


def poisoned(word: str) -> SheetItem:
    item = edited("astronaut", "SALE -30%")
    region = replace(item.regions[0], kind=word, text=word, engine=word, fallback_from=word, scores={word: 1.0},
                     reasons=(word,), seconds={word: 1.0}, intermediates=(replace(
                         item.regions[0].intermediates[0], label=word, caption=word),))  # fmt: skip
    assert item.before
    return replace(item, id=word, source=word, output=word, outcome=word, reason=f"{word} Cure: {word}",
                   before=replace(item.before, label=word, caption=word), regions=(region,),
                   stages=((word, word, 1.0, True),), metrics={word: float("nan")})  # fmt: skip


def hostile_sheet() -> Sheet:
    items = tuple(poisoned(word) for word in HOSTILE)
    words = "".join(HOSTILE)
    return sheet(items, title=words, run_id=words, subtitle=words, tier=words, facts={words: words})


def test_the_text_is_encodable_and_the_same_each_time() -> None:
    page = render(hostile_sheet())
    assert page.encode("utf-8") == render(hostile_sheet()).encode("utf-8")
    assert not {"\u202e", "\x00"} & set(page)


@pytest.mark.browser
def test_hostile_words_are_shown_and_never_run(show: Show) -> None:
    browser = show(hostile_sheet())
    browser.run("for (const card of document.querySelectorAll('.card')) card.scrollIntoView()")
    browser.until("return !document.querySelector('template.work')")
    browser.run("for (const row of document.querySelectorAll('tr[data-region]')) row.click()")
    browser.run(
        "for (const e of document.querySelectorAll('body *')) e.dispatchEvent(new MouseEvent('mouseover'))"
    )
    assert browser.run("return window.pwned") is None
    assert browser.run("return document.querySelectorAll('script:not([type])').length") == 1
    assert (
        browser.run(
            "return document.querySelectorAll('img[src=x], [onerror], [onmouseover], [onload]').length"
        )
        == 0
    )
    names = browser.run("return [...document.querySelectorAll('h2')].map(h => h.textContent)")
    assert [names[0], names[2], names[6]] == [HOSTILE[0], HOSTILE[2], r"\u202egpj.exe\u2066"]
    assert browser.run("return document.querySelectorAll('.chip').length") == len(HOSTILE)
    browser.run("document.querySelectorAll('.chip')[1].click()")
    assert browser.run("return document.querySelectorAll('.card:not([hidden])').length") == 1
    assert browser.complaints() == []
    assert len(browser.requests()) == 1


@pytest.mark.browser
def test_it_works_in_a_frame_without_an_origin(window: Browser, tmp_path: Path) -> None:
    """As MLflow shows it: `sandbox="allow-scripts"` and nothing more."""
    (tmp_path / "sheet.html").write_text(render(demo()), "utf-8")
    host = tmp_path / "host.html"
    host.write_text(
        '<iframe sandbox="allow-scripts" src="sheet.html" width="1200" height="800"></iframe>', "utf-8"
    )
    window.resize(1280, 900)
    window.complaints()
    window.open(host.as_uri())
    window.call("POST", "/frame", {"id": 0})
    window.until("return document.querySelector('.frame img.after')?.naturalWidth > 0")
    window.click(".chip[data-outcome='rejected']")
    window.click(".card:not([hidden]) .copy")
    assert window.until("return document.querySelector('.card:not([hidden]) .copy').textContent !== 'copy'")
    assert window.run("return getSelection().toString() || 'gone'") in (
        "s3://catalogue/spring/corrupt-17.jpg",
        "gone",
    )
    assert window.run("return document.querySelectorAll('.card:not([hidden])').length") == 2
    window.click(".chip[data-outcome='rejected']")
    window.press("j")
    window.press("r")
    assert window.run("return document.querySelector('.panel:not([hidden])').id") == "panel-0-0"
    window.call("POST", "/frame", {"id": None})
    assert window.complaints() == []


def own(picture: SheetPicture, n: int) -> SheetPicture:
    """Another picture to the sheet, the same to the eye: bytes after a WebP's end mean nothing."""
    return replace(picture, data=picture.data + n.to_bytes(2, "big"))


@pytest.mark.browser
def test_three_hundred_items_open_and_filter_quickly(show: Show) -> None:
    base = with_preview(edited("astronaut", "SALE -30%"))
    assert base.before
    assert base.after
    items = tuple(
        replace(base, id=f"item-{n}", outcome=("done", "degraded")[n % 2], before=own(base.before, n),
                after=own(base.after, n)) for n in range(300)
    )  # fmt: skip
    start = time.perf_counter()
    browser = show(sheet(items))
    browser.until("return document.querySelector('.frame img.after')?.naturalWidth > 0")
    opened = time.perf_counter() - start
    assert browser.run("return document.querySelectorAll('template.work').length") > 280, (
        "cards are drawn when near"
    )
    click = "const t = performance.now(); document.querySelector('.chip').click(); document.body.offsetHeight; return performance.now() - t"
    filtered = browser.run(click)
    assert browser.run("return document.querySelectorAll('.card:not([hidden])').length") == 150
    assert opened < 20, "seconds to write the file, open it and see the first picture"
    assert filtered < 500, "milliseconds from a chip to the new layout"
