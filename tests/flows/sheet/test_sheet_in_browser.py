"""The review sheet as a person meets it, in headless Chromium."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from flows.sheet.model import Sheet
from tests.browser import Browser
from tests.flows.sheet.samples import demo, many_regions, sheet

pytestmark = pytest.mark.browser
Show = Callable[[Sheet], Browser]
VISIBLE = "return [...document.querySelectorAll('.card:not([hidden]) h2')].map(h => h.textContent)"
ESCAPE = "\ue00c"
RIGHT, HOME = "\ue014", "\ue011"
FIRST = ".card:nth-of-type(1) "


def cut(browser: Browser) -> str:
    return str(browser.run("return document.querySelector('.frame').style.getPropertyValue('--cut')"))


@pytest.fixture
def page(show: Show) -> Browser:
    browser = show(demo())
    browser.until("return document.querySelector('.frame img.after')?.naturalWidth > 0")
    return browser


def test_it_asks_for_nothing_and_the_console_stays_quiet(page: Browser) -> None:
    page.run("for (const card of document.querySelectorAll('.card')) card.scrollIntoView()")
    page.press("r")
    assert page.complaints() == []
    requests = page.requests()
    assert [url.rsplit("/", 1)[1] for url in requests] == ["sheet.html"]


def test_its_policy_would_stop_any_request_and_any_other_script(page: Browser) -> None:
    page.run("""
        window.ran = []; const add = (tag, set) => document.body.append(Object.assign(document.createElement(tag), set));
        add('img', {src: 'http://127.0.0.1:9/x.png'}); add('script', {textContent: 'window.ran.push(1)'});
        const div = document.createElement('div'); div.setAttribute('onclick', 'window.ran.push(2)');
        document.body.append(div); div.click();
        fetch('http://127.0.0.1:9/y').catch(() => window.ran.push('refused'));
    """)
    page.until("return window.ran.includes('refused')")
    assert page.run("return window.ran") == ["refused"]
    assert sum("Content Security Policy" in line for line in page.complaints()) >= 4


def test_outcome_chips_add_up_and_search_narrows(page: Browser) -> None:
    page.click(".chip[data-outcome='rejected']")
    assert page.run(VISIBLE) == ["corrupt-17.jpg", "notes.jpg"]
    page.click(".chip[data-outcome='needs-review']")
    assert page.run(VISIBLE) == ["coffee-free", "corrupt-17.jpg", "notes.jpg"]
    page.type("#search", "48,220 JPEG")
    assert page.run(VISIBLE) == ["corrupt-17.jpg"]
    assert page.run("return document.querySelector('#shown').value") == "1 of 8"
    page.type("#search", " nowhere")
    assert page.run(VISIBLE) == []
    page.click("#clear")
    assert len(page.run(VISIBLE)) == 8


def test_search_finds_text_inside_regions_and_engines(page: Browser) -> None:
    page.type("#search", "free shipping lama")
    assert page.run(VISIBLE) == ["coffee-free", "chelsea-poster"]


def test_worst_first_brings_failing_items_up(page: Browser) -> None:
    select = "const s = document.querySelector('#order'); s.value = [...s.options].find(o => o.text === arguments[0]).value;"
    page.run(select + "s.dispatchEvent(new Event('change'))", "worst first")
    assert set(page.run(VISIBLE)[:2]) == {"coffee-free", "chelsea-poster"}
    page.run(select + "s.dispatchEvent(new Event('change'))", "worst psnr in mask")
    assert page.run(VISIBLE)[0] == "camera-studio"
    page.run(select + "s.dispatchEvent(new Event('change'))", "in the run's order")
    assert page.run(VISIBLE)[0] == "astronaut-sale"


def test_the_slider_follows_pointer_and_keys(page: Browser) -> None:
    x, y, width = page.run("const r = document.querySelector('.cut').getBoundingClientRect();"
                           "return [r.x, r.y + r.height / 2, r.width].map(Math.round)")  # fmt: skip
    page.drag((x + width // 2, y), (x + width // 4, y))
    assert abs(float(cut(page).rstrip("%")) - 25) < 1
    edge = page.run(
        "const f = document.querySelector('.frame'); return getComputedStyle(f.querySelector('.after')).clipPath"
    )
    assert edge == f"inset(0px 0px 0px {cut(page)})"
    page.type(".cut", HOME + RIGHT * 2)
    assert cut(page) == "1%"
    assert "before" in page.run("return document.querySelector('.cut').getAttribute('aria-valuetext')")


def test_holding_b_shows_before_until_let_go(page: Browser) -> None:
    state = "return getComputedStyle(document.querySelector('.frame .after')).visibility"
    page.keys(("keyDown", "b"))
    assert page.run(state) == "hidden"
    page.keys(("keyUp", "b"))
    assert page.run(state) == "visible"


def test_the_tier_toggle_swaps_the_result_only_where_there_are_two(page: Browser) -> None:
    seen = "return [...document.querySelectorAll('.card:first-of-type img')].filter(i => !i.hidden).map(i => i.alt)"
    assert page.run(seen) == ["astronaut-sale, before", "astronaut-sale, after"]
    page.click("[data-tier=other]")
    assert page.run(seen) == ["astronaut-sale, before", "astronaut-sale, after, preview"]
    page.press("t")
    assert page.run(seen)[1] == "astronaut-sale, after"
    assert page.run("return document.querySelectorAll('.tiers').length") == 1


def test_a_region_opens_from_its_line_from_the_picture_and_by_key(page: Browser) -> None:
    opened = "return document.querySelector('.panel:not([hidden])')?.id"
    page.click(FIRST + "table.regions .open")
    assert page.run(opened) == "panel-0-0"
    labels = page.run(
        "return [...document.querySelectorAll('#panel-0-0 .strip bdi')].map(b => b.textContent)"
    )
    assert labels == ["region", "mask", "fill", "blend", "final"]
    page.press(ESCAPE)
    assert page.run(opened) is None
    page.run("scrollTo(0, 0)")
    page.click("#boxes")
    before = cut(page)
    x, y = page.run("const r = document.querySelector('.box').getBoundingClientRect();"
                    "return [r.right - 9, r.bottom - 9].map(Math.round)")  # fmt: skip
    page.drag((x, y), (x, y))
    assert page.run(opened) == "panel-0-0"
    assert cut(page) == before, "a tap on a region leaves the slider alone"
    page.press("r")
    assert page.run(opened) is None


def test_steps_are_magnified_without_blur(page: Browser) -> None:
    page.click(FIRST + "table.regions .open")
    widths = (
        "return [...document.querySelectorAll('#panel-0-0 .strip img')].map(i => i.width / i.naturalWidth)"
    )
    for factor in (1, 4):
        page.click(f"#panel-0-0 [data-zoom='{factor}']")
        assert page.run(widths) == [factor] * 5
    style = "return getComputedStyle(document.querySelector('#panel-0-0 .strip img')).imageRendering"
    assert page.run(style) == "pixelated"


def test_failing_scores_are_marked_in_words_and_explained(page: Browser) -> None:
    for key in "jjr":
        page.press(key)
    marked = "return [...document.querySelectorAll('#panel-1-0 tr:has(.fails) th')].map(t => t.textContent)"
    assert page.run(marked) == ["residual text", "seam step"]
    assert "fails" in page.run("return document.querySelector('#panel-1-0 .fails').textContent")
    assert "seam step 7.2 levels, allowed 6.0" in page.run(
        "return document.querySelector('#panel-1-0').textContent"
    )


def test_keys_walk_the_cards_and_stay_out_of_typing(page: Browser) -> None:
    current = "return document.querySelector('.card.current h2')?.textContent"
    page.press("j")
    assert page.run(current) == "astronaut-sale"
    page.press("j")
    page.press("j")
    assert page.run(current) == "chelsea-poster"
    page.press("k")
    assert page.run(current) == "coffee-free"
    page.press("f")
    page.press("j")
    assert page.run("return document.querySelector('#search').value") == "j"
    assert page.run(current) == "coffee-free"


def test_a_small_picture_is_enlarged_by_a_whole_factor(page: Browser) -> None:
    page.until(
        "const i = document.querySelector('#card-4 img'); i?.scrollIntoView(); return i?.naturalWidth === 64"
    )
    found = page.run(
        "const i = document.querySelector('#card-4 img'); return [i.width, getComputedStyle(i).imageRendering]"
    )
    assert found == [256, "pixelated"]


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_of_the_window(show: Show, width: int) -> None:
    long = "x" * 300
    item = many_regions("chelsea")
    wordy = replace(item, id=long, source=long, output=long, reason=f"{long} Cure: {long}", regions=tuple(
        replace(r, text=long, reasons=(long,)) for r in item.regions))  # fmt: skip
    page = show(sheet((*demo().items, wordy), title=long, run_id=long, facts={"store": long}))
    page.resize(width, 900)
    page.run("for (const card of document.querySelectorAll('.card')) card.scrollIntoView()")
    page.until("return !document.querySelector('template.work')")
    page.run("for (const row of document.querySelectorAll('tr[data-region]')) row.click()")
    assert page.run("return document.documentElement.scrollWidth") == width
    wider = "return [...document.querySelectorAll('.card')].filter(c => c.scrollWidth > c.clientWidth).map(c => c.id)"
    assert page.run(wider) == []


def test_an_empty_run_says_so(show: Show) -> None:
    browser = show(sheet(()))
    assert "no pictures" in browser.run("return document.querySelector('#none').innerText")
    for key in "jkfbtro":
        browser.press(key)
    browser.press(ESCAPE)
    assert browser.complaints() == []
