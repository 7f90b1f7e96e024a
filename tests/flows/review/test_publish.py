"""Publishing: only what is allowed or approved, everything before the pointer, and the pointer once."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.deciding import decide
from flows.publish import POINTER
from tasks.errors import BadRequest
from tasks.results import ItemResult
from tasks.review.publication import Manifest
from tasks.review.targets import target_of
from tasks.workshop import Workshop
from tests.flows.review.conftest import (
    FAR,
    LEFT,
    RIGHT,
    RUN,
    allowed,
    blocked,
    five,
    job,
    levels,
    picture,
    published,
    run_of,
    shop_of,
)
from tests.flows.review.shown import manifest, pointer, tree, visible, whole


def test_pending_blocked_and_unreadable_pictures_are_listed_and_left_out(shop: Workshop, out: Path) -> None:
    result = published(shop)
    assert result.status == "published"
    assert visible(out) == ["fine"]
    assert {(one.id, one.state) for one in result.left_out} == {
        ("waits", "pending"), ("other", "pending"), ("stopped", "blocked"), ("broken", "rejected"),
    }  # fmt: skip
    assert all(one.reason and one.cure for one in result.left_out)
    assert (out / "needs-review" / "waits.png").is_file()
    assert not (out / "waits.png").exists()


def test_an_approved_candidate_goes_to_its_place_with_who_and_why(shop: Workshop, out: Path) -> None:
    candidate = (out / "needs-review" / "waits.png").read_bytes()
    decide(shop.store, RUN, ["waits"], [], by="ann", why="checked by eye")
    published(shop)
    assert (out / "waits.png").read_bytes() == candidate
    assert not (out / "needs-review" / "waits.png").exists()
    assert (out / "needs-review" / "other.png").exists()
    whole(out)
    (waits,) = (one for one in manifest(out).pictures if one.id == "waits")
    assert waits.sha256 == hashlib.sha256(candidate).hexdigest()
    assert {(a.by, a.why, a.run) for a in waits.approved} == {("ann", "checked by eye", RUN)}
    assert [a.region for a in waits.approved] == [1, 2, 3]
    assert shop.store.get(pointer(out).manifest) == (out / pointer(out).manifest_file).read_bytes()


def test_the_same_again_changes_nothing(shop: Workshop, out: Path) -> None:
    decide(shop.store, RUN, ["waits", "other:1", "other:3"], ["other:2"], by="ann")
    published(shop)
    before = tree(out)
    again = published(shop_of(shop.spec.store), by="bo", at="2027-01-01T00:00:00.000+00:00")
    assert again.status == "already published"
    assert [one.id for one in again.visible] == ["fine", "other", "waits"]
    assert tree(out) == before


@pytest.mark.parametrize("rejected", [(2,), (3,), (1, 3)])
def test_rejected_regions_keep_the_sources_pixels_and_the_others_are_as_approved(
    shop: Workshop, root: Path, out: Path, rejected: tuple[int, ...]
) -> None:
    boxes = {1: FAR, 2: LEFT, 3: RIGHT}
    candidate = levels((out / "needs-review" / "waits.png").read_bytes())
    kept = [f"waits:{n}" for n in boxes if n not in rejected]
    decide(shop.store, RUN, kept, [f"waits:{n}" for n in rejected], by="ann")
    result = published(shop)
    (waits,) = (one for one in result.visible if one.id == "waits")
    assert waits.without == rejected
    source = levels((root / "waits.png").read_bytes())
    after = levels((out / "waits.png").read_bytes())
    item = next(i for i in _items(shop) if i.id == "waits")
    zones = {r.n: r.box for r in item.regions}
    assert {n: _inside(boxes[n], zones[n]) for n in boxes} == dict.fromkeys(boxes, True)
    theirs = _union((boxes[n] for n in boxes if n not in rejected), after.shape[:2])
    for n in rejected:
        where = _union([zones[n]], after.shape[:2]) & ~theirs
        np.testing.assert_array_equal(after[where], source[where])
    for n in set(boxes) - set(rejected):
        x0, y0, x1, y1 = boxes[n]
        np.testing.assert_array_equal(after[y0:y1, x0:x1], candidate[y0:y1, x0:x1])
        assert (after[y0:y1, x0:x1] != source[y0:y1, x0:x1]).any(axis=2).all()
    outside = ~_union(zones.values(), after.shape[:2])
    np.testing.assert_array_equal(after[outside], source[outside])


def _items(shop: Workshop) -> list[ItemResult]:
    rows = json.loads(shop.store.read_run(RUN, "result.json"))["items"]
    return [ItemResult.model_validate(row) for row in rows]


def _inside(box: Any, zone: Any) -> bool:
    return bool(zone[0] <= box[0] and zone[1] <= box[1] and zone[2] >= box[2] and zone[3] >= box[3])


def _union(boxes: Any, shape: tuple[int, int]) -> Any:
    found = np.zeros(shape, bool)
    for x0, y0, x1, y1 in boxes:
        found[y0:y1, x0:x1] = True
    return found


def test_a_region_that_waits_for_nobody_may_be_shown_alone(tmp_path: Path, root: Path, out: Path) -> None:
    shop = shop_of(tmp_path / "store")
    run_of(shop, [job(root, "waits", str(out), waits=True)], {"waits": allowed(1)})
    decide(shop.store, RUN, [], ["waits:2", "waits:3"], by="ann")
    assert [(one.id, one.without) for one in published(shop).visible] == [("waits", (2, 3))]


def test_a_picture_rejected_as_a_whole_is_left_out_with_the_reason(shop: Workshop, out: Path) -> None:
    decide(shop.store, RUN, [], ["waits"], by="ann", why="a ghost of the letters")
    (left,) = (one for one in published(shop).left_out if one.id == "waits")
    assert (left.outcome, left.state) == ("needs-review", "rejected")
    assert left.reason == "rejected by ann: a ghost of the letters"
    assert not (out / "waits.png").exists()


def test_a_rejection_after_publication_takes_the_picture_out_of_what_is_visible(
    shop: Workshop, out: Path
) -> None:
    decide(shop.store, RUN, ["waits"], [], by="ann")
    first = published(shop)
    decide(shop.store, RUN, [], ["waits"], by="bo")
    second = published(shop)
    assert second.status == "published"
    assert visible(out) == ["fine"]
    assert second.previous
    assert second.previous.manifest == first.manifest


def test_a_blocked_picture_is_never_published_whatever_the_log_says(
    shop: Workshop, root: Path, out: Path
) -> None:
    """Approved while it waited; then another policy blocks it in the same run."""
    items = {item.id: item for item in _items(shop)}
    run_of(shop, five(root, str(out)))
    decide(shop.store, RUN, ["stopped"], [], by="ann")
    run_of(shop, five(root, str(out)), {"stopped": blocked})
    assert "stopped" not in [one.id for one in published(shop).visible]
    assert not (out / "stopped.png").exists()
    with pytest.raises(BadRequest, match="blocked"):
        target_of(items, "stopped")


def test_another_candidate_is_pending_again(shop: Workshop, root: Path, out: Path) -> None:
    decide(shop.store, RUN, ["waits"], [], by="ann")
    picture(root / "waits.png", seed=77)
    run_of(shop, five(root, str(out)), {"stopped": blocked})
    result = published(shop)
    assert ("waits", "pending") in {(one.id, one.state) for one in result.left_out}
    assert visible(out) == ["fine"]


def test_the_same_candidate_of_a_later_run_need_not_be_approved_again(
    shop: Workshop, root: Path, out: Path
) -> None:
    decide(shop.store, RUN, ["waits"], [], by="ann")
    later = shop_of(shop.spec.store, RUN[:-1] + "1")
    run_of(later, five(root, str(out)), {"stopped": blocked})
    published(later, later.spec.run)
    assert visible(out) == ["fine", "waits"]
    (waits,) = (one for one in manifest(out).pictures if one.id == "waits")
    assert {a.run for a in waits.approved} == {RUN}


def test_another_run_of_the_catalogue_moves_the_pointer_and_remembers_the_one_before(
    shop: Workshop, root: Path, out: Path
) -> None:
    published(shop)
    old = (out / "fine.png").read_bytes()
    other = shop_of(shop.spec.store, "catalog-9999999999-0")
    picture(root / "fine.png", seed=99)
    run_of(other, [job(root, "fine", str(out))])
    result = published(other, other.spec.run)
    assert pointer(out).run == other.spec.run
    assert (pointer(out).previous or pointer(out)).run == RUN == (result.previous or pointer(out)).run
    assert (out / "fine.png").read_bytes() != old
    back = published(shop)
    assert back.status == "published"
    assert (out / "fine.png").read_bytes() == old, "the run before, published again, is back whole"
    whole(out)


def test_an_edit_joins_what_is_visible_and_does_not_hide_the_catalogue(
    shop: Workshop, root: Path, out: Path
) -> None:
    published(shop)
    edit = shop_of(shop.spec.store, "edit-1111111111-0")
    picture(root / "extra.png", seed=42)
    run_of(edit, [job(root, "extra", str(out))])
    published(edit, edit.spec.run)
    assert [(one.id, one.run) for one in manifest(out).pictures] == [("extra", edit.spec.run), ("fine", RUN)]
    assert published(edit, edit.spec.run).status == "already published"


def test_another_runs_candidate_of_the_same_name_stays(shop: Workshop, out: Path) -> None:
    decide(shop.store, RUN, ["waits"], [], by="ann")
    (out / "needs-review" / "waits.png").write_bytes(b"of another run")
    published(shop)
    assert (out / "needs-review" / "waits.png").read_bytes() == b"of another run"


def test_previews_are_refused(tmp_path: Path, root: Path, out: Path) -> None:
    shop = shop_of(tmp_path / "store")
    run_of(shop, [job(root, "fine", str(out), tier="preview")], tier="preview")
    with pytest.raises(BadRequest, match="preview"):
        published(shop)
    assert not (out / POINTER).exists()


def test_without_a_folder_the_pointer_is_in_the_store(tmp_path: Path, root: Path) -> None:
    shop = shop_of(tmp_path / "store")
    run_of(shop, [job(root, "fine", ""), job(root, "waits", "", waits=True)])
    decide(shop.store, RUN, ["waits"], [], by="ann")
    result = published(shop)
    where = Path(result.pointer)
    assert where.parent == tmp_path / "store" / "published"
    found = Manifest.model_validate_json(shop.store.get(result.manifest))
    assert [one.id for one in found.pictures] == ["fine", "waits"]
    assert all(shop.store.has(one.sha256) for one in found.pictures)
    assert published(shop).status == "already published"
    later = shop_of(tmp_path / "store", RUN[:-1] + "1")
    run_of(later, [job(root, "fine", ""), job(root, "waits", "", waits=True)])
    assert published(later, later.spec.run).pointer == result.pointer


def test_a_picture_whose_bytes_are_lost_is_left_out_and_the_others_are_shown(
    shop: Workshop, out: Path
) -> None:
    decide(shop.store, RUN, ["waits", "other"], [], by="ann")
    shop.store.discard(next(i for i in _items(shop) if i.id == "waits").output_sha256)
    result = published(shop)
    assert ("waits", "lost") in {(one.id, one.state) for one in result.left_out}
    assert visible(out) == ["fine", "other"]
    whole(out)


def test_a_source_that_changed_is_not_cut_up_by_an_old_decision(
    shop: Workshop, root: Path, out: Path
) -> None:
    decide(shop.store, RUN, ["waits:1", "waits:2"], ["waits:3"], by="ann")
    picture(root / "waits.png", seed=77)
    (left,) = (one for one in published(shop).left_out if one.id == "waits")
    assert "source" in left.reason
    assert not (out / "waits.png").exists()


def test_a_file_of_somebody_elses_at_the_pointers_place_is_not_written_over(
    shop: Workshop, out: Path
) -> None:
    (out / POINTER).write_text('{"mine": true}')
    with pytest.raises(BadRequest, match="not a pointer"):
        published(shop)
    assert (out / POINTER).read_text() == '{"mine": true}'


def test_with_nothing_to_publish_the_pointer_stays(shop: Workshop, root: Path, out: Path) -> None:
    published(shop)
    old = (out / POINTER).read_bytes()
    other = shop_of(shop.spec.store, "catalog-9999999999-0")
    run_of(other, [job(root, "waits", str(out), waits=True)])
    assert published(other, other.spec.run).status == "nothing to publish"
    assert (out / POINTER).read_bytes() == old


def test_pixels_that_nobody_saw_are_not_shown(shop: Workshop, root: Path, out: Path) -> None:
    """The record says that region 1 came out otherwise than it does now."""

    def seen(item: ItemResult) -> ItemResult:
        first, *rest = item.regions
        other = first.model_copy(update={"artifacts": {**first.artifacts, "final": "0" * 64}})
        return item.model_copy(update={"regions": (other, *rest)})

    run_of(shop, five(root, str(out)), {"stopped": blocked, "waits": seen})
    decide(shop.store, RUN, ["waits:1", "waits:2"], ["waits:3"], by="ann")
    (left,) = (one for one in published(shop).left_out if one.id == "waits")
    assert "otherwise than it was reviewed" in left.reason
    assert not (out / "waits.png").exists()
