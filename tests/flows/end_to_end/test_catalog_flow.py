"""The catalogue flow on real pictures with the real engines, Prefect and MLflow on SQLite."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest

from flows.catalog import run_catalog
from flows.demo.catalogue import Catalogue
from infra.store.store import open_store
from tasks.results import RunResult
from tests.flows.end_to_end.conftest import part

IDS = ("text-studio", "object-marker", "up2-portrait", "bad-empty", "bad-truncated", "bad-text")


def digests(folder: Path) -> dict[str, str]:
    return {
        p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()
    }


@pytest.fixture(scope="module")
def finished(
    prefect_server: None, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RunResult, Path, Path, Path]:
    """One run of six rows, for the tests that only look at it: result, home, out, manifest."""
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("out")
    manifest = part(catalogue, "six", *IDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENTIMENTO_HOME", str(home))
        result = RunResult.model_validate(run_catalog(str(manifest), str(out), shard_size=3))
    return result, home, out, manifest


def test_every_row_has_its_outcome_in_the_manifests_order(
    finished: tuple[RunResult, Path, Path, Path],
) -> None:
    result = finished[0]
    assert {i.id: i.outcome for i in result.items} == {
        "text-studio": "done", "object-marker": "done", "up2-portrait": "done", "bad-empty": "rejected",
        "bad-truncated": "rejected", "bad-text": "rejected",
    }  # fmt: skip
    assert result.counts == {"done": 3, "rejected": 3}
    assert result.failed


def test_rejected_pictures_say_why_and_leave_no_file(finished: tuple[RunResult, Path, Path, Path]) -> None:
    result, _, out, _ = finished
    reasons = {i.id: i.reason for i in result.items if i.outcome == "rejected"}
    assert "empty" in reasons["bad-empty"]
    assert "truncated" in reasons["bad-truncated"]
    assert "text" in reasons["bad-text"]
    assert sorted(p.stem for p in out.iterdir()) == ["object-marker", "text-studio", "up2-portrait"]


def test_nothing_outside_the_write_zones_has_changed(
    finished: tuple[RunResult, Path, Path, Path], catalogue: Catalogue
) -> None:
    from flows.demo.files import decode

    result = finished[0]
    item = next(i for i in result.items if i.id == "text-studio")
    before, after = decode(Path(item.source).read_bytes()), decode(Path(item.output).read_bytes())
    outside = np.ones(before.shape[:2], bool)
    for region in item.regions:
        x0, y0, x1, y1 = region.box
        outside[y0:y1, x0:x1] = False
    assert (before[outside] == after[outside]).all()
    assert (before[~outside] != after[~outside]).any()


def test_the_result_has_the_names_others_build_on(finished: tuple[RunResult, Path, Path, Path]) -> None:
    said = json.loads(finished[0].model_dump_json())
    assert {"run_id", "mlflow_run_id", "counts", "seconds", "items"} <= said.keys()
    item = said["items"][0]
    wanted = {"id", "source", "output", "outcome", "reason", "width", "height", "regions", "stages"}
    assert wanted <= item.keys()
    assert {"n", "kind", "text", "box", "engine", "fallback_from", "scores"} <= item["regions"][0].keys()
    assert {"stage", "engine", "seconds", "cached", "artifact"} <= item["stages"][0].keys()
    assert item["stages"][0]["stage"] == "detection"
    assert item["stages"][-1]["stage"] == "export"


def test_mlflow_holds_one_run_with_models_outcomes_sample_and_sheet(
    finished: tuple[RunResult, Path, Path, Path],
) -> None:
    import pyarrow.parquet as pq
    from mlflow import MlflowClient

    result, home, _, _ = finished
    client = MlflowClient(tracking_uri=f"sqlite:///{home / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("pentimento")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_id == result.mlflow_run_id
    assert run.info.status == "FINISHED"
    assert run.data.metrics["outcome.done"] == 3
    names = {a.path for a in client.list_artifacts(run.info.run_id)}
    assert {"outcomes.parquet", "review.html", "descriptors.npz", "images"} <= names
    rows = pq.read_table(client.download_artifacts(run.info.run_id, "outcomes.parquet")).to_pylist()
    assert [r["id"] for r in rows] == [i.id for i in result.items]
    arrays = np.load(client.download_artifacts(run.info.run_id, "descriptors.npz"))
    assert arrays["before"].shape == arrays["after"].shape == (3, 176)
    used = {r.engine for i in result.items for r in i.regions}
    for engine in used | {"rapidocr", "lanczos"}:
        (version,) = client.search_model_versions(f"name = 'pentimento-{engine}'")
        assert version.tags["license"]
        assert version.tags["engine"] == engine


def test_the_sheet_is_in_the_store_and_on_disk(finished: tuple[RunResult, Path, Path, Path]) -> None:
    result, home, _, _ = finished
    stored = open_store(str(home / "store")).read_run(result.run_id, "review.html")
    assert Path(result.sheet).read_bytes() == stored
    for item in result.items:
        assert item.id.encode() in stored


def test_the_same_command_again_recomputes_nothing(
    finished: tuple[RunResult, Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, home, out, manifest = finished
    monkeypatch.setenv("PENTIMENTO_HOME", str(home))
    before = digests(out)
    again = RunResult.model_validate(run_catalog(str(manifest), str(out), shard_size=3, track=False))
    assert digests(out) == before
    assert again.run_id != first.run_id
    assert all(stage.cached for item in again.items for stage in item.stages)
    assert again.counts == first.counts
    (out / "text-studio.png").unlink()
    run_catalog(str(manifest), str(out), shard_size=3, track=False)
    assert digests(out) == before


def test_a_damaged_artifact_is_recomputed_and_never_trusted(
    finished: tuple[RunResult, Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, home, out, manifest = finished
    monkeypatch.setenv("PENTIMENTO_HOME", str(home))
    before = digests(out)
    item = next(i for i in first.items if i.id == "text-studio")
    store = open_store(str(home / "store"))
    for sha in (item.output_sha256, item.regions[0].artifacts["fill"]):
        path = Path(store.url(sha))
        path.chmod(0o644)
        path.write_bytes(b"damaged")
    Path(item.output).unlink()
    again = RunResult.model_validate(run_catalog(str(manifest), str(out), shard_size=3, track=False))
    assert again.counts == first.counts
    assert digests(out) == before
    assert store.get(item.output_sha256)


def test_shard_size_and_order_change_no_byte(
    finished: tuple[RunResult, Path, Path, Path], catalogue: Catalogue, home: Path, tmp_path: Path
) -> None:
    _, _, out, manifest = finished
    lines = manifest.read_text(encoding="utf-8").splitlines()
    turned = catalogue.folder / "turned.csv"
    turned.write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n", encoding="utf-8")
    run_catalog(str(turned), str(tmp_path / "out"), shard_size=1, track=False)
    assert digests(tmp_path / "out") == digests(out)


def test_an_engine_is_added_by_dropping_one_card(
    prefect_server: None, catalogue: Catalogue, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = tmp_path / "cards"
    cards.mkdir()
    (cards / "wide-telea.toml").write_text(
        'id = "wide-telea"\nrole = "fill"\nruntime = "classical"\n'
        'entry = "model_registry.engines.classical.diffusion_fill:TeleaFill"\ntitle = "Telea, wider"\n'
        'licence = "Apache-2.0"\n[size]\nminimum = 3\n[cost]\nrung = 31\n[defaults]\nradius = 9.0\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("PENTIMENTO_CARDS", str(cards))
    manifest = part(catalogue, "one", "text-studio")
    result = RunResult.model_validate(
        run_catalog(str(manifest), str(tmp_path / "out"), engines={"generation": "wide-telea"}, track=False)
    )
    assert result.items[0].outcome == "done"
    assert {r.engine for r in result.items[0].regions} == {"wide-telea"}


def test_a_missing_engine_is_stood_in_for_and_says_so(
    prefect_server: None, catalogue: Catalogue, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = tmp_path / "cards"
    cards.mkdir()
    (cards / "absent.toml").write_text(
        'id = "absent"\nrole = "fill"\nruntime = "onnx"\ntitle = "Not here"\nlicence = "MIT"\nfallback = ["telea"]\n'
        '[cost]\nrung = 70\n[weights]\npath = "absent.onnx"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("PENTIMENTO_CARDS", str(cards))
    manifest = part(catalogue, "one", "text-studio")
    result = RunResult.model_validate(
        run_catalog(str(manifest), str(tmp_path / "out"), engines={"generation": "absent"}, track=False)
    )
    (item,) = result.items
    assert item.outcome == "degraded"
    assert "telea stood in for absent" in item.reason
    assert {(r.engine, r.fallback_from) for r in item.regions} == {("telea", "absent")}


def test_pictures_that_only_a_crash_could_lose_are_kept_when_tracking_is_down(
    prefect_server: None, catalogue: Catalogue, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENTIMENTO_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    manifest = part(catalogue, "one", "object-marker")
    result = RunResult.model_validate(run_catalog(str(manifest), str(tmp_path / "out")))
    assert result.counts == {"done": 1}
    assert result.mlflow_run_id is None
    assert [p.name for p in (home / "spool").iterdir()] == [result.run_id]
    monkeypatch.delenv("PENTIMENTO_TRACKING_URI")
    later = RunResult.model_validate(run_catalog(str(manifest), str(tmp_path / "out")))
    assert later.mlflow_run_id
    assert list((home / "spool").iterdir()) == []


def test_a_row_that_is_no_job_is_rejected_and_its_neighbours_are_done(
    prefect_server: None, catalogue: Catalogue, home: Path, tmp_path: Path
) -> None:
    manifest = part(catalogue, "mixed", "up2-portrait")
    with manifest.open("a", encoding="utf-8") as file:
        file.write("oops,images/x.png,paint,,,,own\nescape,../../etc/passwd,clean,,,,own\n")
    result = RunResult.model_validate(run_catalog(str(manifest), str(tmp_path / "out"), track=False))
    assert [i.outcome for i in result.items] == ["done", "rejected", "rejected"]
    assert "line 3" in result.items[1].reason
    assert "cannot be read" in result.items[2].reason


def test_a_parquet_of_outcomes_can_be_read_back() -> None:
    import pyarrow.parquet as pq

    from flows.track_run import outcomes_parquet
    from tasks.results import ItemResult

    data = outcomes_parquet([ItemResult(id="a", source="a.png", outcome="done")])
    assert pq.read_table(io.BytesIO(data)).to_pylist()[0]["id"] == "a"
