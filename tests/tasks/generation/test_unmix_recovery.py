import numpy as np
import pytest

from tasks.generation.unmix import unmix
from tasks.generation.unmix_background import noise_of_tables
from tests.tasks.generation.overlay_truth import caption, case, finished, jpeg_tables, psnr, telea

WHITE, RED = (255, 255, 255), (214, 30, 40)
PLACES = {"coffee": (200, 60), "chelsea": (100, 40), "rocket": (230, 120), "astronaut": (0, 80)}


@pytest.mark.parametrize("opacity", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("name", sorted(PLACES))
def test_lossless_overlays_come_off_with_the_pixels_beneath(name, opacity):
    made = case(name, caption(opacity=opacity, colour=WHITE), at=PLACES[name], grow=1)
    found = unmix(made.crop, made.hole, levels=255)
    assert found is not None
    after = psnr(finished(found, made.crop, made.hole), made.truth, made.hole)
    assert after >= 30
    assert after > psnr(telea(made.crop, made.hole), made.truth, made.hole) + 3
    assert found.opacity == pytest.approx(opacity, abs=0.05)


@pytest.mark.parametrize("grow", [0, 2, 3])
def test_holes_may_be_wider_than_the_letters(grow):
    made = case("coffee", caption(colour=RED), at=PLACES["coffee"], grow=grow)
    found = unmix(made.crop, made.hole, levels=255)
    assert found is not None
    assert psnr(finished(found, made.crop, made.hole), made.truth, made.hole) >= 30


def test_colour_and_alpha_are_told():
    made = case("chelsea", caption(colour=RED), at=PLACES["chelsea"], grow=1)
    found = unmix(made.crop, made.hole, levels=255)
    assert found is not None
    assert found.colour == pytest.approx(np.array(RED) / 255, abs=0.08)
    assert float(np.sqrt(((found.alpha - made.alpha)[made.hole] ** 2).mean())) < 0.05
    assert not found.alpha[~made.hole].any()


def test_sixteen_bits_come_back_like_eight():
    eight, sixteen = (
        case("coffee", caption(opacity=0.7), at=PLACES["coffee"], grow=1, bits=bits) for bits in (8, 16)
    )
    first, second = unmix(eight.crop, eight.hole, levels=255), unmix(sixteen.crop, sixteen.hole, levels=65535)
    assert first is not None
    assert second is not None
    core = eight.alpha > 0.699
    truth = eight.truth
    assert psnr(second.pixels, truth, core) > psnr(first.pixels, truth, core) - 1
    assert psnr(second.pixels, truth, eight.hole) >= 29


@pytest.mark.parametrize("quality", [85, 95])
def test_a_jpeg_comes_within_reach_of_the_true_matte(quality):
    made = case("coffee", caption(), at=PLACES["coffee"], grow=1, jpeg=quality)
    found = unmix(made.crop, made.hole, levels=255, noise=noise_of_tables(jpeg_tables(quality)))
    assert found is not None
    alpha = made.alpha[..., None]
    best = np.clip((made.crop - alpha) / (1 - alpha), 0, 1)
    after = psnr(finished(found, made.crop, made.hole), made.truth, made.hole)
    assert after > psnr(best, made.truth, made.hole) - 5
    assert after > psnr(telea(made.crop, made.hole), made.truth, made.hole) + 3


def test_a_plate_comes_off_and_its_lettering_is_left_to_be_filled():
    made = case(
        "chelsea",
        caption("SALE", size=34, opacity=1.0, plate=(0, 0, 0), plate_opacity=0.6),
        at=(100, 40),
        grow=1,
    )
    found = unmix(made.crop, made.hole, levels=255)
    assert found is not None
    assert psnr(found.pixels, made.truth, found.trusted) >= 30
    assert found.trusted.sum() > 0.4 * made.hole.sum()
    assert "dense" in found.reason or "written" in found.reason


def test_a_grey_picture_keeps_its_one_channel():
    made = case("camera", caption(opacity=0.4), at=(300, 60), grow=1)
    found = unmix(made.crop, made.hole, levels=255)
    assert found is not None
    assert found.pixels.shape == made.crop.shape
    after = psnr(finished(found, made.crop, made.hole), made.truth, made.hole)
    assert after > psnr(telea(made.crop, made.hole), made.truth, made.hole) + 3


def test_nothing_changes_outside_and_runs_repeat():
    made = case("coffee", caption(), at=PLACES["coffee"], grow=2)
    kept = made.crop.copy(), made.hole.copy()
    one, two = (unmix(made.crop, made.hole, levels=255) for _ in range(2))
    assert one is not None
    assert two is not None
    assert one.pixels.tobytes() == two.pixels.tobytes()
    assert (one.pixels[~one.trusted] == made.crop[~one.trusted]).all()
    assert not (one.trusted & ~made.hole).any()
    assert (made.crop == kept[0]).all()
    assert (made.hole == kept[1]).all()


def test_what_others_cover_teaches_nothing():
    made = case("coffee", caption(), at=PLACES["coffee"], grow=1)
    others = np.zeros_like(made.hole)
    others[95:110] = True
    spoilt = made.crop.copy()
    spoilt[others] = (0, 1, 0)
    plain = unmix(made.crop, made.hole, others, levels=255)
    found = unmix(spoilt, made.hole, others, levels=255)
    assert plain is not None
    assert found is not None
    assert np.abs(found.pixels - plain.pixels)[made.hole].max() < 0.02
