"""The pictures of bench `upscale`: pairs by name, sizes that fit, benchmarks that training refuses."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from flows.bench.upscale import pictures
from flows.bench.upscale.pictures import benchmark, catalogue, from_folders, own, shrunk
from flows.bench.upscale.sets import Asked, for_table
from flows.training.upscale_network.imresize import imresize
from tasks.errors import BadRequest


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng([height, width]).integers(0, 256, (height, width, channels), np.uint8)


def write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    order = [2, 1, 0, 3][: picture.shape[2]]
    cv2.imwrite(str(path), picture[..., order])


def test_the_small_one_is_made_where_none_is_given(tmp_path: Path) -> None:
    picture = noise(41, 50)
    write(tmp_path / "a.png", picture)
    (pair,) = from_folders(tmp_path, None, 4)
    assert (pair.truth == picture[:40, :48]).all()
    assert (pair.small == imresize(picture[:40, :48], 10, 12)).all()


@pytest.mark.parametrize(
    ("large", "small"), [("a.png", "a.png"), ("a_HR.png", "a_LR.png"), ("ax4_SRF_4_HR.png", "a_LR.png")]
)
def test_pairs_are_found_by_name_whatever_marks_them(tmp_path: Path, large: str, small: str) -> None:
    truth, little = noise(43, 42), noise(10, 10)
    write(tmp_path / "hr" / large, truth)
    write(tmp_path / "lr" / small, little)
    (pair,) = from_folders(tmp_path / "hr", tmp_path / "lr", 4)
    assert (pair.truth == truth[:40, :40]).all()
    assert (pair.small == little).all()


def test_one_folder_may_hold_both(tmp_path: Path) -> None:
    for n in range(2):
        write(tmp_path / f"img_{n}_HR.png", noise(16 + 4 * n, 24))
        write(tmp_path / f"img_{n}_LR.png", noise(4 + n, 6))
    pairs = from_folders(tmp_path, tmp_path, 4)
    assert [p.small.shape[0] for p in pairs] == [4, 5]
    assert [p.name for p in from_folders(tmp_path, None, 4)] == ["img_0_HR", "img_1_HR"]


def test_transparency_is_laid_over_white(tmp_path: Path) -> None:
    clear = noise(8, 8, 4)
    clear[..., 3] = 0
    write(tmp_path / "a.png", clear)
    assert (from_folders(tmp_path, None, 2)[0].truth == 255).all()


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "hr" / "a.png", noise(40, 40))
    write(tmp_path / "lr" / "b.png", noise(10, 10))
    with pytest.raises(BadRequest, match=r"no small picture for a\.png"):
        from_folders(tmp_path / "hr", tmp_path / "lr", 4)
    write(tmp_path / "lr" / "a.png", noise(20, 20))
    with pytest.raises(BadRequest, match=r"20×20: not a\.png \(40×40\) by 4"):
        from_folders(tmp_path / "hr", tmp_path / "lr", 4)
    with pytest.raises(BadRequest, match="holds no pictures"):
        from_folders(tmp_path / "nowhere", None, 4)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.png").write_bytes(b"no picture")
    with pytest.raises(BadRequest, match=r"x\.png cannot be read"):
        from_folders(tmp_path / "bad", None, 4)
    with pytest.raises(BadRequest, match="smaller than 4 px"):
        shrunk("dot", noise(3, 9), 4)


def test_what_is_asked_is_checked_before_anything_runs(tmp_path: Path) -> None:
    for asked, words in (
        (Asked(scale=5), "nothing enlarges by 5"),
        (Asked(lr=tmp_path), "--hr is missing"),
        (Asked(hr=tmp_path), "--hr needs --scale"),
    ):
        with pytest.raises(BadRequest, match=words):
            asked.check()


def test_a_benchmark_that_training_would_take_is_not_scored_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENTIMENTO_DATA", str(tmp_path))
    write(tmp_path / "dev" / "sr" / "kodak" / "1.png", noise(32, 32))
    assert [p.name for p in benchmark("kodak", 4)] == ["1"]
    monkeypatch.setattr(pictures.Split, "read", classmethod(lambda cls: cls((), frozenset(), ())))
    with pytest.raises(BadRequest, match="not refused by training's split"):
        benchmark("kodak", 4)


def test_only_catalogue_pictures_that_training_leaves_out_are_scored_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENTIMENTO_DATA", str(tmp_path))
    for name in ("saleor-sunnies", "saleor-other"):
        write(tmp_path / "dev" / "product" / "saleor" / f"{name}.png", noise(32, 32))
    assert [(p.name, p.seen) for p in catalogue(4)] == [("saleor-sunnies", False)]
    assert [(p.name, p.seen) for p in catalogue(4, seen=True)] == [("saleor-other", True)]


def test_without_the_data_scikit_images_photographs_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PENTIMENTO_DATA", raising=False)
    assert benchmark("set5", 2) == []
    assert [(one.name, one.scale, len(one.pairs)) for one in for_table(Asked(scale=3), quick=True)] == [
        ("scikit-image", 3, 2)
    ]
    assert own(4)[0].truth.shape == (512, 512, 3)
