"""A run's pictures and regions as vectors: who is read, what is missing, and planted outliers on the way to sheet and MLflow."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from flows.embedding import embedded, embeddings_npz
from flows.sheet.render import render
from flows.sheet_of_run import sheet_of_run
from flows.standing_out import (
    embedding_metrics,
    embedding_note,
    item_distances,
    region_distances,
    standing_out,
)
from tasks.contracts import Raster
from tasks.lossless import encode_pixels
from tasks.results import ItemResult, RegionResult, RunResult, count
from tasks.steps.thumbnails import thumbnail
from tasks.workshop import Workshop, WorkshopSpec
from tests.model_registry.vision.tiny_vision import save_dinov2, vision_card

PIECE = 48


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(WorkshopSpec(store=str(tmp_path / "store"), run="r"))


def photo(n: int) -> NDArray[np.uint8]:
    """A shelf that is much the same in every picture."""
    rng = np.random.default_rng(n)
    picture = np.full((160, 200, 3), (190, 180, 165), np.uint8)
    cv2.rectangle(picture, (0, 100), (199, 159), (120, 80, 50), -1)
    cv2.circle(
        picture, (100 + int(rng.integers(-9, 9)), 90), 30 + int(rng.integers(-4, 4)), (60, 90, 120), -1
    )
    return np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


def edited(picture: NDArray[np.uint8], much: bool = False) -> NDArray[np.uint8]:
    """A small patch painted over; or nearly all of it."""
    out = picture.copy()
    if much:
        out[:130] = (20, 60, 200)
    else:
        out[8:24, 8 : 8 + PIECE] = (188, 178, 163)
    return out


def item(shop: Workshop, n: int, before: NDArray[np.uint8] | None, after: NDArray[np.uint8]) -> ItemResult:
    shown = {"after": shop.store.put(*thumbnail(Raster(after))).sha256}
    regions: tuple[RegionResult, ...] = ()
    if before is not None:
        shown["before"] = shop.store.put(*thumbnail(Raster(before))).sha256
        crops = {
            name: shop.store.put(encode_pixels(p[4:32, 4:64].astype(np.float32) / 255), "image/png").sha256
            for name, p in (("region", before), ("final", after))
        }
        regions = (RegionResult(n=1, kind="object", box=(4, 4, 64, 32), artifacts=crops),)
    return ItemResult(id=f"p{n:02d}", source="", outcome="done", thumbnails=shown, regions=regions)


@pytest.fixture
def items(shop: Workshop) -> list[ItemResult]:
    """24 shelves; 5 was painted over nearly whole, 11 is a picture of something else."""
    made = [item(shop, n, photo(n), edited(photo(n), n == 5)) for n in range(24)]
    stripes = np.zeros((160, 200, 3), np.uint8)
    stripes[:, ::8] = (0, 255, 0)
    made[11] = item(shop, 11, stripes, edited(stripes))
    return made


def test_planted_outliers_are_named_in_the_table_and_the_figures(
    shop: Workshop, items: list[ItemResult]
) -> None:
    found = embedded(shop, items)
    rows = standing_out(found)
    assert {row.item for row in rows} == {"p05", "p11"}
    assert any(row.item == "p05" and "changed more than the others" in row.what for row in rows)
    assert any(row.item == "p11" and "nothing else in the run looks like it" in row.what for row in rows)
    assert all(row.distance > row.typical for row in rows)
    metrics = embedding_metrics(found)
    assert metrics["embedding.outliers"] == 2
    assert 0 < metrics["embedding.distance.p95"] < metrics["embedding.distance.mean"] < 0.1, "one is far off"
    assert "24 pictures and 24 regions" in embedding_note(found)


def test_without_outliers_the_table_is_empty(shop: Workshop, items: list[ItemResult]) -> None:
    calm = [one for one in items if one.id not in ("p05", "p11")]
    assert standing_out(embedded(shop, calm)) == ()


def test_what_is_missing_has_no_distance_and_breaks_nothing(shop: Workshop, items: list[ItemResult]) -> None:
    lost = items[1].model_copy(update={"thumbnails": {**items[1].thumbnails, "before": "0" * 64}})
    made = item(shop, 30, None, photo(30))
    none = ItemResult(id="rejected", source="", outcome="rejected")
    found = embedded(shop, [items[0], lost, made, none])
    assert found.ids == ("p00", "p01", "p30")
    assert set(item_distances(found)) == {"p00"}
    assert set(region_distances(found)) == {("p00", 1), ("p01", 1)}
    assert found.after[2].any()
    assert not found.before[2].any()
    assert embedded(shop, []).ids == ()
    assert embedding_metrics(embedded(shop, [])) == {}


def test_the_file_keeps_its_names(shop: Workshop, items: list[ItemResult]) -> None:
    data = embeddings_npz(embedded(shop, items[:3]))
    with np.load(io.BytesIO(data), allow_pickle=False) as read:
        assert read["ids"].tolist() == ["p00", "p01", "p02"]
        assert read["before"].shape == read["after"].shape == (3, 176)
        assert read["regions"].tolist() == ["p00#1", "p01#1", "p02#1"]
        assert read["region_before"].shape == (3, 176)
        assert (read["distances"] > 0).all()
        assert str(read["by"]) == "descriptor"
    assert np.load(io.BytesIO(embeddings_npz(embedded(shop, []))), allow_pickle=False)["ids"].size == 0


def test_the_sheet_shows_them(shop: Workshop, items: list[ItemResult]) -> None:
    result = RunResult(run_id="r", counts=count(items), seconds=1, items=tuple(items))
    sheet = sheet_of_run(shop, "shelves", result)
    assert {row.item for row in sheet.outliers} == {"p05", "p11"}
    by_id = {one.id: one for one in sheet.items}
    assert by_id["p05"].metrics["embedding_distance"] > 5 * by_id["p00"].metrics["embedding_distance"]
    assert any("embedding distance" in note for note in by_id["p00"].regions[0].notes)
    html = render(sheet)
    assert "Looks least like the rest" in html
    assert 'href="#card-5"' in html


def test_a_vision_transformer_is_used_where_it_is_at_hand_and_looks_once(tmp_path: Path) -> None:
    weights = save_dinov2(tmp_path / "dinov2")
    vision_card(tmp_path / "cards", "tiny-vit", "embed", weights, automatic="true")
    spec = WorkshopSpec(store=str(tmp_path / "store"), cards=str(tmp_path / "cards"), run="r")
    shop = Workshop(spec)
    items = [item(shop, n, photo(n), edited(photo(n))) for n in range(2)]
    found = embedded(shop, items)
    assert found.by == "tiny-vit@1"
    assert found.after.shape == (2, 16)
    assert np.allclose(np.linalg.norm(found.region_before, axis=1), 1)
    assert (found.changed > 0).all()
    kept = len(list((tmp_path / "store" / "stages" / "embedding").iterdir()))
    assert kept == 8
    assert np.array_equal(embedded(shop, items).after, found.after)
    weights.joinpath("model.safetensors").write_bytes(b"spoilt")
    shop.pool.clear()
    assert embedded(shop, items).by == "descriptor", "what cannot be opened is passed over, and said"
