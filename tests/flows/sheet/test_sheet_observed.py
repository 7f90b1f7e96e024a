"""How a picture was sampled, and what looks least like the rest, on the sheet in headless Chromium."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from flows.sheet.model import Sheet, SheetCurve, SheetObservation, SheetOutlier
from flows.sheet.pictures import thumbnail
from flows.sheet.render import render
from flows.sheet.scores import worst_first
from tests.browser import Browser
from tests.flows.sheet.samples import edited, photograph, sheet

Show = Callable[[Sheet], Browser]
HOSTILE = '</bdi><script>alert(1)</script>" onload="x'


def sampled(words: str = "oak", settled: int | None = 2) -> SheetObservation:
    small = photograph("coffee")[:128, :128].copy()
    strip = tuple(thumbnail(small // k, 128, f"step {n} of 5") for n, k in enumerate((3, 2, 1), 1))
    curves = (
        SheetCurve("distance", "the whole", (1.2, 0.5, float("nan"), 0.2, 0.0)),
        SheetCurve("low", "low frequencies", (1.0, 0.3, 0.05, 0.02, 0.0), settled),
    )
    return SheetObservation(
        "How it was sampled", f"warm {words}", (("seed", "7"), ("scheduler", words)),
        ((words, "at most 40%", thumbnail(small // 4, 128, words)),), strip, curves, 5, (words,),
    )  # fmt: skip


def shown(one: SheetObservation, *outliers: SheetOutlier) -> Sheet:
    item = replace(edited("chelsea", "SALE -30%"), observations=(one,))
    return replace(sheet((item, edited("coffee", "new"))), outliers=outliers, outliers_note="by descriptor")


@pytest.mark.browser
def test_words_steps_and_curves_are_seen_and_nothing_is_asked_for(show: Show) -> None:
    page = show(shown(sampled()))
    page.until(
        "return [...document.querySelectorAll('.seen img')].filter(i => i.naturalWidth > 0).length == 4"
    )
    assert (
        page.run("return [...document.querySelectorAll('.steps img')].map(i => i.naturalWidth)") == [128] * 3
    )
    said = page.run("return document.querySelector('.seen').innerText")
    for words in (
        "oak",
        "step 3 of 5",
        "at most 40%",
        "low frequencies, settled from step 3 of 5",
        "seed\n7",
    ):
        assert words in said
    runs = page.run("return [...document.querySelectorAll('.curves svg polyline')].map(p => p.points.length)")
    assert runs == [2, 2, 5], "a gap where a step has no figure"
    marks = page.run(
        "return [...document.querySelectorAll('circle.mark-at')].map(c => c.getAttribute('class'))"
    )
    assert marks == ["mark-at low"]
    box = page.run(
        "const b = document.querySelector('.curves > svg').getBoundingClientRect(); return [b.width, b.height]"
    )
    assert box[0] > 300
    assert box[1] > 100
    blue = page.run("return getComputedStyle(document.querySelector('polyline.low')).stroke")
    assert blue != page.run("return getComputedStyle(document.querySelector('polyline.distance')).stroke")
    assert page.complaints() == []
    assert len(page.requests()) == 1


@pytest.mark.browser
def test_it_fits_a_narrow_window_and_an_outlier_leads_to_its_card(show: Show) -> None:
    far = SheetOutlier("coffee-new", "nothing else looks like it", 0.31, 0.05)
    page = show(shown(sampled("a" * 90), far, replace(far, item="not-on-the-sheet")))
    page.resize(420, 800)
    page.until("return document.querySelectorAll('.seen img').length == 4")
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    rows = page.run("return [...document.querySelectorAll('.outliers tbody tr')].map(r => r.innerText)")
    assert "0.31" in rows[0]
    links = page.run("return [...document.querySelectorAll('.outliers a')].map(a => a.getAttribute('href'))")
    assert links == ["#card-1"]
    page.click(".outliers a")
    page.until(
        "const t = document.getElementById('card-1').getBoundingClientRect().top; return t >= -2 && t < 700"
    )


def test_tokens_prompts_and_ids_cannot_break_the_page() -> None:
    html = render(shown(sampled(HOSTILE), SheetOutlier(HOSTILE, HOSTILE, 1.0, 0.1)))
    assert "<script>alert(1)" not in html
    assert '" onload="x' not in html
    assert html.count("&lt;script&gt;alert(1)") >= 6
    reversed_ = render(shown(sampled("abc\u202edef")))
    assert "\u202e" not in reversed_


def test_a_curve_of_no_known_name_is_refused() -> None:
    bad = replace(sampled(), curves=(SheetCurve('low" onload="x', "words", (1.0, 0.0)),))
    with pytest.raises(ValueError, match="is no curve"):
        render(shown(bad))


def test_without_anything_observed_the_page_says_nothing_of_it() -> None:
    html = render(sheet((edited("chelsea", "SALE -30%"),)))
    assert 'class="seen"' not in html
    assert "least like the rest" not in html


def test_a_distance_is_shown_and_sorted_by_but_is_no_fault() -> None:
    near, far = (
        replace(edited("chelsea", "SALE -30%"), id=name, metrics={"embedding_distance": value})
        for name, value in (("near", 0.01), ("far", 0.9))
    )
    assert worst_first((near, far))[0] == worst_first((near, far))[1]
    assert "largest embedding distance" in render(sheet((near, far)))
