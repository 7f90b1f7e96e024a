"""Promotion against a real MLflow: the alias moves with its evidence, comes back, and survives being cut short."""

from __future__ import annotations

import json

import pytest
from mlflow import MlflowClient

from flows.aliases import snapshot
from flows.comparing import promotion_move
from flows.comparing.model import Comparison, Verdict
from flows.comparing.promotion import Asked, promote_variant, roll_back
from flows.comparing.promotion_log import FOLDER, read_changes
from flows.comparing.promotion_move import MARK, champion_of, unfinished
from infra.settings import Settings
from infra.store.store import Store
from infra.tracking import champions
from tasks.errors import ArtifactDamaged, BadRequest, Transient
from tasks.intents import MaskBoxes, RemoveObject
from tasks.job import JobSpec
from tests.flows.promotion.conftest import Ask
from tests.flows.voting.made import ID, comparison

PLAIN, RICH = "plain-variant", "rich-variant"
JOB = JobSpec(
    id="a", root="/x", image="a.png", intent=RemoveObject(mask=MaskBoxes(boxes=((1, 1, 2, 2),))),
    engines={"generation": "@champion"},
)  # fmt: skip


@pytest.fixture
def compared(store: Store) -> Comparison:
    return comparison(store, pictures=3)


def engine_of(settings: Settings, role: str = "fill") -> str:
    held = champion_of(settings, role)
    return held.engine if held else ""


def test_the_winner_becomes_champion_with_its_evidence(
    ask: Ask, store: Store, settings: Settings, compared: Comparison
) -> None:
    done = promote_variant(ask(), ID)
    (change,) = done.changes
    assert snapshot([JOB], settings) == (("fill", "champion", "navier-stokes", ""),)
    assert change.evidence
    assert (change.evidence.comparison, change.evidence.variant, change.evidence.stages) == (
        ID,
        RICH,
        ("generation",),
    )
    assert change.evidence.verdict == compared.verdict
    assert change.evidence.intervals == compared.intervals
    assert change.former is None
    assert read_changes(store) == (change,)
    version = MlflowClient(settings.mlflow_uri).get_model_version_by_alias(
        "pentimento-navier-stokes", "champion"
    )
    assert version.tags[MARK] == change.digest
    assert version.tags["pentimento.comparison"] == ID
    assert version.tags["pentimento.verdict"] == compared.verdict.sentence
    assert version.tags["engine_version"] == "1"
    assert "Ada" in version.description


def test_the_same_again_changes_nothing(ask: Ask, store: Store, compared: Comparison) -> None:
    promote_variant(ask(), ID)
    again = promote_variant(ask(at="2026-11-24T00:00:00+00:00"), ID)
    assert (again.changes, again.already) == ((), ("fill",))
    assert len(read_changes(store)) == 1


def test_one_engine_a_role_and_back_through_the_earlier_ones(
    ask: Ask, settings: Settings, compared: Comparison
) -> None:
    promote_variant(ask("known for years"), ID, PLAIN)
    promote_variant(ask(), ID)
    client = MlflowClient(settings.mlflow_uri)
    assert client.get_registered_model("pentimento-telea").aliases == {}
    assert engine_of(settings) == "navier-stokes"
    (back,) = roll_back(ask("it left smears"), "fill").changes
    assert engine_of(settings) == "telea"
    assert (back.action, back.why) == ("back", "it left smears")
    (first,) = roll_back(ask(), "fill").changes
    assert engine_of(settings) == ""
    assert first.to is None
    with pytest.raises(BadRequest, match="nothing to take back"):
        roll_back(ask(), "fill")


def test_promoted_again_after_a_roll_back_can_be_taken_back_again(
    ask: Ask, settings: Settings, compared: Comparison
) -> None:
    promote_variant(ask("known for years"), ID, PLAIN)
    promote_variant(ask(), ID)
    roll_back(ask(), "fill")
    promote_variant(ask(), ID)
    assert engine_of(settings) == "navier-stokes"
    roll_back(ask(), "fill")
    assert engine_of(settings) == "telea"


def test_without_a_winner_only_with_a_reason_and_a_name(ask: Ask, store: Store, settings: Settings) -> None:
    comparison(
        store,
        pictures=3,
        verdict=Verdict(kind="no difference", leading=(PLAIN, RICH), sentence="no difference was found"),
    )
    with pytest.raises(BadRequest, match="names no winner: no difference was found"):
        promote_variant(ask("because"), ID)
    with pytest.raises(BadRequest, match="does not find plain-variant the better one"):
        promote_variant(ask("  "), ID, PLAIN)
    assert read_changes(store) == ()
    assert engine_of(settings) == ""
    (change,) = promote_variant(ask("half the price"), ID, PLAIN).changes
    assert change.why == "half the price"
    assert engine_of(settings) == "telea"


def test_another_than_the_winner_and_an_unknown_one_are_refused(
    ask: Ask, store: Store, compared: Comparison
) -> None:
    with pytest.raises(BadRequest, match="does not find plain-variant"):
        promote_variant(ask(), ID, PLAIN)
    with pytest.raises(BadRequest, match="no variant 'nobody'"):
        promote_variant(ask("why not"), ID, "nobody")
    assert read_changes(store) == ()


class Cut(Exception):
    """The process dies here."""


@pytest.mark.parametrize("step", ["ensure", "give", "take", "mark"])
def test_a_change_cut_short_anywhere_is_finished_by_the_same_command(
    step: str,
    ask: Ask,
    store: Store,
    settings: Settings,
    compared: Comparison,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    promote_variant(ask("known for years"), ID, PLAIN)
    with monkeypatch.context() as patch:
        patch.setattr(champions, step, _dies)
        with pytest.raises(Transient, match="finishes what was begun"):
            promote_variant(ask(), ID)
    changes = read_changes(store)
    assert len(changes) == 2, "the evidence was written before anything moved"
    assert unfinished(settings, changes[-1])
    assert engine_of_any(settings), "there was always a champion"
    again = promote_variant(ask(), ID)
    assert (again.finished, again.changes, again.already) == (("fill",), (), ("fill",))
    assert not unfinished(settings, changes[-1])
    assert engine_of(settings) == "navier-stokes"
    assert read_changes(store) == changes
    roll_back(ask(), "fill")
    assert engine_of(settings) == "telea"


def engine_of_any(settings: Settings) -> list[str]:
    return [held.engine for held in promotion_move.champions_of(settings, "fill")]


def _dies(*_: object, **__: object) -> None:
    raise Cut


@pytest.mark.parametrize("step", ["give", "take", "mark"])
def test_a_roll_back_cut_short_is_finished_and_not_done_twice(
    step: str, ask: Ask, settings: Settings, compared: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote_variant(ask("known for years"), ID, PLAIN)
    promote_variant(ask(), ID)
    with monkeypatch.context() as patch:
        patch.setattr(champions, step, _dies)
        with pytest.raises(Transient):
            roll_back(ask(), "fill")
    again = roll_back(ask(), "fill")
    assert (again.finished, again.changes) == (("fill",), ())
    assert engine_of(settings) == "telea"


def test_a_half_moved_alias_stops_a_run_rather_than_being_guessed(
    ask: Ask, settings: Settings, compared: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote_variant(ask("known for years"), ID, PLAIN)
    with monkeypatch.context() as patch:
        patch.setattr(champions, "take", _dies)
        with pytest.raises(Transient):
            promote_variant(ask(), ID)
    monkeypatch.setattr("flows.aliases.PAUSE", 0.0)
    with pytest.raises(BadRequest, match="stands for navier-stokes and telea"):
        snapshot([JOB], settings)


def test_a_run_waits_for_a_promotion_that_is_just_happening(
    ask: Ask, settings: Settings, compared: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote_variant(ask("known for years"), ID, PLAIN)
    with monkeypatch.context() as patch:
        patch.setattr(champions, "take", _dies)
        with pytest.raises(Transient):
            promote_variant(ask(), ID)
    monkeypatch.setattr("flows.aliases.time.sleep", lambda _: promote_variant(ask(), ID))
    assert snapshot([JOB], settings) == (("fill", "champion", "navier-stokes", ""),)


def test_an_alias_moved_by_hand_is_the_former_one_and_is_not_taken_for_a_crash(
    ask: Ask, store: Store, settings: Settings, compared: Comparison
) -> None:
    promote_variant(ask(), ID)
    by_hand = champions.ensure(
        settings.mlflow_uri,
        champions.Held("plane", "", {"engine": "plane", "role": "fill"}),
        experiment="pentimento",
    )
    champions.take(settings.mlflow_uri, "champion", "navier-stokes")
    champions.give(settings.mlflow_uri, "champion", by_hand)
    with pytest.raises(BadRequest, match="is plane, which no promotion put there"):
        roll_back(ask(), "fill")
    done = promote_variant(ask("known for years"), ID, PLAIN)
    assert done.finished == ()
    assert done.changes[0].former
    assert done.changes[0].former.engine == "plane"
    roll_back(ask(), "fill")
    assert engine_of(settings) == "plane"


def test_votes_against_it_are_kept_with_the_evidence(ask: Ask, store: Store) -> None:
    from flows.comparing.kept import keep_ballot
    from tests.flows.voting.test_ballots import ballot

    compared = comparison(store, pictures=10)
    keep_ballot(store, compared, ballot(compared, *[PLAIN] * 10))
    done = promote_variant(ask(), ID)
    assert done.notes == ("people prefer plain-variant: 10 to 0 (plain-variant, rich-variant)",)
    assert done.changes[0].evidence
    assert done.changes[0].evidence.votes[0].better_a == 10


def test_a_damaged_log_stops_everything(ask: Ask, store: Store, compared: Comparison) -> None:
    promote_variant(ask("known for years"), ID, PLAIN)
    promote_variant(ask(), ID)
    first, last = store.backend.keys(f"{FOLDER}/")
    kept = store.backend.get(last)
    value = json.loads(kept)
    value["by"] = "Mallory"
    store.backend.put(last, json.dumps(value).encode())
    with pytest.raises(ArtifactDamaged):
        roll_back(ask(), "fill")
    store.backend.put(last, kept)
    store.backend.delete(first)
    with pytest.raises(ArtifactDamaged, match="lacks 1 change"):
        roll_back(ask(), "fill")


def test_nobody_and_control_characters_are_refused(ask: Ask, compared: Comparison, store: Store) -> None:
    with pytest.raises(BadRequest, match="control characters"):
        promote_variant(ask("a\x1b[2J"), ID)
    with pytest.raises(BadRequest, match="nobody is named"):
        promote_variant(Asked(store, ask().settings, ask().registry, " ", "2026"), ID)
    assert read_changes(store) == ()


def test_a_registry_that_is_down_is_worth_another_try(
    ask: Ask, compared: Comparison, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    down = ask().settings.model_copy(update={"tracking_uri": "http://127.0.0.1:9"})
    with pytest.raises(Transient, match=r"127\.0\.0\.1:9"):
        promote_variant(Asked(store, down, ask().registry, "Ada", "2026-11-23T18:00:00+00:00"), ID)


def test_what_was_taken_back_is_not_taken_back_twice(
    ask: Ask, settings: Settings, compared: Comparison
) -> None:
    promote_variant(ask("known for years"), ID, PLAIN)
    promote_variant(ask(), ID)
    roll_back(ask(), "fill")
    by_hand = champions.holders(settings.mlflow_uri, "fill", "champion")[0]
    champions.take(settings.mlflow_uri, "champion", by_hand.engine)
    stokes = champions.Held("navier-stokes", "1")
    champions.give(settings.mlflow_uri, "champion", stokes)
    with pytest.raises(BadRequest, match="is navier-stokes, which no promotion put there"):
        roll_back(ask(), "fill")
