"""An engine that follows the reference but for noise: its two coefficients are found, and routing counts them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from flows.training.upscale_gain.follower import followed, main
from tasks.enhancement.gain import gains
from tasks.errors import BadRequest


def test_noise_and_share_are_found_beside_cells_that_fare_far_worse() -> None:
    rng = np.random.default_rng(0)
    gain = rng.gamma(0.7, 40, 3000)
    more = 0.3 + 0.02 * gain + rng.normal(0, 0.1, 3000) * (1 + gain) * 0.05
    more[::40] += 30 * (1 + gain[::40])
    noise, share = followed(more, gain, np.full(3000, 1024.0))
    assert abs(noise - 0.3) < 0.05
    assert abs(share - 0.98) < 0.005


def test_an_engine_that_is_better_has_no_noise() -> None:
    gain = np.linspace(0, 50, 200)
    assert followed(0.1 * gain - 0.5, gain, np.full(200, 1024.0))[0] == 0.0
    assert followed(-0.1 - 0.01 * gain, gain, np.full(200, 1024.0)) == (0.0, 1.0)


def test_pictures_of_a_benchmark_are_refused(tmp_path: Path) -> None:
    (tmp_path / "kodak").mkdir()
    cv2.imwrite(str(tmp_path / "kodak" / "one.png"), np.zeros((200, 200, 3), np.uint8))
    with pytest.raises(BadRequest, match="benchmark"):
        main(["imdn-int8", "--photographs", str(tmp_path), "--out", str(tmp_path / "out.toml")])


def test_routing_counts_the_noise_where_there_is_nothing_to_gain() -> None:
    shipped, gain = gains(4), np.array([[0.0, 100.0]], np.float32)
    lost = shipped.losses(gain, ["lanczos@1", "sr-base@1", "imdn-int8@1", "imdn@1"])
    assert lost[2, 0, 0] == pytest.approx(shipped.noise("imdn-int8@1"))
    assert lost[2, 0, 0] > lost[0, 0, 0]
    assert lost[2, 0, 1] < lost[1, 0, 1]
    assert (lost[3] == 0).all()
