"""Voting as a person does it, in headless Chromium: keys, undo, zoom, and a ballot that counts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.comparing.kept import ballots_of, keep_ballot
from flows.comparing.model import Comparison
from flows.comparing.votes import counted, pairs_of, questions, read_ballot
from flows.comparing.votes_page import voting_page
from flows.comparing.votes_server import VoteServer
from infra.settings import Settings
from infra.store.store import Store
from tests.browser import Browser, chromium, missing
from tests.flows.voting.made import comparison, stored

pytestmark = pytest.mark.browser
COUNT = "return document.getElementById('count').textContent"
SHOWN = "return document.querySelector('#left img').naturalWidth > 0"


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    if why := missing():
        pytest.skip(f"no browser: {why}")
    with chromium() as browser:
        yield browser


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return stored(tmp_path)


@pytest.fixture
def compared(store: Store) -> Comparison:
    return comparison(store)


@pytest.fixture
def page(window: Browser, store: Store, compared: Comparison, tmp_path: Path) -> Browser:
    path = tmp_path / "vote.html"
    path.write_text(voting_page(store, Settings(), compared, pairs_of(compared)), "utf-8")
    window.resize(1280, 800)
    window.open("about:blank")
    window.complaints()
    window.requests()
    window.open(path.as_uri())
    window.run("localStorage.clear()")
    window.open(path.as_uri())
    window.until(SHOWN)
    window.requests()
    return window


def test_keys_vote_undo_and_finish(page: Browser) -> None:
    page.press("1")
    page.press("0")
    assert page.run(COUNT) == "2 of 4"
    page.press("u")
    assert page.run(COUNT) == "1 of 4"
    for key in "222":
        page.press(key)
    assert page.run("return !document.getElementById('end').hidden")
    assert page.complaints() == []
    assert page.requests() == []


def test_a_reload_loses_no_answer(page: Browser) -> None:
    page.press("1")
    page.run("location.reload()")
    page.until(SHOWN)
    assert page.run(COUNT) == "1 of 4"
    page.press("u")
    assert page.run(COUNT) == "0 of 4"


def test_both_pictures_are_enlarged_and_flickered_together(page: Browser) -> None:
    read = "return [...document.querySelectorAll('.view img')].map(i => i.style.transform)"
    before = page.run(read)
    page.press("+")
    after = page.run(read)
    assert before[0] == before[1] != after[0] == after[1]
    page.keys(("keyDown", "f"))
    assert page.run("return document.querySelectorAll('.view.away').length") == 1
    page.keys(("keyUp", "f"))
    assert page.run("return document.querySelectorAll('.view.away').length") == 0


def test_the_saved_ballot_counts_for_the_side_that_was_seen(
    page: Browser, store: Store, compared: Comparison
) -> None:
    """Always for the redder square, wherever it is: that is one variant."""
    page.run("""
        window.saved = [];
        const create = URL.createObjectURL;
        URL.createObjectURL = (blob) => { blob.text().then((text) => window.saved.push(text)); return create(blob); };
    """)
    red = """
        const [a, b] = [...document.querySelectorAll('.view img')].map((image) => {
          const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight), pen = canvas.getContext('2d');
          pen.drawImage(image, 0, 0);
          return pen.getImageData(image.naturalWidth / 2, image.naturalHeight / 2, 1, 1).data[0];
        });
        return a > b ? '1' : '2';
    """
    for _ in range(4):
        page.until(
            "return [...document.querySelectorAll('.view img')].every(i => i.complete && i.naturalWidth)"
        )
        page.press(str(page.run(red)))
    page.type("#voter", "Ada")
    page.click("#send")
    data = page.until("return window.saved[0]").encode()
    (votes,) = counted(compared, [read_ballot(data, compared)])
    assert (votes.better_a, votes.better_b, votes.ties) == (0, 4, 0)
    page.run("location.reload()")
    page.until(SHOWN)
    assert page.run(COUNT) == "0 of 4", "the next voter starts afresh"


def test_a_served_page_sends_its_ballot(window: Browser, store: Store, compared: Comparison) -> None:
    server = VoteServer(lambda data: "Kept." if keep_ballot(store, compared, data)[1] else "again")
    server.page = voting_page(store, Settings(), compared, pairs_of(compared), post_to=server.post_to)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        window.open(server.url)
        window.until(SHOWN)
        window.press("1")
        window.click("#finish")
        window.type("#voter", "Grace")
        window.click("#send")
        window.until("return document.getElementById('said').textContent === 'Kept.'")
    finally:
        server.stop()
        thread.join(5)
    (kept,) = ballots_of(store, compared)
    asked = {one.token: one.sides for one in questions(compared, pairs_of(compared))}
    assert kept.voter == "Grace"
    assert kept.votes[0].choice in asked[kept.votes[0].question]


def test_it_looks_as_it_should(page: Browser, tmp_path: Path) -> None:
    """Nothing is cut off or laid over something else at a common window size."""
    page.screenshot(tmp_path / "vote.png")
    wide = page.run(
        "return [document.documentElement.scrollWidth, innerWidth, document.documentElement.scrollHeight, innerHeight]"
    )
    assert wide[0] <= wide[1]
    assert wide[2] <= wide[3]
    for view in ("left", "right"):
        box = page.run(
            f"const b = document.getElementById('{view}').getBoundingClientRect(); return [b.width, b.height]"
        )
        assert min(box) > 400
