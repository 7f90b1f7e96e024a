"""Tracking against a real MLflow on SQLite: one run each, models once, nothing lost when it is down."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest
from mlflow import MlflowClient
from PIL import Image

from infra.tracking import spool
from infra.tracking.aliases import read_aliases
from infra.tracking.mlflow_log import log_run
from infra.tracking.model import EngineVersion, Sample, TrackedRun

TELEA = EngineVersion("telea", "fill", "1", "classical", "Apache-2.0")


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 40, 40)).save(out, "WEBP")
    return out.getvalue()


def run(name: str = "catalog-1", **more: object) -> TrackedRun:
    told: dict[str, object] = {
        "params": {"tier": "final"}, "metrics": {"seconds": 2.5}, "files": {"review.html": b"<p>sheet</p>"},
        "samples": (Sample("stage/before", 0, picture(), "image/webp", "a"),), "engines": (TELEA,),
    }  # fmt: skip
    return TrackedRun(run_id=name, name="catalog", **{**told, **more})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'm.db'}"


def send(told: TrackedRun, uri: str, folder: Path) -> str | None:
    return log_run(told, uri=uri, experiment="test", waiting=folder / "spool")


def test_a_run_is_sent_whole(uri: str, tmp_path: Path) -> None:
    mlflow_id = send(run(), uri, tmp_path)
    client = MlflowClient(tracking_uri=uri)
    sent = client.get_run(str(mlflow_id))
    assert sent.info.status == "FINISHED"
    assert sent.data.params["tier"] == "final"
    assert sent.data.metrics["seconds"] == 2.5
    assert {a.path for a in client.list_artifacts(str(mlflow_id))} == {"images", "review.html"}
    assert list(spool.waiting(tmp_path / "spool")) == []
    experiment = client.get_experiment(sent.info.experiment_id)
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development", (
        "else its pages are those of chats"
    )


def test_pictures_are_named_as_mlflow_names_them_and_sent_again_they_are_the_same(
    uri: str, tmp_path: Path
) -> None:
    """MLflow's own page finds them by their names."""
    client = MlflowClient(tracking_uri=uri)
    seen = tuple(Sample("stage/before", step, picture(), "image/webp", "a") for step in (0, 7))
    mlflow_id = str(send(run("shown", samples=seen, began=1e9), uri, tmp_path))
    mine = sorted(a.path for a in client.list_artifacts(mlflow_id, "images"))
    assert len(mine) == 4
    assert str(send(run("shown", samples=seen, began=1e9), uri, tmp_path)) == mlflow_id
    assert sorted(a.path for a in client.list_artifacts(mlflow_id, "images")) == mine
    theirs = client.create_run(client.get_run(mlflow_id).info.experiment_id).info.run_id
    client.log_image(
        theirs,
        Image.open(io.BytesIO(picture())),
        key="stage/before",
        step=7,
        timestamp=10**12,
        synchronous=True,
    )
    uuid = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    plain = [re.sub(uuid, "UUID", a.path) for a in client.list_artifacts(theirs, "images")]
    assert sorted(plain) == [re.sub(uuid, "UUID", path) for path in mine if "+step+7+" in path]
    tags = [client.get_run(one).data.tags["mlflow.loggedImages"] for one in (mlflow_id, theirs)]
    assert tags[0] == tags[1]
    sizes = []
    for one in (mlflow_id, theirs):
        path = next(
            a.path
            for a in client.list_artifacts(one, "images")
            if "+step+7+" in a.path and a.path.endswith("webp")
        )
        with Image.open(client.download_artifacts(one, path, str(tmp_path))) as small:
            sizes.append(small.size)
    assert sizes[0] == sizes[1]


def test_a_large_file_is_sent_from_where_it_lies_and_waits_as_a_file(uri: str, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(spool.HELD + 1))
    told = run("large", files={"outcomes.parquet": large, "small.txt": b"small"})
    waiting = spool.read(spool.write(tmp_path / "waits", told)).files
    assert waiting["small.txt"] == b"small"
    assert isinstance(waiting["outcomes.parquet"], Path)
    mlflow_id = str(send(told, uri, tmp_path))
    client = MlflowClient(tracking_uri=uri)
    sent = client.download_artifacts(mlflow_id, "outcomes.parquet", str(tmp_path))
    assert Path(sent).read_bytes() == large.read_bytes()


def test_the_same_run_again_is_the_same_mlflow_run(uri: str, tmp_path: Path) -> None:
    assert send(run("twice"), uri, tmp_path) == send(run("twice"), uri, tmp_path)


def test_an_engine_is_registered_once_for_each_version_and_digest(uri: str, tmp_path: Path) -> None:
    newer = EngineVersion("once", "fill", "2", "classical", "Apache-2.0")
    older = EngineVersion("once", "fill", "1", "classical", "Apache-2.0")
    for n, engine in enumerate((older, older, newer)):
        send(run(f"engines-{n}", engines=(engine,)), uri, tmp_path)
    versions = MlflowClient(tracking_uri=uri).search_model_versions("name = 'pentimento-once'")
    assert sorted(v.tags["engine_version"] for v in versions) == ["1", "2"]
    assert all(v.tags["license"] == "Apache-2.0" for v in versions)


def test_what_cannot_be_sent_waits_and_goes_with_the_next_run(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    assert send(run("late"), "http://127.0.0.1:9", tmp_path) is None
    assert [p.name for p in spool.waiting(tmp_path / "spool")] == ["late"]
    assert send(run("next"), uri, tmp_path)
    assert list(spool.waiting(tmp_path / "spool")) == []
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("test")
    assert experiment is not None
    names = {r.info.run_name for r in client.search_runs([experiment.experiment_id])}
    assert {"late", "next"} <= names


def test_a_half_written_spool_folder_is_not_sent(tmp_path: Path) -> None:
    folder = spool.write(tmp_path, run("whole"))
    (tmp_path / ".half").mkdir()
    (tmp_path / "empty").mkdir()
    assert list(spool.waiting(tmp_path)) == [folder]
    assert spool.read(folder) == run("whole")


def test_aliases_are_read_with_their_role(uri: str, tmp_path: Path) -> None:
    send(run("aliased"), uri, tmp_path)
    client = MlflowClient(tracking_uri=uri)
    version = client.search_model_versions("name = 'pentimento-telea'")[0].version
    client.set_registered_model_alias("pentimento-telea", "champion", version)
    assert read_aliases(uri) == (("fill", "champion", "telea", ""),)


def test_nothing_is_left_in_the_working_folder(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    send(run("clean", engines=(EngineVersion("fresh", "fill", "1", "onnx", "MIT"),)), uri, tmp_path)
    assert os.listdir() == []
