"""Scores, the plain baseline, the table and the summary."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import flows.demo.baseline as baseline
from flows.demo.baseline import baseline_psnr, plain_edit
from flows.demo.catalogue import Catalogue, Item
from flows.demo.files import Levels, decode, encode
from flows.demo.report import summary, table
from flows.demo.score import Score, score

SHAPE = (60, 80)


@pytest.fixture
def tiny(tmp_path: Path) -> Catalogue:
    """One object on a flat grey ground, 10×10 px at (20, 10), its mask 2 px wider; one bad file."""
    truth = np.full((*SHAPE, 3), 100, np.uint8)
    shown, overlay, mask = truth.copy(), np.zeros((*SHAPE, 1), np.uint8), np.zeros((*SHAPE, 1), np.uint8)
    shown[10:20, 20:30] = 151
    overlay[10:20, 20:30] = 255
    mask[8:22, 18:32] = 255
    for name, pixels in (("truth", truth), ("image", shown), ("overlay", overlay), ("mask", mask)):
        (tmp_path / f"{name}.png").write_bytes(encode(pixels))
    (tmp_path / "bad.jpg").write_bytes(b"")
    good = Item(
        "a", "remove_object", "square", "image.png", "tune", ("brick",), 1,
        "truth.png", "overlay.png", "mask.png",
    )  # fmt: skip
    return Catalogue(tmp_path, (good, Item("b", "remove_text", "empty", "bad.jpg", None, (), bad=True)))


def write(tiny: Catalogue, pixels: Levels) -> dict[str, Path]:
    path = tiny.folder / "out.png"
    path.write_bytes(encode(pixels))
    return {"a": path}


def test_a_perfect_edit(tiny: Catalogue) -> None:
    truth = decode(tiny.path("truth.png").read_bytes())
    good, bad = score(tiny, write(tiny, truth), {"a": [(18, 8, 32, 22)]})
    assert good.psnr == 50
    assert good.baseline_psnr is not None
    assert 40 < good.baseline_psnr < 50, "Telea is nearly exact on a flat ground"
    assert good.gain == 50 - good.baseline_psnr
    assert good.input_psnr == pytest.approx(13.9794, abs=1e-4)
    assert (good.changed_outside_zones, good.changed_far) == (0, 0)
    assert bad.psnr is None
    assert bad.note == "bad file"


def test_strays_are_counted_by_zone_and_by_distance(tiny: Catalogue) -> None:
    edited = decode(tiny.path("image.png").read_bytes()).copy()
    edited[10:20, 20:30] = 100
    edited[15, 43] = 0  # 12 px right of the mask's last column: not far, and outside the zone
    edited[15, 44] = 0  # 13 px: far
    edited[50:52, 60:65] = 0
    (good, _) = score(tiny, write(tiny, edited), {"a": [(18, 8, 32, 22)]})
    assert (good.changed_outside_zones, good.changed_far) == (12, 11)
    (good, _) = score(tiny, write(tiny, edited), {"a": [(18, 8, 32, 22), (60, 50, 65, 52)]})
    assert (good.changed_outside_zones, good.changed_far) == (2, 11)
    (good, _) = score(tiny, write(tiny, edited), {})
    assert good.changed_outside_zones == 112, "an unreported zone excuses nothing"


def test_missing_and_misshapen_outputs(tiny: Catalogue) -> None:
    (good, _) = score(tiny, {}, {})
    assert (good.psnr, good.gain, good.changed_far, good.note) == (None, None, None, "no output")
    (good, _) = score(tiny, write(tiny, np.zeros((5, 5, 3), np.uint8)), {})
    assert (good.psnr, good.changed_far, good.note) == (None, None, "size differs from the truth")


def test_doing_nothing_gains_nothing(sample: Catalogue) -> None:
    chosen = [item for item in sample.items if item.id in ("object-coin", "up2-portrait", "clean-coffee")]
    part = Catalogue(sample.folder, tuple(chosen))
    outputs = {item.id: sample.path(item.image) for item in chosen if item.intent != "upscale"}
    scores = {one.id: one for one in score(part, outputs, {})}
    assert scores["object-coin"].psnr == scores["object-coin"].input_psnr
    assert scores["object-coin"].changed_outside_zones == 0
    assert (scores["object-coin"].gain or 0) < -5, "Telea beats leaving the coin"
    assert scores["clean-coffee"].psnr == scores["clean-coffee"].input_psnr
    assert 25 < (scores["up2-portrait"].input_psnr or 0) < 40


def test_the_baseline_is_measured_once(tiny: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    first = baseline_psnr(tiny)
    monkeypatch.setattr(baseline, "plain_edit", lambda *_: pytest.fail("measured again"))
    assert baseline_psnr(tiny) == first
    kept = (tiny.folder / "baseline.json").read_bytes()
    monkeypatch.undo()
    truth = decode(tiny.path("truth.png").read_bytes()).copy()
    truth[:] += 51
    tiny.path("truth.png").write_bytes(encode(truth))
    assert baseline_psnr(tiny)["a"] == pytest.approx(13.98, abs=0.3), "new bytes, new figure"
    assert (tiny.folder / "baseline.json").read_bytes() != kept
    assert len(json.loads((tiny.folder / "baseline.json").read_text())) == 1


def test_the_plain_script_reads_and_fills(sample: Catalogue) -> None:
    item = next(item for item in sample.items if item.id == "text-dark")
    edited = plain_edit(sample, item)
    truth = decode(sample.path(item.truth).read_bytes())
    overlay = decode(sample.path(item.overlay).read_bytes())[..., 0] > 0
    assert edited.shape == truth.shape
    assert edited.dtype == np.uint8
    assert np.abs(edited.astype(int) - truth)[overlay].mean() < 12
    assert np.array_equal(plain_edit(sample, item), edited)


def scores() -> list[Score]:
    return [
        Score(
            "text-a", "a title of some length, JPEG q90", "remove_text", "score", 5, 20, 26, 0, 3, "by block"
        ),
        Score("text-b", "b", "remove_text", "score", 7, 22, 30, None, None, "lossy"),
        Score("text-c", "c", "remove_text", "score", 9, 24, None, None, None, "no output"),
        Score("text-d", "d", "remove_text", "tune", 1, 2, 3, 4, 5),
        Score("bad-e", "e", "remove_text", None, note="bad file"),
    ]


def test_summary_keeps_the_sides_apart() -> None:
    figures = summary(scores())
    assert figures["score.remove_text.items"] == 2
    assert figures["score.remove_text.of"] == 3
    assert figures["score.remove_text.psnr"] == 28
    assert figures["score.remove_text.gain"] == 7
    assert figures["score.remove_text.input_psnr"] == 7
    assert figures["score.remove_text.changed_far"] == 3
    assert figures["tune.remove_text.changed_outside_zones"] == 4
    assert not any(key.startswith("None") for key in figures)


def test_the_table_fits_a_page_and_cuts_nothing() -> None:
    console = Console(width=110, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(table(scores(), {"text-a": "needs-review", "bad-e": "rejected"}))
    lines = console.export_text().splitlines()
    assert max(len(line) for line in lines) <= 110
    assert "…" not in "".join(lines)
    first = next(line for line in lines if "text-a" in line)
    assert first.split()[-8:] == ["5.0", "20.0", "26.0", "+6.0", "0", "3", "by", "block"]
    assert "needs-review" in first
    assert next(line for line in lines if "bad-e" in line).split() == [
        "bad-e",
        "e",
        "rejected",
        *"------",
        "bad",
        "file",
    ]
