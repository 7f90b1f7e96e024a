"""What decisions add up to, region by region, and what may not be decided."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.contracts import OUTCOMES, Outcome
from tasks.errors import BadRequest
from tasks.results import ItemResult, PolicyResult, RegionResult
from tasks.review.events import Decision, Event, Verdicts, in_order, written
from tasks.review.publication import SHOWN, left_out
from tasks.review.state import PictureReview, fold
from tasks.review.targets import decisions, target_of

HARD = ("leak",)
SHA = "c" * 64


def region(n: int, verdict: Any = "review", failed: tuple[str, ...] = ()) -> RegionResult:
    policy = PolicyResult(
        verdict=verdict, category="watermark", reason="© seen", cure="--rights own", evidence="©"
    )
    return RegionResult(
        n=n,
        kind="text",
        box=(0, 0, 9, 9),
        policy=policy,
        failed=failed,
        reasons=("leak 9 %",) if failed else (),
    )


def item(outcome: Outcome = "needs-review", *regions: RegionResult, id_: str = "pic") -> ItemResult:
    return ItemResult(
        id=id_,
        source="s",
        outcome=outcome,
        regions=regions,
        output_sha256=SHA,
        reason="why",
        width=9,
        height=7,
    )


def after(picture: ItemResult, *steps: dict[str, Decision], candidate: str = SHA) -> PictureReview:
    """The picture after some moments, each a word on some ids."""
    events: list[Event] = []
    for number, step in enumerate(steps):
        given = {target_of({picture.id: picture}, name): word for name, word in step.items()}
        events += written(Verdicts(given, f"by{number}", "t"), {picture.id: candidate}, events)
    return fold([picture], [("run", e) for e in in_order(events)], HARD)[0]


TWO = item("needs-review", region(1), region(2), region(3, "allow"))


@pytest.mark.parametrize(
    ("steps", "picture", "regions"),
    [
        ([], "pending", "pending pending allowed"),
        ([{"pic": "approve"}], "approved", "approved approved approved"),
        ([{"pic": "reject"}], "rejected", "rejected rejected rejected"),
        ([{"pic:1": "approve"}], "pending", "approved pending allowed"),
        ([{"pic:1": "approve"}, {"pic:2": "approve"}], "approved", "approved approved allowed"),
        ([{"pic:1": "approve", "pic:2": "reject"}], "in-part", "approved rejected allowed"),
        ([{"pic": "approve", "pic:2": "reject"}], "in-part", "approved rejected approved"),
        ([{"pic": "reject", "pic:2": "approve"}], "in-part", "rejected approved rejected"),
        ([{"pic:2": "reject"}, {"pic": "approve"}], "approved", "approved approved approved"),
        ([{"pic:2": "approve"}, {"pic": "reject"}], "rejected", "rejected rejected rejected"),
        ([{"pic": "approve"}, {"pic": "reject"}], "rejected", "rejected rejected rejected"),
        ([{"pic": "reject"}, {"pic": "approve"}], "approved", "approved approved approved"),
        ([{"pic:1": "reject", "pic:2": "reject"}], "in-part", "rejected rejected allowed"),
        ([{"pic:1": "reject", "pic:2": "reject", "pic:3": "reject"}], "rejected", "rejected rejected rejected"),
        ([{"pic:3": "reject"}], "pending", "pending pending rejected"),
        ([{"pic": "approve"}, {"pic:3": "reject"}], "in-part", "approved approved rejected"),
    ],
)  # fmt: skip
def test_the_last_word_counts_and_a_region_overrides_its_picture(
    steps: list[dict[str, Decision]], picture: str, regions: str
) -> None:
    found = after(TWO, *steps)
    assert (found.state, " ".join(r.state for r in found.regions)) == (picture, regions)
    assert (left_out(TWO, found) is None) == (picture in ("approved", "in-part"))


def test_a_decision_on_another_candidate_leaves_it_pending() -> None:
    assert after(TWO, {"pic": "approve"}, candidate="d" * 64).state == "pending"


def test_who_when_and_why_are_those_of_the_decision_in_force() -> None:
    found = after(TWO, {"pic": "reject"}, {"pic": "approve"})
    assert {(r.decided.by if r.decided else "", r.decided_in) for r in found.regions} == {("by1", "run")}


def test_a_region_waits_for_its_policy_or_for_a_hard_score_and_says_which() -> None:
    picture = item(
        "needs-review", region(1), region(2, "allow", ("leak",)), region(3, "flag", ("seam_step",))
    )
    found = after(picture)
    assert [(r.state, r.category, r.reason) for r in found.regions] == [
        ("pending", "watermark", "© seen"), ("pending", "verification", "leak 9 %"), ("allowed", "", ""),
    ]  # fmt: skip
    assert (found.regions[0].evidence, found.regions[0].cure) == ("©", "--rights own")


def test_where_no_region_is_seen_to_wait_all_do_and_without_regions_the_picture_does() -> None:
    assert after(item("needs-review", region(1, "allow"))).state == "pending"
    whole = item("needs-review")
    assert [r.n for r in after(whole).regions] == [0]
    assert after(whole, {"pic": "approve"}).state == "approved"
    assert after(whole, {"pic": "reject"}).state == "rejected"


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_only_what_waits_can_be_decided_and_only_it_can_be_let_through(outcome: Outcome) -> None:
    picture = item(outcome, region(1))
    if outcome == "needs-review":
        assert decisions({"pic": picture}, ["pic"], [])
        return
    for given in ("pic", "pic:1"):
        with pytest.raises(BadRequest, match=outcome):
            decisions({"pic": picture}, [given], [])
    assert fold([picture], [], HARD) == ()
    assert (left_out(picture, None) is None) == (outcome in SHOWN)


def test_a_blocked_picture_says_why_it_cannot_be_approved() -> None:
    with pytest.raises(BadRequest, match=r"blocked picture cannot be approved.*why"):
        decisions({"pic": item("blocked", region(1))}, ["pic"], [])


@pytest.mark.parametrize(
    ("given", "said"),
    [("pik", "mean pic"), ("pik:1", "mean pic:1"), ("pic:4", "mean pic:3"), ("pic:0", "mean pic:1"), ("pic:x", "no region"),
     ("pic:²", "no region"), ("", "no picture"), ("pic:", "no region")],
)  # fmt: skip
def test_unknown_ids_name_the_nearest(given: str, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        decisions({"pic": TWO}, [], [given])


def test_approved_and_rejected_at_once_is_refused() -> None:
    with pytest.raises(BadRequest, match="pic:1 is approved and rejected"):
        decisions({"pic": TWO}, ["pic:1"], ["pic", "pic:1"])
