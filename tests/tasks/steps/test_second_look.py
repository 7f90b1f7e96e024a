"""The second look beside the reader: it finds what the reader cannot, leaves photographs alone, and can be done without."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from matplotlib.font_manager import findfont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from flows.training.overlay_letters.lettering import set_straight
from flows.training.text_origin.lettering import Lettering, arched, shrunk
from model_registry.errors import EngineOutOfMemory, WeightsMissing
from tasks.errors import OutOfMemory
from tasks.intents import RemoveText
from tasks.job import JobSpec
from tasks.steps import second_look
from tasks.steps.detect import Detected, detect
from tasks.steps.item import finish
from tasks.steps.source import read_source
from tests.tasks.steps.conftest import save, shop_of

Bytes3 = NDArray[np.uint8]


def photograph(name: str, box: tuple[int, int, int, int]) -> Bytes3:
    with Image.open(str(files("skimage").joinpath("data", name))) as picture:
        return np.asarray(picture.convert("RGB").crop(box), np.uint8)


def laid_over(
    base: Bytes3, text: str, at: tuple[int, int], size: int, opacity: float
) -> tuple[Bytes3, NDArray[np.bool_]]:
    """White words, see-through; and where they are."""
    page = Image.new("L", (base.shape[1], base.shape[0]), 0)
    font = ImageFont.truetype(findfont("DejaVu Sans:bold"), size)
    ImageDraw.Draw(page).text(at, text, fill=255, font=font)
    cover = np.asarray(page, np.float32)[..., None] / np.float32(255)
    made = base + opacity * cover * (np.float32(255) - base)
    return np.rint(made).astype(np.uint8), cover[..., 0] > 0.5


def detected(tmp_path: Path, picture: Bytes3, text: str = "overlay", run: str = "run-1") -> Detected:
    for folder in ("pictures", "cards"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    save(tmp_path / "pictures" / "picture.png", picture)
    shop = shop_of(tmp_path, run)
    return detect(shop, read_source(shop, job(tmp_path, text)))


def job(tmp_path: Path, text: str = "overlay") -> JobSpec:
    return JobSpec(
        id="picture", root=str(tmp_path / "pictures"), image="picture.png", out=str(tmp_path / "out"),
        intent=RemoveText(rights="own", text=text),
    )  # fmt: skip


def held(found: Detected, where: NDArray[np.bool_]) -> float:
    """Share of `where` in the regions' masks."""
    holes = np.zeros(where.shape, np.bool_)
    for region in found.full:
        x0, y0, x1, y1 = region.box
        holes[y0:y1, x0:x1] |= region.mask > 0
    return float(holes[where].mean())


def without_look(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    def broken(*_: object) -> None:
        raise fault

    monkeypatch.setattr(second_look, "with_engine", broken)


STARS = (100, 100, 500, 400)


def on_a_ring(base: Bytes3, text: str, at: tuple[int, int]) -> tuple[Bytes3, NDArray[np.bool_]]:
    """Green words along the foot of a ring; and where they are."""
    large = set_straight(findfont("DejaVu Sans:bold"), 84, text)
    upset = Lettering(large.letters[::-1], large.outlined[::-1])
    bow = shrunk(arched(upset, 300), 3)
    cover = np.zeros(base.shape[:2], np.float32)
    height, width = bow.letters.shape
    cover[at[1] : at[1] + height, at[0] : at[0] + width] = bow.letters[::-1]
    made = base + 0.8 * cover[..., None] * (np.array([20, 140, 30], np.float32) - base)
    return np.rint(made).astype(np.uint8), cover > 0.5


def test_words_that_the_reader_misses_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture, where = on_a_ring(photograph("hubble_deep_field.jpg", STARS), "Limited offer", (60, 90))
    found = detected(tmp_path / "both", picture)
    assert found.missed == ""
    assert held(found, where) > 0.9
    without_look(monkeypatch, WeightsMissing("none here"))
    alone = detected(tmp_path / "alone", picture)
    assert held(alone, where) < 0.5


@pytest.mark.parametrize(
    ("name", "box"),
    [("hubble_deep_field.jpg", STARS), ("gravel.png", (40, 60, 440, 360)), ("camera.png", (0, 0, 400, 300))],
)
def test_photographs_without_lettering_hold_none(
    tmp_path: Path, name: str, box: tuple[int, int, int, int]
) -> None:
    assert detected(tmp_path, photograph(name, box)).full == ()


def test_without_its_weights_the_reader_does_alone_and_the_result_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_look(monkeypatch, WeightsMissing("no weights at here"))
    picture, where = laid_over(photograph("camera.png", (0, 0, 400, 300)), "BIG SALE", (40, 40), 50, 1.0)
    alone = detected(tmp_path, picture)
    assert "no weights at here" in alone.missed
    assert held(alone, where) > 0.8
    result = finish(shop_of(tmp_path, "run-2", fresh=True), job(tmp_path))
    assert result.outcome in ("degraded", "needs-review")
    assert result.outcome != "degraded" or "no weights at here" in result.reason


def test_what_both_found_is_not_looked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = photograph("camera.png", (0, 0, 400, 300))
    both = detected(tmp_path, picture)
    assert detected(tmp_path, picture, run="run-2").done.cached
    without_look(monkeypatch, WeightsMissing("none here"))
    assert detected(tmp_path, picture, run="run-3").done.cached
    assert both.missed == ""


def test_want_of_memory_may_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_look(monkeypatch, EngineOutOfMemory("full"))
    with pytest.raises(OutOfMemory):
        detected(tmp_path, photograph("camera.png", (0, 0, 64, 48)))


def test_a_tiny_picture_is_only_read(tmp_path: Path) -> None:
    assert detected(tmp_path, np.full((10, 40, 3), 200, np.uint8)).full == ()


def test_who_asks_for_print_alone_gets_no_faint_overlay(tmp_path: Path) -> None:
    picture, where = on_a_ring(photograph("hubble_deep_field.jpg", STARS), "Limited offer", (60, 90))
    assert held(detected(tmp_path, picture, "scene"), where) < 0.5
