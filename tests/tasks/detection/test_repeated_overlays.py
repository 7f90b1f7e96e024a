"""Overlays that pictures share are learnt from all of them and taken off; where none is shared, nothing is done."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from flows.demo.overlays import Caption, overlaid
from flows.demo.photographs import photograph
from tasks.contracts import Pixels
from tasks.detection.repeated import RepeatedOverlay, find_repeated

NAMES = ("astronaut", "brick", "chelsea", "coffee", "coins", "gravel", "motorcycle", "rocket")
DIGESTS = tuple(f"{n:02x}" for n in range(len(NAMES)))


def rounded(picture: NDArray[np.floating]) -> Pixels:
    return (np.rint(np.clip(picture, 0, 1) * 255) / 255).astype(np.float32)


def jpeg(picture: Pixels, quality: int = 90) -> Pixels:
    levels = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", levels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32) / np.float32(255)


def photographs(varied: bool = True) -> list[Pixels]:
    """Eight crops of several sizes."""
    made = []
    for n, name in enumerate(NAMES):
        picture = photograph(name)
        height, width = (280 - 5 * n, 400 + 7 * n) if varied else (280, 380)
        made.append(np.broadcast_to(picture, (*picture.shape[:2], 3))[:height, :width].copy())
    return made


def captioned(picture: Pixels, opacity: float) -> Pixels:
    height, width = picture.shape[:2]
    return overlaid(picture, (Caption("supplier.example", width - 130, height - 30, 24, opacity=opacity),))


def inside(overlay: RepeatedOverlay, shown: Pixels, truth: Pixels) -> float:
    """PSNR where the overlay changed the picture, dB; 0 where it was left on."""
    taken = overlay.on(shown)
    if taken is None:
        return 0.0
    x0, y0, x1, y1 = taken.box
    touched = np.abs(shown - truth)[y0:y1, x0:x1].max(axis=2) > 1.5 / 255
    return float(-10 * np.log10(np.square(taken.pixels - truth[y0:y1, x0:x1])[touched].mean()))


@pytest.mark.parametrize("opacity", [0.3, 0.6])
def test_a_line_at_a_corner_is_learnt_from_all_and_taken_off_each(opacity: float) -> None:
    truth = photographs()
    shown = [rounded(captioned(picture, opacity)) for picture in truth]
    (overlay,) = find_repeated(shown, DIGESTS)
    assert (overlay.anchor.x, overlay.anchor.y) == (1.0, 1.0)
    alpha = overlay.matte.alpha
    assert float(np.quantile(alpha[alpha > 0], 0.9)) == pytest.approx(opacity, abs=0.04)
    figures = [inside(overlay, *pair) for pair in zip(shown, truth, strict=True)]
    assert np.mean(figures) > 32


def test_on_jpeg_it_stays_near_the_true_matte() -> None:
    truth = photographs()
    shown = [jpeg(captioned(picture, 0.4)) for picture in truth]
    (overlay,) = find_repeated(shown, DIGESTS)
    best = []
    for picture, clean in zip(shown, truth, strict=True):
        alpha = captioned(np.zeros_like(clean), 0.4)[..., :1]
        clear = np.clip((picture - alpha) / (1 - alpha), 0, 1)
        best.append(-10 * np.log10(np.square(clear - clean)[alpha[..., 0] > 0.02].mean()))
    figures = [inside(overlay, *pair) for pair in zip(shown, truth, strict=True)]
    assert np.mean(figures) > np.mean(best) - 3


def test_the_order_of_the_pictures_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.detection.repeated._LEARNT_FROM", 7)  # so that it matters which ones are taken
    shown = [rounded(captioned(picture, 0.5)) for picture in photographs()]
    (one,) = find_repeated(shown, DIGESTS)
    (two,) = find_repeated(shown[::-1], DIGESTS[::-1])
    assert (one.box, one.placement, one.pictures) == (two.box, two.placement, two.pictures)
    assert one.matte.alpha.tobytes() == two.matte.alpha.tobytes()
    assert one.matte.ink.tobytes() == two.matte.ink.tobytes()


def test_pictures_that_lack_it_are_left_alone() -> None:
    truth = photographs()
    shown = [rounded(captioned(p, 0.5)) if n not in (1, 5) else rounded(p) for n, p in enumerate(truth)]
    (overlay,) = find_repeated(shown, DIGESTS)
    assert [overlay.on(picture) is not None for picture in shown] == [
        n not in (1, 5) for n in range(len(shown))
    ]


def test_an_opaque_line_is_found_but_nothing_of_it_is_believed() -> None:
    shown = [rounded(captioned(picture, 1.0)) for picture in photographs()]
    (overlay,) = find_repeated(shown, DIGESTS)
    taken = overlay.on(shown[2])
    assert taken is not None
    dense = taken.alpha > 0.95
    assert dense.sum() > 300
    assert not taken.reliable[dense].any()


def white_ground(picture: Pixels, n: int) -> Pixels:
    page = np.ones((300, 420, 3), np.float32)
    y, x = 20 + (37 * n) % 90, 20 + (61 * n) % 150
    page[y : y + 160, x : x + 200] = picture[:160, :200]
    return page


def shop_floor() -> dict[str, Sequence[Pixels]]:
    """Catalogues without a shared overlay."""
    plain, product = photographs(varied=False), photographs()[3]
    rng = np.random.default_rng(7)
    printed = captioned(np.full((300, 420, 3), 0.9, np.float32), 0.9)
    backdrops = []
    for n, picture in enumerate(plain):
        page = printed.copy()
        page[20:180, 10 + 20 * n : 160 + 20 * n] = picture[:160, :150]
        backdrops.append(rounded(page))
    return {
        "nothing in common": photographs(),
        "white ground": [white_ground(picture, n) for n, picture in enumerate(plain)],
        "one product, turned": [np.roll(product, (3 * n, -5 * n), (0, 1)) for n in range(8)],
        "one product, other colours": [rounded(product * rng.uniform(0.4, 1.2, 3)) for _ in range(8)],
        "one product, brand printed on it": [
            rounded(captioned(product, 0.9) * rng.uniform(0.6, 1.0)) for _ in range(8)
        ],
        "brand printed on one backdrop": backdrops,
    }  # fmt: skip


@pytest.mark.parametrize("catalogue", list(shop_floor()))
def test_without_an_overlay_nothing_is_found(catalogue: str) -> None:
    assert find_repeated(shop_floor()[catalogue], DIGESTS) == ()


def test_three_pictures_are_too_few() -> None:
    shown = [rounded(captioned(picture, 0.5)) for picture in photographs()]
    assert find_repeated(shown[:3], DIGESTS[:3]) == ()
