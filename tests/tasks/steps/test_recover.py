"""Half-transparent lettering is taken off, not painted over: the picture's own pixels come back, and only there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from skimage import data

from model_registry.engines.contract import TextLine
from tasks.intents import RemoveText
from tasks.job import JobSpec
from tasks.lossless import decode_mask
from tasks.plan import Value
from tasks.results import ItemResult
from tasks.steps import whose_text
from tasks.steps.item import finish
from tests.tasks.steps import toy_engines
from tests.tasks.steps.conftest import drop_card, load, save, shop_of

LINE = ((38.0, 118.0), (322.0, 118.0), (322.0, 162.0), (38.0, 162.0))
READER = {"detection": "toy-line", "verification": "toy-line"}


@pytest.fixture
def truth(cards: Path, monkeypatch: pytest.MonkeyPatch) -> NDArray[np.uint8]:
    """A photograph; a reader that finds the line in it and no more in any crop."""
    drop_card(cards, "toy-line", "text", "RedReader")
    picture = np.ascontiguousarray(data.chelsea()[:280, :400])

    def reading(self, image, *, params):  # type: ignore[no-untyped-def]
        return (TextLine(LINE, "supplier", 0.9),) if image.shape == picture.shape else ()

    monkeypatch.setattr(toy_engines.RedReader, "read", reading)
    overlay = whose_text.Origin("overlay", 1.0, "")
    monkeypatch.setattr(whose_text, "origins", lambda image, lines, **_: (overlay,) * len(lines))
    return picture


def lettered(picture: NDArray[np.uint8], opacity: float) -> NDArray[np.uint8]:
    over = Image.new("RGBA", picture.shape[1::-1], (255, 255, 255, 0))
    ImageDraw.Draw(over).text(
        (42, 120), "supplier pictures", fill=(255, 255, 255, round(255 * opacity)), font_size=34
    )
    shown = Image.alpha_composite(Image.fromarray(picture).convert("RGBA"), over)
    return np.asarray(shown.convert("RGB"), np.uint8)


def run(tmp_path: Path, **params: dict[str, Value]) -> ItemResult:
    job = JobSpec(
        id="word", root=str(tmp_path / "pictures"), image="word.png", out=str(tmp_path / "out"),
        intent=RemoveText(rights="own"), engines=READER, params=params,
    )  # fmt: skip
    return finish(shop_of(tmp_path), job)


def decibels(result: ItemResult, truth: NDArray[np.uint8], where: NDArray[np.bool_]) -> float:
    off = load(result.output).astype(float)[where] - truth.astype(float)[where]
    return float(10 * np.log10(255**2 / max((off**2).mean(), 1e-3)))


def test_what_shines_through_comes_back(tmp_path: Path, pictures: Path, truth: NDArray[np.uint8]) -> None:
    edited = lettered(truth, 0.5)
    save(pictures / "word.png", edited)
    marked = (edited != truth).any(axis=2)
    result = run(tmp_path)
    recovered = decibels(result, truth, marked)
    filled = run(tmp_path, generation={"recover": False})  # in the same place
    assert result.regions[0].engine.startswith("unmix")
    assert result.regions[0].recovered > 0.9
    assert "unmix" not in filled.regions[0].engine
    assert recovered > 34
    assert recovered > decibels(filled, truth, marked) + 6
    assert {"recovered", "mask", "final"} <= set(result.regions[0].artifacts)


def test_what_is_opaque_is_filled(tmp_path: Path, pictures: Path, truth: NDArray[np.uint8]) -> None:
    save(pictures / "word.png", lettered(truth, 1.0))
    (region,) = run(tmp_path).regions
    assert region.recovered == 0
    assert "unmix" not in region.engine


def test_nothing_beyond_the_letters_changes(tmp_path: Path, pictures: Path, truth: NDArray[np.uint8]) -> None:
    edited = lettered(truth, 0.4)
    save(pictures / "word.png", edited)
    after = load(run(tmp_path).output)
    x0, y0, x1, y1 = 20, 100, 345, 180
    outside = np.ones(truth.shape[:2], bool)
    outside[y0:y1, x0:x1] = False
    np.testing.assert_array_equal(after[outside], edited[outside])


def test_a_second_run_recovers_nothing_again(
    tmp_path: Path, pictures: Path, truth: NDArray[np.uint8]
) -> None:
    save(pictures / "word.png", lettered(truth, 0.5))
    first, again = run(tmp_path), run(tmp_path)
    assert again.output_sha256 == first.output_sha256
    assert again.regions == first.regions


def test_a_letter_cut_off_by_the_reader_comes_back(
    tmp_path: Path, pictures: Path, truth: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = lettered(truth, 0.5)
    save(pictures / "word.png", edited)
    marked = (edited != truth).any(axis=2)
    last = int(np.flatnonzero(marked.any(axis=0)).max()) - 12
    short = tuple((min(x, last - 6.0), y) for x, y in LINE)
    reader = (TextLine(short, "supplier", 0.9),)
    monkeypatch.setattr(
        toy_engines.RedReader, "read",
        lambda self, image, *, params: reader if image.shape == truth.shape else (),
    )  # fmt: skip
    monkeypatch.setattr("tasks.detection.strokes_lines._BEYOND", 0.0)
    result = run(tmp_path)
    beyond = marked.copy()
    beyond[:, :last] = False
    (region,) = result.regions
    assert region.recovered > 0.9
    assert region.box[2] > last + 8
    assert decibels(result, truth, beyond) > 30
    mask = shop_of(tmp_path).store.get(region.artifacts["mask"])
    assert decode_mask(mask).shape == (region.box[3] - region.box[1], region.box[2] - region.box[0])
