"""The field's protocol: luma, PSNR and SSIM against known values and scikit-image's."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from flows.bench.upscale.protocol import EQUAL, colour_shift, consistency, decibels, luma, psnr, ssim
from flows.demo.photographs import photograph
from flows.training.upscale_network.imresize import imresize

Levels = np.ndarray


def levels(name: str, side: int = 160) -> Levels:
    picture = np.rint(photograph(name) * 255).astype(np.uint8)
    return np.ascontiguousarray(picture[40 : 40 + side, 60 : 60 + side])


def test_luma_is_matlabs() -> None:
    colours = np.array(
        [[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [128, 128, 128]]], np.uint8
    )
    assert luma(colours)[0].tolist() == [16, 235, 81, 145, 41, 126]


def test_psnr_of_a_known_difference() -> None:
    truth = np.full((20, 20, 3), 100, np.uint8)
    made = truth + np.uint8(7)  # Y: 101.88 -> 102 and 107.89 -> 108
    assert psnr(made, truth, 4) == pytest.approx(10 * math.log10(255**2 / 36))
    assert psnr(truth, truth, 4) == EQUAL
    assert decibels(np.array([1.0, -1.0])) == pytest.approx(48.1308, abs=1e-4)


def test_the_border_does_not_count() -> None:
    truth = levels("coffee", 40)
    made = truth.copy()
    made[:4] = made[-4:] = 0
    made[:, :4] = made[:, -4:] = 255
    assert psnr(made, truth, 4) == EQUAL
    assert ssim(made, truth, 4) == pytest.approx(1)
    assert psnr(made, truth, 3) < 30


@pytest.mark.parametrize("name", ["coffee", "astronaut"])
def test_ssim_is_scikit_images(name: str) -> None:
    from skimage.metrics import structural_similarity

    truth = levels(name)
    made = cv2.GaussianBlur(truth, (0, 0), 1.2)
    a, b = (luma(p)[2:-2, 2:-2] for p in (made, truth))
    wanted = structural_similarity(
        a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
    )
    assert ssim(made, truth, 2) == pytest.approx(float(wanted), abs=1e-6)
    assert 0.3 < ssim(made, truth, 2) < 0.99


def test_what_is_too_small_for_a_window_has_no_ssim() -> None:
    small = np.zeros((14, 40, 3), np.uint8)
    assert math.isnan(ssim(small, small, 2))


def test_consistency_and_colour() -> None:
    small = levels("coffee", 64)
    large = imresize(small, 256, 256)
    brighter = np.minimum(large.astype(int) + 3, 255).astype(np.uint8)
    assert consistency(brighter, small) < consistency(large, small)
    assert colour_shift(large, small) < 0.1
    assert colour_shift(brighter, small) == pytest.approx(3, abs=0.1)
