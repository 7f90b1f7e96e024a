"""One browser for the folder's tests, and pages to open in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.sheet.model import Sheet
from flows.sheet.render import render
from tests.browser import Browser, chromium, missing


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    if why := missing():
        pytest.skip(f"no browser: {why}")
    with chromium() as browser:
        yield browser


@pytest.fixture
def show(window: Browser, tmp_path: Path) -> Callable[[Sheet], Browser]:
    """Opens a sheet from disk at 1280 px, its cards drawn."""

    def opened(sheet: Sheet) -> Browser:
        page = tmp_path / "sheet.html"
        page.write_text(render(sheet), "utf-8")
        window.resize(1280, 900)
        window.open("about:blank")
        window.complaints()
        window.requests()
        window.open(page.as_uri())
        return window

    return opened
