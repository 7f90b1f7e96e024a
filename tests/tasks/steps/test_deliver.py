"""The output is put where it goes: once, in the format its suffix says, and apart when somebody has to look at it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from tasks.intents import Intent, MaskBoxes, RemoveObject, RemoveText
from tasks.job import JobSpec
from tasks.results import ItemResult
from tasks.steps.deliver import place_ref
from tasks.steps.item import finish
from tests.tasks.steps.conftest import drop_card, ground, load, raster, save, shop_of

BOX = MaskBoxes(boxes=((10, 10, 20, 20),))
NO_TEXT = {"detection": "toy-reader", "verification": "toy-reader"}


@pytest.fixture(autouse=True)
def picture(cards: Path, pictures: Path) -> Path:
    drop_card(cards, "toy-reader", "text", "RedReader")
    return save(pictures / "a.png", ground(40, 50))


def run(tmp_path: Path, intent: Intent, run_id: str = "run-1", **changes: object) -> ItemResult:
    job = JobSpec(
        id="a", root=str(tmp_path / "pictures"), image="a.png", out=str(tmp_path / "out"), intent=intent
    )
    return finish(shop_of(tmp_path, run_id), job.model_copy(update=changes))


@pytest.mark.parametrize(
    ("suffix", "format_", "media"),
    [
        ("", "PNG", "image/png"), (".png", "PNG", "image/png"), (".jpg", "JPEG", "image/jpeg"),
        (".jpeg", "JPEG", "image/jpeg"), (".webp", "WEBP", "image/webp"), (".tif", "TIFF", "image/tiff"),
        (".tiff", "TIFF", "image/tiff"),
    ],
)  # fmt: skip
def test_the_suffix_decides_the_format(tmp_path: Path, suffix: str, format_: str, media: str) -> None:
    result = run(tmp_path, RemoveObject(mask=BOX), name="cup", suffix=suffix)
    assert result.output == str(tmp_path / "out" / f"cup{suffix or '.png'}")
    assert raster(Path(result.output)).meta.format == format_
    assert result.media_type == media


def test_the_name_defaults_to_the_id_and_without_a_place_it_stays_in_the_store(tmp_path: Path) -> None:
    assert run(tmp_path, RemoveObject(mask=BOX)).output == str(tmp_path / "out" / "a.png")
    stored = run(tmp_path, RemoveObject(mask=BOX), out="")
    assert Path(stored.output).is_relative_to(tmp_path / "store")
    assert hashlib.sha256(Path(stored.output).read_bytes()).hexdigest() == stored.output_sha256


def test_the_same_bytes_are_not_written_again_and_other_bytes_are_replaced(tmp_path: Path) -> None:
    output = Path(run(tmp_path, RemoveObject(mask=BOX)).output)
    good = output.read_bytes()
    os.utime(output, ns=(1, 1))
    run(tmp_path, RemoveObject(mask=BOX), "run-2")
    assert output.stat().st_mtime_ns == 1
    output.write_bytes(b"something else")
    run(tmp_path, RemoveObject(mask=BOX), "run-3")
    assert output.read_bytes() == good


def test_what_needs_review_goes_to_a_folder_of_its_own(tmp_path: Path) -> None:
    shop = shop_of(tmp_path)
    ref = shop.store.put(b"bytes", "image/png")
    job = JobSpec(id="a", root="", image="a.png", out=str(tmp_path / "out"), intent=RemoveObject(mask=BOX))
    assert place_ref(shop, job, ref, ".png", review=True) == str(tmp_path / "out" / "needs-review" / "a.png")
    assert place_ref(shop, job, ref, ".png", review=False) == str(tmp_path / "out" / "a.png")
    assert (tmp_path / "out" / "needs-review" / "a.png").read_bytes() == b"bytes"


@pytest.mark.parametrize("suffix", ["", ".png"])
def test_nothing_to_do_gives_the_sources_own_bytes(tmp_path: Path, picture: Path, suffix: str) -> None:
    result = run(tmp_path, RemoveText(), engines=NO_TEXT, suffix=suffix)
    assert (result.outcome, result.reason) == ("unchanged", "no text was found")
    assert Path(result.output).read_bytes() == picture.read_bytes()


def test_nothing_to_do_in_another_format_is_the_same_picture_in_it(tmp_path: Path, picture: Path) -> None:
    result = run(tmp_path, RemoveText(), engines=NO_TEXT, suffix=".tif")
    assert result.outcome == "unchanged"
    made = raster(Path(result.output))
    assert made.meta.format == "TIFF"
    assert (made.pixels == raster(picture).pixels).all()


def test_a_bmp_comes_back_as_png(tmp_path: Path, pictures: Path) -> None:
    assert cv2.imwrite(str(pictures / "a.bmp"), ground(40, 50)[..., ::-1])
    result = run(tmp_path, RemoveText(), image="a.bmp", engines=NO_TEXT)
    assert (result.outcome, result.output) == ("unchanged", str(tmp_path / "out" / "a.png"))
    assert (load(result.output) == ground(40, 50)).all()


def test_the_preview_of_a_picture_in_which_nothing_is_to_do_is_small_and_the_final_is_not(
    tmp_path: Path, pictures: Path
) -> None:
    """For a BMP, which is encoded in either tier: one tier's bytes must not be taken for the other's."""
    big = np.repeat(np.repeat(ground(300, 400), 2, axis=0), 2, axis=1)
    assert cv2.imwrite(str(pictures / "a.bmp"), big[..., ::-1])
    sizes = []
    for tier in ("preview", "final"):
        result = run(tmp_path, RemoveText(), image="a.bmp", engines=NO_TEXT, tier=tier)
        assert result.outcome == "unchanged"
        sizes.append(load(result.output).shape[:2])
        assert sizes[-1] == (result.height, result.width)
    assert sizes[0][0] * sizes[0][1] <= 250_000
    assert sizes[1] == (600, 800)
