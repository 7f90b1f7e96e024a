"""The sample catalogue: the same bytes each time, readable, truth and overlays exact, split disjoint."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from flows.demo.catalogue import Catalogue
from flows.demo.files import decode
from flows.demo.icc import display_p3
from flows.demo.split import SPLIT, side
from tasks.detection.syntax import parse_mask


def test_two_writes_are_byte_equal(sample: Catalogue, again: Path) -> None:
    def tree(folder: Path) -> dict[str, bytes]:
        return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

    first = {name: data for name, data in tree(sample.folder).items() if name != "baseline.json"}
    assert first == tree(again)
    assert len(first) > 60


def test_load_reads_back_what_was_written(sample: Catalogue) -> None:
    assert Catalogue.load(sample.folder) == sample


def test_what_the_catalogue_holds(sample: Catalogue) -> None:
    good = Counter(item.intent for item in sample.items if item.decodable)
    assert good == {"remove_text": 14, "remove_object": 4, "upscale": 3, "clean": 1}
    assert sum(item.bad for item in sample.items) == 3
    assert sorted(item.scale for item in sample.items if item.intent == "upscale") == [2, 3, 4]


def test_every_good_item_decodes_at_the_truths_size(sample: Catalogue) -> None:
    for item in sample.items:
        if item.bad:
            continue
        picture = decode(sample.path(item.image).read_bytes())
        truth = decode(sample.path(item.truth).read_bytes())
        assert truth.shape[:2] == (picture.shape[0] * item.scale, picture.shape[1] * item.scale), item.id
        assert (truth.shape[2], truth.dtype) == (picture.shape[2], picture.dtype), item.id


def test_file_kinds(sample: Catalogue) -> None:
    def at(name: str) -> Path:
        return sample.path(next(item.image for item in sample.items if item.id == name))

    sixteen = decode(at("text-shadow").read_bytes())
    assert sixteen.dtype == np.uint16
    assert np.unique(sixteen % 257).size > 100, "real 16-bit steps"
    with Image.open(at("text-rgba")) as picture:
        assert picture.mode == "RGBA"
        assert {0, 255} < set(np.unique(np.array(picture)[..., 3])), "transparent, opaque and between"
    with Image.open(at("text-dark")) as picture:
        assert picture.mode == "L"
    with Image.open(at("text-turned")) as picture:
        assert picture.getexif()[0x0112] == 6
        assert picture.size == (512, 384)
    with Image.open(at("text-p3")) as picture:
        assert picture.info["icc_profile"] == display_p3()
    assert at("text-webp").read_bytes()[8:12] == b"WEBP"


def test_the_p3_profile_is_one_that_a_colour_engine_takes() -> None:
    import io

    wide = ImageCms.ImageCmsProfile(io.BytesIO(display_p3()))
    red = ImageCms.profileToProfile(
        Image.new("RGB", (1, 1), (200, 80, 60)), wide, ImageCms.createProfile("sRGB")
    )
    r, g, _ = red.getpixel((0, 0))  # type: ignore[misc]
    assert r > 205 > 80 > g, "a P3 red is redder in sRGB's numbers"


def test_overlays_are_exactly_what_changed_in_lossless_items(sample: Catalogue) -> None:
    seen = 0
    for item in sample.items:
        if not item.overlay or not item.image.endswith(".png"):
            continue
        picture, truth = (decode(sample.path(name).read_bytes()) for name in (item.image, item.truth))
        overlay = decode(sample.path(item.overlay).read_bytes())[..., 0] > 0
        assert np.array_equal((picture != truth).any(axis=2), overlay), item.id
        assert 200 < overlay.sum() < 0.15 * overlay.size, item.id
        seen += 1
    assert seen == 11


def test_masks_cover_their_object(sample: Catalogue) -> None:
    specs = {row["id"]: row["mask"] for row in rows(sample)}
    kinds = Counter()
    for item in sample.items:
        if item.intent != "remove_object":
            continue
        overlay, mask = (
            decode(sample.path(name).read_bytes())[..., 0] > 0 for name in (item.overlay, item.mask)
        )
        assert (mask | ~overlay).all(), item.id
        assert mask.mean() < 0.1, item.id
        kinds[parse_mask(specs[item.id]).kind] += 1
    assert kinds == {"file": 1, "boxes": 1, "polygons": 1, "colour-key": 1}


def test_the_mask_pixels_are_those_the_manifest_describes(sample: Catalogue) -> None:
    specs = {row["id"]: row["mask"] for row in rows(sample)}
    items = {item.id: item for item in sample.items}
    picture = decode(sample.path(items["object-marker"].image).read_bytes())
    key = np.abs(picture.astype(int) - np.array([255, 0, 255])).max(axis=2) <= 24
    assert np.array_equal(key, decode(sample.path(items["object-marker"].mask).read_bytes())[..., 0] > 0)
    box = parse_mask(specs["object-badge"])
    assert box.kind == "boxes"
    x0, y0, x1, y1 = box.boxes[0]
    mask = decode(sample.path(items["object-badge"].mask).read_bytes())[..., 0] > 0
    assert mask[y0:y1, x0:x1].all()
    assert mask.sum() == (x1 - x0) * (y1 - y0)


def rows(sample: Catalogue) -> list[dict[str, str]]:
    return list(csv.DictReader(sample.manifest.read_text().splitlines()))


def test_manifest(sample: Catalogue) -> None:
    assert sample.manifest.read_text().splitlines()[0] == "id,image,intent,mask,prompt,scale,rights"
    assert [row["id"] for row in rows(sample)] == [item.id for item in sample.items]
    assert len({row["id"] for row in rows(sample)}) == len(rows(sample))
    for row in rows(sample):
        assert (sample.folder / row["image"]).is_file()
        assert row["rights"] in ("own", "licensed", "unknown")
        assert bool(row["scale"]) == (row["intent"] == "upscale")


def test_no_photograph_is_on_both_sides(sample: Catalogue) -> None:
    written = json.loads((sample.folder / "split.json").read_text())
    assert written == SPLIT
    by_side: dict[str, set[str]] = {"tune": set(), "score": set()}
    for item in sample.items:
        if item.split is not None:
            by_side[item.split] |= set(item.photographs)
    assert not by_side["tune"] & by_side["score"]
    assert all(written[name] == which for which, names in by_side.items() for name in names)
    counts = Counter(item.split for item in sample.items if not item.bad)
    assert counts["tune"] >= 5
    assert counts["score"] >= 12


def test_a_picture_made_from_both_sides_is_refused() -> None:
    with pytest.raises(ValueError, match="not one side"):
        side("brick", "gravel")


def test_bad_files_are_bad(sample: Catalogue) -> None:
    for item in sample.items:
        if not item.bad:
            continue
        with pytest.raises(OSError):
            decode(sample.path(item.image).read_bytes())
        assert not item.truth
        assert item.split is None
    cut = sample.path("images/bad-truncated.jpg").read_bytes()
    assert cut[:2] == b"\xff\xd8"
    assert b"\xff\xda" in cut, "a good header, broken off in the scan"
