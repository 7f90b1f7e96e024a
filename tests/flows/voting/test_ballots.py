"""Ballots: only what was asked counts, once a person, and nobody's overwrites another's."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from flows.comparing.kept import ballots_of, keep_ballot, read_comparison
from flows.comparing.model import Comparison
from flows.comparing.votes import (
    MOST_BYTES,
    BadBallot,
    PairVotes,
    box_of,
    counted,
    pairs_of,
    questions,
    read_ballot,
)
from infra.store.store import Store
from tasks.errors import ArtifactDamaged, BadRequest
from tests.flows.voting.made import ID, comparison, made, stored

PLAIN, RICH = "plain-variant", "rich-variant"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return stored(tmp_path)


@pytest.fixture
def compared(store: Store) -> Comparison:
    return comparison(store)


def ballot(
    compared: Comparison, *choices: str, voter: str = "Ada", at: str = "2026-11-23T18:00:00.000Z", **more: Any
) -> bytes:
    """A ballot that prefers these variants, picture by picture."""
    votes = []
    for question, choice in zip(questions(compared, pairs_of(compared)), choices, strict=False):
        token = {name: token for token, name in question.sides.items()}
        votes.append({"question": question.token, "choice": token.get(choice, choice)})
    value = {"schema_version": 1, "box": box_of(compared), "voter": voter, "at": at, "votes": votes}
    return json.dumps({**value, **more}).encode()


def count(compared: Comparison, *ballots: bytes) -> PairVotes:
    return counted(compared, [read_ballot(one, compared) for one in ballots])[0]


def test_votes_are_counted_for_the_variant_that_was_shown(compared: Comparison) -> None:
    one = count(compared, ballot(compared, RICH, RICH, PLAIN, "tie"))
    assert (one.a, one.b, one.better_a, one.better_b, one.ties) == (PLAIN, RICH, 1, 2, 1)
    assert (one.voters, one.pictures) == (1, 4)
    assert one.share_b == pytest.approx(2 / 3)
    assert one.says == "not shown"


def test_the_interval_and_the_test_are_wilsons_and_the_binomials(store: Store) -> None:
    compared = comparison(store, pictures=10, id_="compare-ten-0")
    one = count(compared, ballot(compared, *[RICH] * 9, PLAIN))
    assert one.p == pytest.approx(2 * (1 + 10) / 2**10)
    assert one.low is not None
    assert one.high is not None
    for bound in (one.low, one.high):  # the Wilson bounds are where the score test is just at the level
        z = (0.9 - bound) / math.sqrt(bound * (1 - bound) / 10)
        assert abs(z) == pytest.approx(1.959964, rel=1e-5)
    assert one.says == "b"


def test_a_person_counts_once_a_question_with_the_last_answer(compared: Comparison) -> None:
    first = ballot(compared, PLAIN, PLAIN, at="2026-11-23T18:00:00Z", voter="Ada L")
    later = ballot(compared, RICH, at="2026-11-23T19:00:00Z", voter="  ada  l ")
    one = count(compared, later, first)
    assert (one.better_a, one.better_b, one.voters) == (1, 1, 1)


def test_the_same_ballot_twice_counts_once_and_two_people_do_not_overwrite_each_other(
    store: Store, compared: Comparison
) -> None:
    mine = ballot(compared, RICH, RICH)
    assert keep_ballot(store, compared, mine)[1]
    assert not keep_ballot(store, compared, mine.replace(b", ", b",  "))[1]
    assert keep_ballot(store, compared, ballot(compared, RICH, RICH, voter="Grace"))[1]
    kept = ballots_of(store, compared)
    assert sorted(one.voter for one in kept) == ["Ada", "Grace"]
    assert counted(compared, kept)[0].better_b == 4
    names = [name for name in store.run_names(ID) if name.startswith("ballots/")]
    assert sorted(f"ballots/{one.digest}.json" for one in kept) == names


def other(compared: Comparison, store: Store) -> Comparison:
    return comparison(store, id_="compare-other-0")


HOSTILE = {
    "no JSON": (lambda c: b"\x00\xff", "no ballot"),
    "another object": (lambda c: b"[1, 2]", "no ballot"),
    "nested": (lambda c: b"[" * 100_000, "no ballot"),
    "unknown picture": (lambda c: ballot(c, RICH).replace(questions(c, pairs_of(c))[0].token.encode(), b"0" * 24), "does not ask"),
    "unknown side": (lambda c: ballot(c, "f" * 24), "side"),
    "a side of another picture": (lambda c: ballot(c, next(iter(questions(c, pairs_of(c))[1].sides))), "side"),
    "another box": (lambda c: ballot(c, RICH, box="0" * 24), "another comparison"),
    "no votes": (lambda c: ballot(c), "votes"),
    "extra field": (lambda c: ballot(c, RICH, admin=True), "admin"),
    "no voter": (lambda c: ballot(c, RICH, voter=""), "voter"),
    "control characters": (lambda c: ballot(c, RICH, voter="a\u202eb"), "voter"),
    "a terminal's escape": (lambda c: ballot(c, RICH, voter="a\x1b[2J"), "voter"),
    "no time": (lambda c: ballot(c, RICH, at="yesterday"), "at"),
    "another schema": (lambda c: ballot(c, RICH, schema_version=2), "schema_version"),
    "huge": (lambda c: b'{"a":"' + b"x" * MOST_BYTES + b'"}', "bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_ballots_are_refused_and_leave_nothing(name: str, store: Store, compared: Comparison) -> None:
    make, said = HOSTILE[name]
    with pytest.raises(BadBallot, match=said):
        keep_ballot(store, compared, make(compared))
    assert not [one for one in store.run_names(ID) if one.startswith("ballots/")]


def test_a_question_answered_twice_in_one_ballot_is_refused(compared: Comparison) -> None:
    value = json.loads(ballot(compared, RICH))
    value["votes"] *= 2
    with pytest.raises(BadBallot, match="voted on before"):
        read_ballot(json.dumps(value).encode(), compared)


def test_a_ballot_does_not_fit_other_results_of_the_same_comparison(
    store: Store, compared: Comparison
) -> None:
    data = ballot(compared, RICH, RICH)
    keep_ballot(store, compared, data)
    first = compared.pictures[0]
    changed = first.model_copy(update={"made": {**first.made, RICH: made(store, 0, 200)}})
    again = compared.model_copy(update={"pictures": (changed, *compared.pictures[1:])})
    with pytest.raises(BadBallot, match="other results"):
        read_ballot(data, again)
    assert ballots_of(store, again) == ()


def test_an_altered_ballot_does_not_count(store: Store, compared: Comparison) -> None:
    kept, _ = keep_ballot(store, compared, ballot(compared, RICH))
    store.write_run(ID, f"ballots/{kept.digest}.json", ballot(compared, PLAIN), "application/json")
    assert ballots_of(store, compared) == ()


def test_equal_results_are_not_asked_about(store: Store, compared: Comparison) -> None:
    first = compared.pictures[0]
    equal = first.model_copy(update={"made": {PLAIN: first.made[PLAIN], RICH: first.made[PLAIN]}})
    again = compared.model_copy(update={"pictures": (equal, *compared.pictures[1:])})
    assert [q.picture for q in questions(again, pairs_of(again))] == ["item-1", "item-2", "item-3"]


def test_pairs_are_named_or_refused(compared: Comparison) -> None:
    assert pairs_of(compared, [RICH, PLAIN]) == ((PLAIN, RICH),)
    for bad in ([RICH, "nobody"], [RICH, RICH]):
        with pytest.raises(BadRequest, match="its variants are"):
            pairs_of(compared, bad)


def test_an_unknown_comparison_names_the_nearest_and_a_damaged_one_says_so(
    store: Store, compared: Comparison
) -> None:
    with pytest.raises(BadRequest, match=f"did you mean {ID}"):
        read_comparison(store, "compare-0123456789-1")
    assert read_comparison(store, ID) == compared
    store.write_run(ID, "comparison.json", b"{}", "application/json")
    with pytest.raises(ArtifactDamaged):
        read_comparison(store, ID)
