"""`pentimento vote`: a page, ballots that are kept and counted, and the count on the comparison's run in MLflow."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner

from flows.cli.app import app
from flows.comparing.model import Comparison
from flows.comparing.votes import BadBallot
from infra.settings import Settings
from infra.store.store import Store
from infra.tracking.mlflow_log import RUN_TAG
from tasks.errors import BadRequest
from tests.flows.promotion.conftest import Ask
from tests.flows.voting.made import ID, comparison
from tests.flows.voting.test_ballots import PLAIN, RICH, ballot


@pytest.fixture
def compared(store: Store) -> Comparison:
    return comparison(store)


@pytest.fixture
def tracked(settings: Settings) -> str:
    """The comparison's run in MLflow."""
    client = MlflowClient(settings.mlflow_uri)
    experiment = client.get_experiment_by_name("pentimento")
    assert experiment
    made = client.create_run(experiment.experiment_id, run_name=ID, tags={RUN_TAG: ID})
    return str(made.info.run_id)


def pentimento(*words: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def saved(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_a_page_is_made_under_a_name_that_tells_nothing(compared: Comparison, settings: Settings) -> None:
    page = Path(json.loads(pentimento("vote", ID, "--json"))["page"])
    assert page.parent == settings.home / "sheets"
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert not [secret for secret in (ID, PLAIN, RICH) if secret in page.name]


def test_ballots_are_counted_and_told_to_mlflow(
    compared: Comparison, settings: Settings, tracked: str, tmp_path: Path
) -> None:
    ada = saved(tmp_path, "a.json", ballot(compared, RICH, RICH, PLAIN, "tie"))
    grace = saved(tmp_path, "b.json", ballot(compared, RICH, RICH, RICH, voter="Grace"))
    said = json.loads(pentimento("vote", ID, "--import", ada, "--import", grace, "--json"))
    assert (said["ballots"], said["new"]) == (2, 2)
    (pair,) = said["votes"]
    assert (pair["better_a"], pair["better_b"], pair["ties"], pair["voters"]) == (1, 5, 1, 2)
    assert json.loads(pentimento("vote", ID, "--import", ada, "--json"))["new"] == 0
    assert "plain-variant / rich-variant" in pentimento("vote", ID, "--count")
    client = MlflowClient(settings.mlflow_uri)
    metrics = client.get_run(tracked).data.metrics
    assert metrics[f"votes.{RICH}.over.{PLAIN}"] == 5
    assert metrics[f"votes.{PLAIN}.over.{RICH}"] == 1
    assert [one.path for one in client.list_artifacts(tracked)] == ["votes.json"]


def test_one_bad_ballot_keeps_all_of_them_out(compared: Comparison, store: Store, tmp_path: Path) -> None:
    good = saved(tmp_path, "good.json", ballot(compared, RICH))
    bad = saved(tmp_path, "bad.json", b"{}")
    with pytest.raises(BadBallot, match=r"bad\.json"):
        pentimento("vote", ID, "--import", good, "--import", bad)
    with pytest.raises(BadBallot, match="cannot be read"):
        pentimento("vote", ID, "--import", tmp_path / "none.json")
    assert not [name for name in store.run_names(ID) if name.startswith("ballots/")]


def test_votes_do_not_need_tracking(compared: Comparison, tmp_path: Path) -> None:
    good = saved(tmp_path, "good.json", ballot(compared, RICH))
    assert json.loads(pentimento("vote", ID, "--import", good, "--json"))["new"] == 1


def test_wrong_usage_says_what_to_do(compared: Comparison) -> None:
    for words in (("--with", PLAIN, "nobody"), ("--serve", "--count")):
        with pytest.raises(BadRequest) as caught:
            pentimento("vote", ID, *words)
        assert caught.value.cure


def _heeds_ctrl_c() -> None:
    """A process begun in the background ignores the interrupt, and so would what it begins."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_served_page_takes_a_ballot_from_another_process(compared: Comparison, store: Store) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from flows.cli import main; main()", "vote", ID, "--serve", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_heeds_ctrl_c,
    )  # fmt: skip
    try:
        assert process.stderr
        url = next(line.split()[-1] for line in process.stderr if line.startswith("vote at"))
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(url, timeout=60) as reply:
            assert b"Which is better?" in reply.read()
        request = urllib.request.Request(
            f"{url}ballot", ballot(compared, RICH), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            assert json.load(reply)["said"] == "Kept. Thank you."
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    assert json.loads(out)["new"] == 1
    assert [name for name in store.run_names(ID) if name.startswith("ballots/")]


def test_a_promotion_is_told_to_the_comparisons_run(
    ask: Ask, compared: Comparison, settings: Settings, tracked: str
) -> None:
    pentimento("promote", ID, "--by", "Ada")
    told = MlflowClient(settings.mlflow_uri).get_run(tracked).data.tags["pentimento.promoted"]
    assert "fill: nobody -> navier-stokes@1" in told
    assert "Ada" in told


def test_what_a_champion_was_promoted_for_goes_with_the_next_promotion(
    compared: Comparison, settings: Settings
) -> None:
    pentimento("promote", ID, "--anyway", "a reason of its own")
    pentimento("promote", "--back", "fill")
    pentimento("promote", ID)
    version = MlflowClient(settings.mlflow_uri).get_model_version_by_alias(
        "pentimento-navier-stokes", "champion"
    )
    assert "pentimento.why" not in version.tags
    assert all(version.tags.values()), "no tag is empty"
