import numpy as np
import pytest

from flows.demo.overlays import Caption, overlaid
from flows.demo.photographs import photograph
from tasks.detection.repeated import find_repeated

NAMES = ("astronaut", "brick", "chelsea", "coffee", "coins", "gravel", "motorcycle", "rocket")


def _catalogue(opacity, names=NAMES):
    """Pictures of several sizes with one line at their lower right corner, and the truth."""
    truth, shown = [], []
    for n, name in enumerate(names):
        picture = photograph(name)
        picture = np.broadcast_to(picture, (*picture.shape[:2], 3))[: 280 - 5 * n, : 400 + 7 * n].copy()
        height, width = picture.shape[:2]
        caption = Caption("supplier.example", width - 130, height - 30, 24, opacity=opacity)
        made = overlaid(picture, (caption,)) if opacity else picture
        truth.append(picture)
        shown.append((np.rint(np.clip(made, 0, 1) * 255) / 255).astype(np.float32))
    return truth, shown, [f"{n:02x}" for n in range(len(names))]


def _psnr(overlay, shown, truth):
    x0, y0, x1, y1 = overlay.box_in(*shown.shape[:2])
    clear, _ = overlay.matte.removed(shown[y0:y1, x0:x1])
    touched = (shown != truth.astype(np.float32)).any(axis=2)[y0:y1, x0:x1]
    touched &= np.abs(shown - truth)[y0:y1, x0:x1].max(axis=2) > 1 / 255
    return -10 * np.log10(float(((clear - truth[y0:y1, x0:x1])[touched] ** 2).mean()))


@pytest.mark.parametrize("opacity", [0.3, 0.6])
def test_a_line_at_a_corner_is_learnt_from_all_and_taken_off_each(opacity):
    truth, shown, digests = _catalogue(opacity)
    found = find_repeated(shown, digests)
    assert len(found) == 1
    assert (found[0].anchor.x, found[0].anchor.y) == (1.0, 1.0)
    assert found[0].matte.colour == pytest.approx(np.ones(3), abs=0.03)
    assert float(np.quantile(found[0].matte.alpha[found[0].matte.alpha > 0], 0.9)) == pytest.approx(
        opacity, abs=0.04
    )
    figures = [_psnr(found[0], *pair) for pair in zip(shown, truth, strict=True)]
    assert min(figures) > 28
    assert np.mean(figures) > 31


def test_the_order_of_the_pictures_changes_nothing():
    _, shown, digests = _catalogue(0.5)
    one = find_repeated(shown, digests)
    two = find_repeated(shown[::-1], digests[::-1])
    assert [overlay.box for overlay in one] == [overlay.box for overlay in two]
    assert one[0].matte.alpha.tobytes() == two[0].matte.alpha.tobytes()


def test_pictures_with_nothing_in_common_share_no_overlay():
    _, shown, digests = _catalogue(0.0)
    assert find_repeated(shown, digests) == ()
    assert find_repeated(shown[:3], digests[:3]) == ()


def test_an_overlay_of_two_colours_is_not_taken_off_as_one():
    shown = []
    for n, name in enumerate(NAMES):
        picture = photograph(name)
        picture = np.broadcast_to(picture, (*picture.shape[:2], 3))[: 280 - 5 * n, : 400 + 7 * n].copy()
        height, width = picture.shape[:2]
        place = Caption("supplier", width - 130, height - 40, 24, plate=(20, 60, 110), plate_opacity=0.6)
        shown.append(overlaid(picture, (place,)))
    assert find_repeated(shown, [f"{n:02x}" for n in range(len(shown))]) == ()
