"""`pentimento review` and `pentimento publish`, as a person types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.store.keys import TEMPORARY
from tasks.workshop import Workshop
from tests.flows.cli.conftest import Command, here, pentimento
from tests.flows.review.conftest import RUN, allowed, blocked, five, run_of, shop_of

__all__ = ["here", "pentimento"]


@pytest.fixture
def ended(here: Path, tmp_path: Path, root: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The run in the store that the settings name; region 1 of `other` waits for nobody."""
    monkeypatch.setenv("PENTIMENTO_STORE", str(tmp_path / "store"))
    shop = shop_of(tmp_path / "store")
    run_of(shop, five(root, str(out)), {"stopped": blocked, "other": allowed(1)})
    return shop


def test_it_lists_what_waits_and_nothing_else(pentimento: Command, ended: Workshop, out: Path) -> None:
    said = pentimento("review", RUN, "--json")
    assert said.code == 0
    found = said.json
    assert found["counts"] == {"pending": 2, "approved": 0, "in-part": 0, "rejected": 0}
    assert found["sheet"] == "s.html"
    waits, other = found["pictures"]
    assert (waits["id"], waits["candidate"]) == ("waits", str(out / "needs-review" / "waits.png"))
    assert [r["state"] for r in other["regions"]] == ["allowed", "pending", "pending"]
    assert waits["regions"][0]["category"] == "verification"
    assert "outside" in waits["regions"][0]["reason"]
    table = pentimento("review", RUN).out
    for word in (
        "waits:1",
        "other:3",
        "pending",
        "outside",
        str(out / "needs-review" / "waits.png"),
        "s.html",
    ):
        assert word in table


def test_it_takes_several_ids_after_one_option_and_records_who_and_why(
    pentimento: Command, ended: Workshop
) -> None:
    said = pentimento(
        "review",
        RUN,
        "--approve",
        "waits",
        "other:2",
        "--reject",
        "other:3",
        "--why",
        "looked at",
        "--by",
        "Ann",
        "--json",
    )
    assert (said.code, said.err) == (0, "")
    assert {p["id"]: p["state"] for p in said.json["pictures"]} == {"waits": "approved", "other": "in-part"}
    decided = said.json["pictures"][1]["regions"][2]["decided"]
    assert (decided["by"], decided["why"], decided["decision"]) == ("Ann", "looked at", "reject")
    assert decided["at"].endswith("+00:00")


def test_the_log_shows_what_was_superseded(pentimento: Command, ended: Workshop) -> None:
    pentimento("review", RUN, "--approve", "waits", "--by", "Ann")
    pentimento("review", RUN, "--reject", "waits", "--by", "Bo", "--why", "a ghost")
    said = pentimento("review", RUN, "--log").out
    assert "Ann  approve  waits  (superseded)" in said
    assert "Bo  reject  waits: a ghost\n" in said
    log = pentimento("review", RUN, "--log", "--json").json["log"]
    assert [(e["by"], e["in_force"]) for e in log] == [("Ann", False), ("Bo", True)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--approve", "wait"], "mean waits"),
        (["--approve", "waits:9"], "mean waits:3"),
        (["--approve", "waits", "stopped"], "blocked picture cannot be approved"),
        (["--reject", "fine"], "does not wait"),
        (["--approve", "waits", "--reject", "waits"], "at once"),
        (["--approve", "waits", "--by", " "], "nobody"),
        (["--why", "because"], "without a decision"),
        (["--approve"], "requires an argument"),
        (["--aprove", "waits"], "such option"),
    ],
)  # fmt: skip
def test_wrong_words_are_refused_and_nothing_is_written(
    pentimento: Command, ended: Workshop, words: list[str], said: str
) -> None:
    heard = pentimento("review", RUN, *words)
    assert heard.code == 2
    assert said in heard.err
    assert heard.out == ""
    assert not [name for name in ended.store.run_names(RUN) if name.startswith("review/")]


@pytest.mark.parametrize("command", ["review", "publish"])
def test_an_unknown_run_names_the_nearest(pentimento: Command, ended: Workshop, command: str) -> None:
    heard = pentimento(command, RUN[:-1] + "7")
    assert heard.code == 2
    assert f"did you mean {RUN}?" in heard.err


def test_publish_by_the_command(
    pentimento: Command, ended: Workshop, out: Path, prefect_server: None
) -> None:
    pentimento("review", RUN, "--approve", "waits", "--by", "Ann")
    said = pentimento("publish", RUN, "--by", "Bo", "--json")
    assert said.code == 0, said.err
    assert said.json["status"] == "published"
    assert [one["id"] for one in said.json["visible"]] == ["fine", "waits"]
    assert {one["id"]: one["state"] for one in said.json["left_out"]} == {
        "other": "pending", "stopped": "blocked", "broken": "rejected",
    }  # fmt: skip
    again = pentimento("publish", RUN)
    assert again.code == 0
    assert "already published; 2 picture(s) visible, 3 left out" in again.out
    assert "other" in again.out
    assert not list(out.rglob(f"{TEMPORARY}*"))
