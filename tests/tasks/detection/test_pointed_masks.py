"""Objects outlined from a box, clicks or words: the outline is right, refusals are typed, work follows the object."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.engines.segment_contract import Levels, ObjectPrompt, Sighting
from model_registry.engines.segment_grabcut import GrabCut
from tasks.contracts import Box, Mask, Raster, Zone
from tasks.detection.masks import Finders, build_mask
from tasks.errors import BadMask
from tasks.intents import MaskClick, MaskObjectBox, MaskSpec, MaskWords

ENGINE = GrabCut()
PARAMS = {"pixels": 60000, "rounds": 5}


def scene(height: int = 240, width: int = 320, seed: int = 1) -> tuple[Levels, Zone]:
    """A blue jug with a handle on a wooden table, and every pixel that it touches."""
    rng = np.random.default_rng(seed)
    grain = cv2.GaussianBlur(rng.normal(0, 30, (height, width)), (31, 3), 6)[..., None]
    table = np.clip(np.array([168, 120, 76]) + grain * np.array([1.0, 0.8, 0.6]), 0, 255).astype(np.uint8)
    zone = np.zeros((height, width), np.uint8)
    cv2.ellipse(zone, (150, 120), (42, 60), 0, 0, 360, (1,), -1)
    cv2.ellipse(zone, (200, 115), (22, 30), 0, 0, 360, (1,), 9)
    lit = np.linspace(-25, 25, width)[None, :, None]
    jug = np.clip(np.array([40, 70, 150]) + lit + rng.normal(0, 3, (height, width, 1)), 0, 255)
    cover = cv2.GaussianBlur(zone.astype(np.float32), (0, 0), 0.6)[..., None]
    touched = cv2.dilate(zone, np.ones((3, 3), np.uint8)) > 0
    return np.rint(table + cover * (jug - table)).astype(np.uint8), touched


def finders(
    image: NDArray[np.uint8], looked: list[Box] | None = None, seen: tuple[Sighting, ...] = ()
) -> Finders:
    def look(box: Box) -> Levels:
        if looked is not None:
            looked.append(box)
        return image[box[1] : box[3], box[0] : box[2]]

    def segment(part: Levels, prompt: ObjectPrompt) -> Zone:
        return ENGINE.segment(part, prompt, params=PARAMS)

    return Finders(look, segment, lambda picture, words: seen)


def masked(spec: MaskSpec, image: Levels, **more: object) -> Mask:
    return build_mask(spec, Raster(image), finders=finders(image, **more))  # type: ignore[arg-type]


def iou(mask: Mask, zone: Zone) -> float:
    return float(((mask > 0) & zone).sum() / ((mask > 0) | zone).sum())


@pytest.mark.parametrize(
    "spec",
    [
        MaskObjectBox(boxes=((98, 50, 240, 192),)),
        MaskObjectBox(boxes=((90, 40, 250, 200),), on=((150, 120),), off=((20, 20), (245, 60))),
        MaskClick(on=((150, 120),)),
        MaskClick(on=((150, 100), (221, 115)), off=((280, 200),)),
    ],
    ids=["box", "box and points", "one click", "two clicks"],
)
def test_the_outline_is_the_objects(spec: MaskSpec) -> None:
    image, zone = scene()
    before = image.copy()
    mask = masked(spec, image)
    assert iou(mask, zone) > 0.93
    assert set(np.unique(mask)) == {0.0, 1.0}
    assert (zone & (mask <= 0)).sum() <= 0.01 * zone.sum(), "some of the object is left out"
    assert (image == before).all()


def test_the_same_wish_gives_the_same_bits_whatever_was_drawn_before() -> None:
    image, _ = scene()
    cv2.setRNGSeed(99)
    first = masked(MaskClick(on=((150, 120),)), image)
    cv2.randu(np.zeros((9, 9), np.uint8), np.zeros(1), np.full(1, 255.0))
    assert (masked(MaskClick(on=((150, 120),)), image) == first).all()


def test_a_click_looks_at_the_same_part_of_a_picture_of_any_size() -> None:
    image, zone = scene()
    large = np.tile(np.asarray([[[168, 120, 76]]], np.uint8), (3000, 4000, 1))
    large[:240, :320] = image
    looked: list[Box] = []
    mask = masked(MaskClick(on=((150, 120),)), large, looked=looked)
    assert max((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in looked) < 400 * 400
    assert iou(mask[:240, :320], zone) > 0.93


def test_a_box_is_seen_with_its_surroundings_and_no_more() -> None:
    image, _ = scene()
    looked: list[Box] = []
    masked(MaskObjectBox(boxes=((98, 50, 240, 192),)), image, looked=looked)
    assert looked == [(48, 0, 290, 240)]


def test_a_large_object_is_outlined_at_full_size() -> None:
    """Four times the size it is cut at: the rim is decided again by the pixels themselves."""
    image, zone = scene()
    large = np.asarray(cv2.resize(image, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC), np.uint8)
    exact = cv2.resize(zone.astype(np.uint8), None, fx=5, fy=5, interpolation=cv2.INTER_NEAREST) > 0
    mask = masked(MaskObjectBox(boxes=((490, 250, 1200, 960),)), large)
    assert iou(mask, exact) > 0.9
    rim = cv2.Canny(exact.astype(np.uint8) * 255, 50, 100) > 0
    off = cv2.distanceTransform((~rim).astype(np.uint8), cv2.DIST_L2, 5)
    wrong = (mask > 0) != exact
    assert np.percentile(off[wrong], 90) <= 10, "two of the copy's pixels"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (MaskObjectBox(boxes=((400, 0, 420, 20),)), "covers nothing of the picture"),
        (MaskObjectBox(boxes=((0, 0, 320, 240),)), "leaves nothing of its surroundings"),
        (MaskObjectBox(boxes=((20, 200, 60, 230),)), "stands out|cannot be told"),
        (MaskClick(on=((320, 10),)), "point 320,10 is not in the picture"),
        (MaskClick(on=((150, 120),), off=((-1, 0),)), "point -1,0 is not in the picture"),
    ],
)
def test_what_cannot_be_outlined_is_refused_with_a_cure(spec: MaskSpec, said: str) -> None:
    image = scene()[0] if "stands" not in said else np.full((240, 320, 3), 128, np.uint8)
    with pytest.raises(BadMask, match=said) as caught:
        build_mask(spec, Raster(image), picture="jug.png", finders=finders(image))
    assert caught.value.cure
    assert caught.value.picture == "jug.png"
    assert caught.value.stage == "detection"


def test_a_click_on_an_even_picture_finds_no_object() -> None:
    plain = np.full((240, 320, 3), 128, np.uint8)
    with pytest.raises(BadMask, match="no object was found at 100,100") as caught:
        masked(MaskClick(on=((100, 100),)), plain)
    assert "--object-box" in caught.value.cure


def test_words_become_outlines_of_all_that_is_seen() -> None:
    image, zone = scene()
    seen = (Sighting((106, 60, 226, 181), 0.9), Sighting((20, 190, 50, 225), 0.4))
    mask = masked(MaskWords(words="the blue jug"), image, seen=seen)
    assert iou(mask[:188, 60:], zone[:188, 60:]) > 0.93
    assert mask[190:225, 20:50].any(), "what has no outline is taken by its box"


def test_words_that_name_nothing_seen_give_an_empty_mask() -> None:
    image, _ = scene()
    assert not masked(MaskWords(words="a zebra"), image).any()


def test_objects_need_finders() -> None:
    with pytest.raises(ValueError, match="drawn by an engine"):
        build_mask(MaskClick(on=((1, 1),)), Raster(scene()[0]))


def test_words_are_looked_for_in_a_bounded_copy_and_found_at_full_size() -> None:
    image, _ = scene()
    large = np.asarray(cv2.resize(image, (3200, 2400), interpolation=cv2.INTER_CUBIC), np.uint8)
    shown: list[tuple[int, ...]] = []

    def locate(picture: Levels, words: str) -> tuple[Sighting, ...]:
        shown.append(picture.shape)
        share = picture.shape[1] / 320
        return (Sighting((int(106 * share), int(60 * share), int(230 * share), int(184 * share)), 0.9),)

    by_box = finders(large)
    found = build_mask(
        MaskWords(words="the jug"), Raster(large), finders=Finders(by_box.look, by_box.segment, locate)
    )
    assert shown[0][0] * shown[0][1] <= 2_010_000
    ys, xs = np.nonzero(found)
    assert 1040 <= xs.min() <= 1110
    assert 2240 <= xs.max() <= 2330
    assert 560 <= ys.min() <= 630
