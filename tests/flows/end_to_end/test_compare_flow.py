"""The compare flow on real pictures with the real engines, Prefect and MLflow on SQLite."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from flows.compare import run_compare
from flows.comparing.model import DOCUMENT, PAGE, Comparison
from flows.demo.catalogue import Catalogue
from infra.store.store import open_store
from tasks.results import RunResult

IDS = ("object-marker", "object-badge", "object-coin", "bad-empty")
VARIANTS: list[dict[str, Any]] = [
    {"name": "telea", "engines": {"generation": "telea"}},
    {"name": "plane", "engines": {"generation": "plane"}, "seed": 5},
]


@pytest.fixture(scope="module")
def manifest(catalogue: Catalogue) -> Path:
    truths = {item.id: item.truth for item in catalogue.items}
    with catalogue.manifest.open(newline="", encoding="utf-8") as file:
        rows = [row | {"truth": truths[row["id"]]} for row in csv.DictReader(file) if row["id"] in IDS]
    path = catalogue.folder / "compared.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def compared(
    prefect_server: None, manifest: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Comparison, Path, Path]:
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENTIMENTO_HOME", str(home))
        return run_compare(str(manifest), VARIANTS, out=str(out)), home, out


def test_the_document_and_the_page_are_in_the_store_and_every_variant_is_a_run_of_its_own(
    compared: tuple[Comparison, Path, Path],
) -> None:
    comparison, home, out = compared
    store = open_store(str(home / "store"))
    assert Comparison.model_validate_json(store.read_run(comparison.id, DOCUMENT)) == comparison
    assert Path(comparison.page).read_bytes() == store.read_run(comparison.id, PAGE)
    assert [p.id for p in comparison.pictures] == ["object-coin", "object-badge", "object-marker"]
    assert [(one.picture, one.variant) for one in comparison.excluded] == [("bad-empty", "")]
    assert comparison.failed
    for variant in comparison.variants:
        result = RunResult.model_validate_json(store.read_run(variant.run_id, "result.json"))
        assert result.counts == variant.counts
        made = {item.id: item.output_sha256 for item in result.items if item.output}
        assert made == {p.id: p.made[variant.name].output_sha256 for p in comparison.pictures}
        assert sorted(p.stem for p in (out / variant.name).iterdir()) == sorted(made)
        assert set(variant.engines) == {variant.name}


def test_variants_share_what_is_equal_and_each_is_charged_for_it(
    compared: tuple[Comparison, Path, Path],
) -> None:
    comparison, home, _ = compared
    store = open_store(str(home / "store"))
    items = {
        v.name: json.loads(store.read_run(v.run_id, "result.json"))["items"] for v in comparison.variants
    }
    cached = [
        {stage["cached"] for item in made for stage in item["stages"] if stage["stage"] == "detection"}
        for made in items.values()
    ]
    assert set().union(*cached) == {True, False}, (
        "each picture's detection was computed by one of the two alone"
    )
    assert [v.cost.timed for v in comparison.variants] == [3, 3]


def test_mlflow_has_one_parent_and_a_child_a_variant(compared: tuple[Comparison, Path, Path]) -> None:
    from mlflow import MlflowClient

    comparison, home, _ = compared
    client = MlflowClient(tracking_uri=f"sqlite:///{home / 'mlflow.db'}")
    parent = client.get_run(str(comparison.mlflow_run_id))
    assert parent.data.tags["pentimento.run_id"] == comparison.id
    for variant in comparison.variants:
        child = client.get_run(str(variant.mlflow_run_id))
        assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert child.data.metrics["mean.psnr"] == variant.means["psnr"]
        assert child.info.status == parent.info.status == "FINISHED"


def test_again_from_the_store_the_scores_are_the_same_and_nothing_is_timed_anew(
    compared: tuple[Comparison, Path, Path], manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, home, out = compared
    monkeypatch.setenv("PENTIMENTO_HOME", str(home))
    again = run_compare(str(manifest), VARIANTS, out=str(out), track=False)
    assert again.id != first.id
    assert again.intervals == first.intervals
    assert [v.cost.timed for v in again.variants] == [0, 0]
    assert any("--fresh" in note for note in again.verdict.notes)
    fresh = run_compare(str(manifest), VARIANTS, out=str(out), track=False, fresh=True)
    assert fresh.intervals == first.intervals
    assert [v.cost.timed for v in fresh.variants] == [3, 3]
