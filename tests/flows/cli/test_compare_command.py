"""`pentimento compare` refuses what cannot be compared before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.cli.conftest import Command

MANIFEST = 'id,image,intent,mask\na,a.png,remove_object,"box:1,1,9,9"\n'
GOOD = '[[variant]]\nname = "one"\n[[variant]]\nname = "two"\nseed = 1\n'


@pytest.fixture(autouse=True)
def started(here: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was started; nothing here may start."""
    import flows.compare

    calls: list[str] = []
    monkeypatch.setattr(flows.compare, "run_compare", lambda *a, **k: calls.append("run"))
    (here / "m.csv").write_text(MANIFEST)
    (here / "v.toml").write_text(GOOD)
    return calls


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("m.csv",), "--variants"),
        (("m.csv", "--variants", "none.toml"), "no file of variants none.toml"),
        (("none.csv", "--variants", "v.toml"), "no manifest none.csv"),
        (("m.csv", "--variants", "v.toml", "--tier", "draft"), "--tier"),
        (("m.csv", "--variants", "v.toml", "--out", "one.png"), "is one file"),
        (("m.csv", "--variants", "v.toml", "--runner", "thread"), "threads"),
    ],
)
def test_bad_usage_is_said_and_ends_with_2(
    arguments: tuple[str, ...], said: str, pentimento: Command, started: list[str]
) -> None:
    done = pentimento("compare", *arguments)
    assert done.code == 2
    assert said in done.err
    assert not done.out
    assert not started


def test_every_fault_of_the_variants_is_said_at_once(
    here: Path, pentimento: Command, started: list[str]
) -> None:
    (here / "v.toml").write_text(
        '[[variant]]\nname = "one"\nengines = { generation = "tele" }\n[[variant]]\nname = "two"\nparams = { blendin = { feather = 1 } }\n'
    )
    done = pentimento("compare", "m.csv", "--variants", "v.toml", "--json")
    assert done.code == 2
    for wanted in ("tele", "telea", "blendin", "blending"):
        assert wanted in done.err
    assert not started
