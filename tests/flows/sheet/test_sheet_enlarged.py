"""How a picture was enlarged, on the sheet: maps with their legend, and the hardest cells beside Lanczos, in headless Chromium."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from flows.sheet.model import Sheet, SheetEnlargement
from flows.sheet.pictures import thumbnail
from flows.sheet.render import render
from tests.browser import Browser
from tests.flows.sheet.samples import edited, photograph, sheet

Show = Callable[[Sheet], Browser]


def made(words: str = "lanczos: 3 cells, 75%") -> Sheet:
    photo = photograph("chelsea")
    maps = tuple(
        thumbnail(photo // k, 320, label) for k, label in ((1, "who made each cell"), (2, "how sure"))
    )
    before, after = (np.ascontiguousarray(photo[40:140, x : x + 90]) for x in (60, 61))
    pairs = ((1, "sr-base", thumbnail(before, 256, "Lanczos"), thumbnail(after, 256, "sr-base")),)
    legend = (("#4477aa", words), ("#228833", "sr-base: 1 cells, 25%"))
    enlarged = SheetEnlargement("4 cells: 60% saved", maps, legend, pairs)
    item = replace(edited("chelsea", "SALE -30%"), enlargement=enlarged)
    return replace(
        sheet((item,)),
        cells=(("engine", "cells"), ("lanczos", "3")),
        cells_note="3 of 4 cells needed no network",
    )


@pytest.mark.browser
def test_maps_legend_and_crops_are_seen_and_nothing_is_asked_for(show: Show) -> None:
    page = show(made())
    page.until("return [...document.querySelectorAll('.how img')].every(i => i.naturalWidth > 0)")
    assert page.run("return document.querySelectorAll('.how .maps img').length") == 2
    sides = page.run("return [...document.querySelectorAll('.pair img')].map(i => [i.naturalWidth, i.width])")
    assert sides == [[90, 90], [90, 90]]
    tops = page.run(
        "return [...document.querySelectorAll('.pair img')].map(i => i.getBoundingClientRect().top)"
    )
    assert tops[0] == tops[1]
    swatch = "return getComputedStyle(document.querySelector('.legend rect')).fill"
    assert page.run(swatch) == "rgb(68, 119, 170)"
    assert "60% saved" in page.run("return document.querySelector('.how').innerText")
    assert "needed no network" in page.run("return document.body.textContent")
    assert page.complaints() == []
    assert len(page.requests()) == 1


@pytest.mark.browser
def test_it_fits_a_narrow_window(show: Show) -> None:
    page = show(made())
    page.resize(420, 800)
    page.until("return [...document.querySelectorAll('.how img')].every(i => i.naturalWidth > 0)")
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")


def test_what_engines_are_called_cannot_break_the_page() -> None:
    html = render(made(words="<script>alert(1)</script>"))
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_a_colour_that_is_none_is_refused() -> None:
    spoilt = made()
    (item,) = spoilt.items
    assert item.enlargement is not None
    bad = replace(item.enlargement, legend=(('red" onload="x', "words"),))
    with pytest.raises(ValueError, match="is no colour"):
        render(replace(spoilt, items=(replace(item, enlargement=bad),)))
