"""A rerun in a picture's place: by a person's word, bound to the very file; review and publish go by it from then on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.deciding import decide
from flows.publish import POINTER, PublishResult, publish
from flows.stored_run import jobs_shown, stored_run
from infra.store.store import Store
from tasks.errors import BadRequest
from tasks.results import RunResult
from tasks.workshop import Workshop
from tests.flows.rerun.conftest import again, item_of
from tests.flows.review.conftest import AT, levels, shop_of

TELEA = {"generation": "telea"}
PASSES = {"verification": {"outside_changed_max": 0.0}}


def shop(store: Store, run_id: str, folder: Path) -> Workshop:
    return shop_of(folder / "home" / "store", run_id)


def published(store: Store, run_id: str, folder: Path) -> PublishResult:
    run = stored_run(store, run_id)
    return publish(shop(store, run_id, folder), run, jobs_shown(store, run), by="ann", at=AT)


def states(store: Store, run_id: str) -> dict[str, str]:
    return {picture.id: picture.state for picture in stored_run(store, run_id).waiting}


def test_a_rerun_that_passes_takes_the_place_of_a_candidate_that_waits(
    run: RunResult, store: Store, folder: Path
) -> None:
    old = item_of(run, "waits")
    rerun = again(run.run_id, "waits", engines=TELEA, params=PASSES)
    new = rerun.items[0]
    assert (old.outcome, new.outcome) in {("needs-review", "done"), ("needs-review", "degraded")}
    assert states(store, run.run_id) == {"waits": "pending"}, "nothing is taken unasked"
    decide(store, run.run_id, [f"waits@{rerun.run_id}"], [], by="ann", why="looks right")
    shown = stored_run(store, run.run_id)
    assert shown.taken == {"waits": rerun.run_id}
    assert shown.items["waits"].output_sha256 == new.output_sha256
    assert not shown.waiting
    result = published(store, run.run_id, folder)
    visible = {one.id: one for one in result.visible}
    assert visible["waits"].sha256 == new.output_sha256
    assert visible["waits"].file == Path(new.output).name
    assert not Path(old.output).exists(), "the candidate that it stands for no longer waits"
    assert json.loads((folder / "out" / POINTER).read_bytes())["run"] == run.run_id
    assert published(store, run.run_id, folder).status == "already published"


def test_a_rerun_that_made_the_same_file_approves_that_file(run: RunResult, store: Store) -> None:
    rerun = again(run.run_id, "waits", params=PASSES)
    assert rerun.items[0].output_sha256 == item_of(run, "waits").output_sha256
    decide(store, run.run_id, [f"waits@{rerun.run_id}"], [], by="ann")
    assert states(store, run.run_id) == {"waits": "approved"}


def test_one_that_waits_itself_is_approved_with_the_same_word_and_its_regions_can_be_rejected(
    run: RunResult, store: Store, folder: Path
) -> None:
    rerun = again(run.run_id, "waits", 2, engines=TELEA)
    new = rerun.items[0]
    assert new.outcome == "needs-review"
    assert Path(new.output).parent.name == "needs-review"
    decide(store, run.run_id, [f"waits@{rerun.run_id}"], ["waits:3"], by="ann")
    assert states(store, run.run_id) == {"waits": "in-part"}
    result = published(store, run.run_id, folder)
    (one,) = (one for one in result.visible if one.id == "waits")
    assert (one.without, [a.region for a in one.approved]) == ((3,), [1, 2])
    source, shown = (levels((folder / name).read_bytes()) for name in ("in/waits.png", f"out/{one.file}"))
    x0, y0, x1, y1 = new.regions[2].box
    assert (source[y0:y1, x0:x1] == shown[y0:y1, x0:x1]).all()
    x0, y0, x1, y1 = new.regions[1].box
    candidate = (
        levels(Path(rerun.items[0].output).read_bytes()) if Path(rerun.items[0].output).exists() else None
    )
    assert candidate is None
    assert (source[y0:y1, x0:x1] != shown[y0:y1, x0:x1]).any()


def test_what_was_decided_in_the_reruns_own_log_counts_and_the_first_candidate_can_be_taken_back(
    run: RunResult, store: Store
) -> None:
    rerun = again(run.run_id, "waits", 2, engines=TELEA)
    decide(store, run.run_id, ["waits"], [], by="ann")
    decide(store, rerun.run_id, [], ["waits:1"], by="bo")
    assert states(store, run.run_id) == {"waits": "approved"}, "the rerun is not in the picture's place"
    decide(store, run.run_id, [f"waits@{rerun.run_id}"], [], by="ann")
    assert states(store, run.run_id) == {"waits": "approved"}, "the run's own log has the last word"
    decide(store, run.run_id, [], ["waits"], by="cy")
    assert states(store, run.run_id) == {"waits": "rejected"}
    decide(store, run.run_id, [f"waits@{run.run_id}"], [], by="cy", why="the first was better")
    assert states(store, run.run_id) == {"waits": "approved"}
    shown = stored_run(store, run.run_id)
    assert shown.taken == {}
    assert shown.items["waits"] == item_of(run, "waits")


def test_a_picture_that_was_done_may_be_replaced_too_and_is_the_one_that_is_made_again(
    run: RunResult, store: Store, folder: Path
) -> None:
    first = again(run.run_id, "fine", 2, engines=TELEA)
    decide(store, run.run_id, [f"fine@{first.run_id}"], [], by="ann")
    result = published(store, run.run_id, folder)
    assert {one.id: one.sha256 for one in result.visible} == {"fine": first.items[0].output_sha256}
    second = again(run.run_id, "fine", 1, engines={"generation": "plane"})
    assert second.rerun
    assert (second.rerun.parent, second.rerun.origin) == (first.run_id, run.run_id)
    assert [r.engine for r in second.items[0].regions][:2] == ["plane", "telea"]


@pytest.mark.parametrize(
    ("approve", "reject", "said"),
    [
        ("wait@{rerun}", "", "did you mean waits?"),
        ("waits@{rerun}9", "", "did you mean waits@{rerun}?"),
        ("fine@{rerun}", "", "has no rerun"),
        ("waits@{preview}", "", "is a preview"),
        ("waits@{rerun}", "waits", "at once"),
    ],
)
def test_what_cannot_stand_there_is_refused_and_nothing_is_written(
    run: RunResult, store: Store, approve: str, reject: str, said: str
) -> None:
    rerun = again(run.run_id, "waits", 2, engines=TELEA).run_id
    names = {"rerun": rerun, "preview": ""}
    if "{preview}" in approve:
        names["preview"] = again(run.run_id, "waits", 2, engines=TELEA, tier="preview").run_id
    with pytest.raises(BadRequest) as heard:
        decide(store, run.run_id, [approve.format(**names)], [reject] if reject else [], by="ann")
    assert said.format(**names) in str(heard.value)
    assert heard.value.cure
    assert not [name for name in store.run_names(run.run_id) if name.startswith("review/")]


def test_a_rerun_is_published_by_the_run_of_its_picture(run: RunResult, store: Store, folder: Path) -> None:
    rerun = again(run.run_id, "fine", 2, engines=TELEA)
    with pytest.raises(BadRequest) as heard:
        published(store, rerun.run_id, folder)
    assert f"pentimento review {run.run_id} --approve fine@{rerun.run_id}" in heard.value.cure
    assert not (folder / "out" / POINTER).exists()
