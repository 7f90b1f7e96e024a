"""A rerun makes again what was asked for, and nothing else; everything it made says what it is of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.store.store import Store
from tasks.results import RunResult
from tests.flows.rerun.conftest import again, by_flow, computed, item_of, region_of
from tests.flows.review.conftest import levels

TELEA = {"generation": "telea"}
PLANE = {"generation": "plane"}


def test_one_region_is_made_again_and_nothing_else(run: RunResult, folder: Path) -> None:
    before = item_of(run, "fine")
    assert [region_of(before, n).engine for n in (1, 2, 3)] != ["telea"] * 3
    files = {path: path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file()}
    result = by_flow(run.run_id, "fine", 2, engines=TELEA)
    after = item_of(result, "fine")
    assert region_of(after, 2).engine == "telea"
    assert region_of(after, 2).artifacts["final"] != region_of(before, 2).artifacts["final"]
    for n in (1, 3):
        assert region_of(after, n).artifacts == region_of(before, n).artifacts
        assert region_of(after, n).engine == region_of(before, n).engine
    assert {n for _, n in computed(result)} == {0, 2}
    assert [stage for stage, n in computed(result) if n == 0] == ["export"]
    old, new = levels(files[Path(before.output)]), levels(Path(after.output).read_bytes())
    x0, y0, x1, y1 = region_of(before, 2).box
    assert (old[y0:y1, x0:x1] != new[y0:y1, x0:x1]).any()
    new = new.copy()
    new[y0:y1, x0:x1] = old[y0:y1, x0:x1]
    assert (old == new).all(), "other regions are byte-identical"
    assert {path: path.read_bytes() for path in files} == files, "nothing was written over"
    assert Path(after.output).parent == folder / "out"
    assert after.output != before.output


def test_the_same_rerun_again_computes_nothing_and_another_has_another_file(run: RunResult) -> None:
    first = again(run.run_id, "fine", 2, engines=TELEA)
    same = again(run.run_id, "fine", 2, engines=TELEA)
    assert computed(same) == []
    assert same.run_id != first.run_id
    assert same.items[0].output == first.items[0].output
    other = again(run.run_id, "fine", 2, engines=TELEA, params={"blending": {"feather": 1}})
    assert other.items[0].output != first.items[0].output
    assert Path(first.items[0].output).is_file()


def test_it_is_a_run_of_its_own_that_names_its_parent(run: RunResult, store: Store) -> None:
    learnt = b'{"digest":"d","groups":{},"members":[]}'
    store.write_run(run.run_id, "overlays.json", learnt, "application/json")
    asked = {"generation": {"radius": 4.0}}
    result = by_flow(run.run_id, "fine", 2, engines=TELEA, params=asked, by="Ann")
    assert store.read_run(result.run_id, "overlays.json") == learnt, (
        "it could not learn them from one picture"
    )
    kept = RunResult.model_validate_json(store.read_run(result.run_id, "result.json"))
    assert kept.rerun == result.rerun
    rerun = result.rerun
    assert rerun
    assert (rerun.parent, rerun.origin, rerun.picture, rerun.region) == (run.run_id, run.run_id, "fine", 2)
    assert (rerun.engines, rerun.params, rerun.by) == (TELEA, {"generation": {"radius": 4.0}}, "Ann")
    assert rerun.at.endswith("+00:00")
    assert json.loads(store.read_run(run.run_id, f"reruns/{result.run_id}.json"))["by"] == "Ann"


def test_the_sheets_show_both_and_lead_to_each_other(run: RunResult, folder: Path, store: Store) -> None:
    result = by_flow(run.run_id, "fine", 2, engines=TELEA, by="Ann")
    mine, theirs = Path(result.sheet).read_text("utf-8"), Path(run.sheet).read_text("utf-8")
    assert f'<a href="{run.run_id}.html">' in mine
    assert f"as {run.run_id} made it" in mine
    assert "before the rerun" in mine
    assert f'<a href="{result.run_id}.html">' in theirs
    assert "region 2 with generation=telea, done, asked for by Ann" in theirs
    assert "before the rerun" not in theirs
    in_store = store.read_run(run.run_id, "review.html").decode()
    assert f'<a href="../{result.run_id}/review.html">' in in_store
    from flows.sheet_of_run import sheet_of_run
    from tests.flows.review.conftest import shop_of

    shown = sheet_of_run(shop_of(folder / "home" / "store"), "", result).items[0]
    assert shown.before
    assert shown.before.data == store.get(item_of(run, "fine").thumbnails["after"])
    assert shown.after
    assert shown.after.data == store.get(result.items[0].thumbnails["after"]) != shown.before.data
    labels = [picture.label for picture in shown.regions[1].intermediates]
    assert labels[-2:] == ["final", "before the rerun"]


def test_the_whole_picture_with_another_engine(run: RunResult) -> None:
    result = again(run.run_id, "fine", engines=PLANE)
    assert [region.engine for region in result.items[0].regions] == ["plane"] * 3
    assert {stage for stage, _ in computed(result)}.isdisjoint({"detection", "policy", "triage"})


def test_a_rerun_of_a_rerun_keeps_what_the_first_one_changed(run: RunResult, folder: Path) -> None:
    first = again(run.run_id, "fine", 2, engines=TELEA)
    second = again(first.run_id, "", 1, engines=PLANE)
    assert [r.engine for r in second.items[0].regions][:2] == ["plane", "telea"]
    assert region_of(second.items[0], 2).artifacts == region_of(first.items[0], 2).artifacts
    assert second.rerun
    assert (second.rerun.parent, second.rerun.origin) == (first.run_id, run.run_id)
    assert {n for _, n in computed(second)} <= {0, 1}
    assert Path(second.items[0].output).stem.count("-rerun-") == 1
    whole = again(second.run_id, "", engines={"generation": "navier-stokes"})
    assert {r.engine for r in whole.items[0].regions} == {"navier-stokes"}


def test_out_may_name_a_file_and_then_that_is_written(run: RunResult, folder: Path) -> None:
    before = item_of(run, "fine")
    result = again(run.run_id, "fine", 2, engines=TELEA, out=before.output)
    assert result.items[0].output == before.output
    assert (
        levels(Path(before.output).read_bytes()) != levels((folder / "in" / "fine.png").read_bytes())
    ).any()
    apart = again(run.run_id, "fine", 2, engines=TELEA, out=str(folder / "apart"))
    assert Path(apart.items[0].output).parent == folder / "apart"


def test_a_region_that_would_come_out_otherwise_unasked_stops_the_rerun(
    run: RunResult, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import rerun_request

    honest = rerun_request.with_region

    def changed(*given: object) -> object:  # as if an engine had changed since
        job = honest(*given)  # type: ignore[arg-type]
        seen = tuple(one.model_copy(update={"final": "0" * 64}) for one in job.as_before)
        return job.model_copy(update={"as_before": seen})

    monkeypatch.setattr(rerun_request, "with_region", changed)
    files = sorted((folder / "out").rglob("*"))
    (item,) = again(run.run_id, "fine", 2, engines=TELEA).items
    assert (item.outcome, item.stage) == ("rejected", "generation")
    assert "region 1 would come out otherwise" in item.reason
    assert "whole picture" in item.cure
    assert sorted((folder / "out").rglob("*")) == files
