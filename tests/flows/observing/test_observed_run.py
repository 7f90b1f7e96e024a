"""Whole runs that are observed, by the flow: what the store, the sheet and MLflow then hold; resumed, and done again otherwise."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest

from flows.edit import run_edit
from flows.observing.runs import load_observed
from flows.rerun import run_rerun
from flows.rerun_wish import Wish
from infra.settings import Settings
from infra.store.store import open_store
from model_registry.engines.observing import from_npz
from tasks.errors import BadRequest
from tasks.intents import Generate
from tasks.job import JobSpec
from tasks.results import RunResult
from tests.model_registry.diffusion import tiny_pipeline


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    tiny_pipeline.build_text_to_image(folder)
    tiny_pipeline.write_card(folder, "generate")
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, cards: Path, prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PENTIMENTO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PENTIMENTO_CARDS", str(cards))
    return tmp_path / "home"


def jobs(out: Path, scheduler: str = "ddim") -> tuple[JobSpec, ...]:
    prompts = {"a-oak": "warm oak", "b-<i>": "grey <i>plaster</i>", "c-plain": "plain"}
    return tuple(
        JobSpec(
            id=name.replace("<i>", "plaster"), root="/", image="", intent=Generate(prompt=prompt, width=64, height=64),
            out=str(out), engines={"generation": "tiny-sd"}, params={"generation": {"steps": 4, "scheduler": scheduler}},
        )
        for name, prompt in prompts.items()
    )  # fmt: skip


def run(out: Path, scheduler: str = "ddim", **options: object) -> RunResult:
    made = RunResult.model_validate(run_edit(jobs(out, scheduler), **options))  # type: ignore[arg-type]
    assert {item.outcome for item in made.items} == {"done"}, [item.reason for item in made.items]
    return made


def test_an_observed_run_is_told_to_the_sheet_and_to_mlflow(tmp_path: Path, home: Path) -> None:
    from mlflow import MlflowClient
    from mlflow.artifacts import download_artifacts

    plain = run(tmp_path / "plain")
    seen = run(tmp_path / "seen", observe=2, track=True)
    assert [i.output_sha256 for i in seen.items] == [i.output_sha256 for i in plain.items]
    assert [bool(i.observations) for i in seen.items] == [True, False, True]
    store = open_store(str(home / "store"))
    (one,) = from_npz(store.get(seen.items[0].observations["picture"]))
    assert (one.prompt, one.scheduler, one.steps) == ("warm oak", "ddim", 4)

    sheet = Path(seen.sheet).read_text("utf-8")
    assert sheet.count('class="seen"') == 2
    assert "Where each word lit" in sheet
    assert 'class="seen"' not in Path(plain.sheet).read_text("utf-8")

    client = MlflowClient(tracking_uri=Settings().mlflow_uri)
    mlflow_run = client.get_run(str(seen.mlflow_run_id))
    assert mlflow_run.data.metrics["observed"] == 2
    assert 0 <= mlflow_run.data.metrics["settled_low"] <= 1
    names = {a.path for a in client.list_artifacts(mlflow_run.info.run_id)}
    assert {"observations", "prompts.npz", "descriptors.npz"} <= names
    files = {a.path for a in client.list_artifacts(mlflow_run.info.run_id, "observations")}
    assert files == {"observations/a-oak.npz", "observations/c-plain.npz"}
    images = {a.path.split("/")[-1] for a in client.list_artifacts(mlflow_run.info.run_id, "images")}
    for key in ("steps", "attention"):
        for step in (0, 2):  # the place among all three
            begin = re.compile(rf"observe~{key}[+%]step[+%]{step}[+%]")
            assert any(begin.match(name) for name in images), images
    for run_id in (seen.run_id, str(seen.mlflow_run_id)):
        loaded = load_observed(run_id)
        assert list(loaded) == ["a-oak", "c-plain"]
        assert loaded["a-oak"].prompt == "warm oak"
    with pytest.raises(BadRequest, match="nothing of"):
        load_observed(plain.run_id)
    with pytest.raises(BadRequest, match="MLflow has no run"):
        load_observed("0" * 32)
    path = download_artifacts(
        run_id=mlflow_run.info.run_id, artifact_path="prompts.npz", dst_path=str(tmp_path),
        tracking_uri=Settings().mlflow_uri,
    )  # fmt: skip
    with np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False) as prompts:
        assert prompts["ids"].tolist() == ["a-oak", "c-plain"]


def test_schedulers_go_different_ways(tmp_path: Path, home: Path) -> None:
    store = open_store(str(home / "store"))
    curves = []
    for scheduler in ("ddim", "euler-ancestral"):
        item = run(tmp_path / scheduler, scheduler, observe=1).items[0]
        (one,) = from_npz(store.get(item.observations["picture"]))
        assert one.scheduler == scheduler
        curves.append(one.settling["distance"])
    assert not np.allclose(*curves)


def test_a_rerun_keeps_what_was_seen_and_the_setting_observes_it_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = run(tmp_path / "seen", observe=3)
    kept = seen.items[0].observations
    again = RunResult.model_validate(
        run_rerun(Wish(seen.run_id, "a-oak", params={"export": {"quality": 80}}, tier=""))
    )
    assert again.items[0].observations == kept
    other = RunResult.model_validate(run_rerun(Wish(seen.run_id, "a-oak", seed=5)))
    assert other.items[0].observations == {}
    monkeypatch.setenv("PENTIMENTO_OBSERVE", "1")
    watched = RunResult.model_validate(run_rerun(Wish(seen.run_id, "a-oak", seed=6)))
    assert watched.items[0].observations.keys() == {"picture"}
    assert watched.items[0].observations != kept
