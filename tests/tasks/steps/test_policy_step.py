"""The policy has its say before anything is made: what it blocks is not made, what it sends to a person waits."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from model_registry.engines.contract import TextLine
from tasks.contracts import Outcome
from tasks.intents import RemoveText, Rights
from tasks.job import JobSpec
from tasks.policy.detectors import registry
from tasks.policy.guard import Guard, guard_of
from tasks.results import ItemResult
from tasks.steps.item import finish
from tests.tasks.steps import toy_engines
from tests.tasks.steps.conftest import drop_card, ground, save, shop_of

READER = {"detection": "toy-words", "verification": "toy-words", "blending": "soft-blend"}


@pytest.fixture
def says(cards: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """A picture of red letters, and a reader that reads them as whatever the test says."""
    drop_card(cards, "toy-words", "text", "RedReader")
    picture = ground(120, 240)
    cv2.putText(picture, "SALE", (60, 70), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 0, 0), 3)
    save(pictures / "word.png", picture)
    read = toy_engines.RedReader.read

    def set_text(text: str) -> None:
        def reading(self, image, *, params):  # type: ignore[no-untyped-def]
            return tuple(
                TextLine(line.polygon, text, line.score) for line in read(self, image, params=params)
            )

        monkeypatch.setattr(toy_engines.RedReader, "read", reading)

    return set_text


def run(tmp_path: Path, rights: Rights, policy: str = "") -> ItemResult:
    job = JobSpec(
        id="word", root=str(tmp_path / "pictures"), image="word.png", out=str(tmp_path / "out"),
        intent=RemoveText(rights=rights, text="all"), engines=READER,
    )  # fmt: skip
    shop = shop_of(tmp_path)
    return finish(type(shop)(shop.spec.model_copy(update={"policy": policy})), job)


@pytest.mark.parametrize(
    ("text", "rights", "outcome"),
    [
        ("AUTUMN COATS", "unknown", "done"),
        ("© Getty Images", "unknown", "needs-review"),
        ("© Getty Images", "own", "done"),
        ("PASSPORT NO 123456789", "own", "blocked"),
        ("WARNING: contains nuts", "own", "needs-review"),
    ],
)
def test_the_words_and_the_rights_decide(
    tmp_path: Path, says, text: str, rights: Rights, outcome: Outcome
) -> None:
    says(text)
    result = run(tmp_path, rights)
    assert result.outcome == outcome
    (region,) = result.regions
    assert (
        region.policy.verdict
        == {"done": region.policy.verdict, "needs-review": "review", "blocked": "block"}[outcome]
    )
    assert (result.stage == "policy") == (outcome != "done")
    assert bool(result.cure) == (outcome != "done")


def test_of_a_blocked_picture_nothing_is_made(tmp_path: Path, says) -> None:
    says("PASSPORT NO 123456789")
    result = run(tmp_path, "own")
    assert result.output == ""
    assert not any((tmp_path / "out").rglob("*"))
    assert {s.stage for s in result.stages} == {"detection", "policy"}
    assert "passport" in result.reason.lower()


def test_a_candidate_waits_apart_and_names_the_cure(tmp_path: Path, says) -> None:
    says("© Getty Images")
    result = run(tmp_path, "unknown")
    assert "needs-review" in Path(result.output).parts
    assert "--rights own" in result.cure


def test_promotional_wording_passes_with_a_flag(tmp_path: Path, says) -> None:
    says("SUMMER SALE -50%")
    result = run(tmp_path, "unknown")
    assert result.outcome == "done"
    assert result.flags
    assert "region 1" in result.flags[0]


def test_without_its_detectors_a_region_is_blocked(
    tmp_path: Path, says, monkeypatch: pytest.MonkeyPatch
) -> None:
    says("AUTUMN COATS")
    assert run(tmp_path, "own").outcome == "done"
    broken = dict.fromkeys(registry.LOADERS, lambda: (_ for _ in ()).throw(OSError("the file is gone")))
    monkeypatch.setattr(registry, "LOADERS", broken)
    bare = Guard(guard_of("").policy, registry.load_detectors())
    assert bare.identity != guard_of("").identity
    monkeypatch.setattr("tasks.workshop.guard_of", lambda path: bare)
    result = run(tmp_path, "own")
    assert result.outcome == "blocked"
    assert "detector is missing" in result.reason


def test_a_policy_of_ones_own_changes_the_plan_and_the_outcome(tmp_path: Path, says) -> None:
    from importlib.resources import files

    says("AUTUMN COATS")
    own = tmp_path / "policy.toml"
    text = files("tasks.policy").joinpath("default.toml").read_text(encoding="utf-8")
    own.write_text(
        text.replace("[category.id-document.words]", '[category.id-document.words]\nqq = ["autumn coats"]'),
        encoding="utf-8",
    )
    before, after = run(tmp_path, "own"), run(tmp_path, "own", policy=str(own))
    assert (before.outcome, after.outcome) == ("done", "blocked")
    assert before.plan != after.plan


def test_a_policy_that_cannot_be_read_lets_nothing_through(tmp_path: Path, says) -> None:
    says("AUTUMN COATS")
    result = run(tmp_path, "own", policy=str(tmp_path / "none.toml"))
    assert result.outcome == "rejected"
    assert "policy" in result.reason


def test_the_picture_is_the_same_whatever_is_decided(tmp_path: Path, says) -> None:
    says("© Getty Images")
    waiting, passed = run(tmp_path, "unknown"), run(tmp_path, "own")
    assert waiting.output_sha256 == passed.output_sha256
    assert np.array_equal(cv2.imread(waiting.output), cv2.imread(passed.output))
