"""The coefficients of routing: fitted sums are right, the command refuses benchmarks, the shipped table is whole."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from flows.training.upscale_gain.fitting import fitted, power, predicted
from flows.training.upscale_gain.table import tabled
from flows.training.upscale_gain.train import main
from tasks.contracts import Pixels
from tasks.enhancement.features import Features
from tasks.enhancement.gain import gains
from tasks.errors import BadRequest


def cubic(image: Pixels, scale: int = 2) -> Pixels:
    size = (image.shape[1] * scale, image.shape[0] * scale)
    return cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)


def near(image: Pixels, scale: int = 2) -> Pixels:
    return np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    made = []
    for n in range(count):
        noise = rng.random((96, 128, 3)).astype(np.float32)
        soft = cv2.GaussianBlur(noise, (0, 0), 1 + 0.4 * n)
        soft = (soft - soft.mean()) / soft.std() * 40 + 128
        made.append(np.clip(soft, 0, 255).astype(np.uint8))
    return made


def test_a_power_is_found_and_its_sum_is_right() -> None:
    rng = np.random.default_rng(0)
    feature, other = rng.gamma(0.7, 20, 4000), rng.gamma(1, 5, 4000)
    true = 0.4 * (feature + 0.05) ** 1.2 * (other + 0.05) ** -0.3
    seen = true * rng.gamma(2, 0.5, 4000) - 0.05
    found = power(seen, [feature, other], np.full(4000, 1024.0))
    assert np.allclose(found[1:], (1.2, -0.3), atol=0.08)
    assert abs(predicted(found, [feature, other]).sum() / seen.sum() - 1) < 0.05


def test_the_best_engine_is_the_whole_and_the_plain_one_nothing() -> None:
    engines = {"lanczos": near, "middling": lambda x: 0.5 * (near(x) + cubic(x)), "best": cubic}
    table = tabled(pictures(5), engines, 2, 16, 96)
    fit = fitted(table, "best")
    assert set(fit.share) == {"middling"}
    assert 0.3 < fit.share["middling"] < 1
    assert len(fit.probe["middling"]) == 2
    guess = predicted(fit.moved, [table.seen.detail, table.seen.edges]) * table.area
    truth = (table.error["lanczos"] - table.error["best"]) * table.area
    assert abs(guess.sum() / truth.sum() - 1) < 0.25


def test_pictures_of_a_benchmark_are_refused(tmp_path: Path) -> None:
    (tmp_path / "kodak").mkdir()
    cv2.imwrite(str(tmp_path / "kodak" / "one.png"), np.zeros((200, 200, 3), np.uint8))
    with pytest.raises(BadRequest, match="benchmark"):
        main(["--photographs", str(tmp_path), "--scale", "2", "--out", str(tmp_path / "out.toml")])


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_shipped_table_grows_with_detail(scale: int) -> None:
    shipped = gains(scale)
    grid = np.array([[0.0, 1.0, 10.0, 100.0]], np.float32)
    seen = Features(grid, grid, grid, grid < 0)
    for cells in (shipped.gain(seen), shipped.left(seen), shipped.gain_seen(grid, "sr-tiny@1")):
        assert (np.diff(cells[0]) >= 0).all()
        assert cells[0, 0] < 1
    losses = shipped.losses(grid, ["lanczos@1", "sr-tiny@1", "sr-base@1", "unheard-of@3"])
    assert (losses[:-1] >= losses[1:]).all()
    assert (losses[-1] == 0).all()
