"""What is wanted of a cell: the bound, and less only where plain Lanczos itself gives less."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tasks.contracts import Raster
from tasks.enhancement.plain import SLACK, wanted_db


def picture() -> Raster:
    """A soft ramp above, black and white pixels by turns below: what no enlargement within 0–255 gives back."""
    pixels = np.tile(np.linspace(20, 220, 96).astype(np.uint8)[None, :, None], (96, 1, 3))
    rng = np.random.default_rng(0)
    pixels[64:] = np.where(rng.random((32, 96, 1)) > 0.5, 255, 0)
    return Raster(pixels)


@pytest.mark.parametrize("scale", [2, 4])
def test_less_is_wanted_only_where_lanczos_gives_less(scale: int) -> None:
    raster = picture()
    wanted = wanted_db(raster, np.zeros((3, 3), np.float32), 32, scale, 45.0)
    assert (wanted[0] == 45).all()
    assert (wanted[2] < 30).all()


def test_where_all_cells_have_the_bound_it_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "resize", None)
    wanted = wanted_db(picture(), np.full((3, 3), 45.0, np.float32), 32, 2, 45.0)
    assert (wanted == 45).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_it_is_what_lanczos_of_the_whole_picture_gives(dtype: type) -> None:
    from tasks.enhancement.smaller import smaller

    levels = np.iinfo(dtype).max
    rng = np.random.default_rng(3)
    soft = cv2.GaussianBlur(rng.random((90, 70, 3)).astype(np.float32), (0, 0), 1.2)
    raster = Raster(np.rint(soft * levels).astype(dtype))
    whole = raster.crop(raster.box)
    large = np.clip(cv2.resize(whole, None, fx=2, fy=2, interpolation=cv2.INTER_LANCZOS4), 0, 1)
    gap = np.square(
        (whole - smaller(np.rint(large * levels).astype(np.float32) / np.float32(levels), 2)) * 255
    )
    wanted = wanted_db(raster, np.zeros((3, 3), np.float32), 32, 2, 99.0)
    inner = 10 * np.log10(255**2 / gap[32:64, 32:64].mean())
    assert wanted[1, 1] == pytest.approx(inner - SLACK, abs=0.01)
