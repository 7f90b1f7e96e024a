"""Bench `tracking`: seconds a picture when a run is logged in one piece, against a `log_image` each; and runs killed on the way."""

from __future__ import annotations

import io
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image

from flows.bench.setting import tell
from flows.bench.tracking.cases import SAMPLE, references, run_of, thumbnails
from flows.bench.tracking.killed import EXPERIMENT
from infra.store.contract import NotFound
from infra.store.store import Store, open_store
from infra.tracking.mlflow_log import RUN_TAG, log_run
from infra.tracking.model import TrackedRun

PLACES = ("before", "during", "after")
EACH = 60
"""Pictures of the rival, whose time is the same for each."""


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows: every turn of both, milliseconds a picture (SQLite and a folder; MLflow warm). Ours: every picture by reference
    in one Parquet file, and a sample of 24 as pictures, whatever the run's size. Summary: the ratio of the medians; runs killed
    by signal 9 before, while and after they were sent, and how many of their pictures cannot be found by reference once
    the next run has been logged."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, uri = open_store(str(folder / "store"), create=True), f"sqlite:///{folder / 'mlflow.db'}"
        rows = _rows(folder, store, uri, pictures=1_000 if quick else 4_000, turns=2 if quick else 5)
        killed = [_killed(folder, store, uri, where) for where in PLACES]
    ours, each = (
        float(statistics.median(row["ms_per_picture"] for row in rows if row["way"] == way))
        for way in ("ours", "log_image each")
    )
    return rows, {
        "ratio": each / ours, "ms_per_picture": ours, "ms_per_picture_log_image": each, "sample": SAMPLE, "killed": len(killed),
        "runs_lost": sum(found is None for found in killed), "not_found_by_reference": sum(found or 0 for found in killed),
    }  # fmt: skip


def _rows(folder: Path, store: Store, uri: str, pictures: int, turns: int) -> list[dict[str, Any]]:
    shown = thumbnails(pictures)
    runs = [run_of(store, f"catalog-bench-{turn}", shown) for turn in range(turns)]
    _ours(folder, uri, run_of(store, "catalog-warm-1", shown[:SAMPLE]))
    rows = []
    for turn, run in enumerate(runs):
        for way in ("ours", "log_image each") if turn % 2 == 0 else ("log_image each", "ours"):
            mine = way == "ours"
            seconds = _ours(folder, uri, run) if mine else _each(uri, shown[:EACH])
            many = pictures if mine else EACH
            rows.append({"way": way, "pictures": many, "ms_per_picture": 1000 * seconds / many})
            tell(f"tracking: {way}, {rows[-1]['ms_per_picture']:.2f} ms a picture")
    return rows


def _ours(folder: Path, uri: str, run: TrackedRun) -> float:
    began = time.perf_counter()
    if log_run(run, uri=uri, experiment=EXPERIMENT, waiting=folder / "spool") is None:
        raise RuntimeError("MLflow did not take the run")
    return time.perf_counter() - began


def _each(uri: str, pictures: list[bytes]) -> float:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    found = client.get_experiment_by_name(EXPERIMENT)
    assert found is not None
    made = client.create_run(found.experiment_id)
    began = time.perf_counter()
    for step, data in enumerate(pictures):
        client.log_image(
            made.info.run_id, Image.open(io.BytesIO(data)), key="after", step=step, synchronous=True
        )
    return time.perf_counter() - began


def _killed(folder: Path, store: Store, uri: str, where: str) -> int | None:
    """How many pictures of a killed run cannot be found once another is logged; None when the run itself cannot be."""
    command = [
        sys.executable, "-m", "flows.bench.tracking.killed", where, uri, str(folder / "spool"), str(folder / "store")
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - our own module
        assert child.stdout is not None
        while child.stdout.readline() not in ("here\n", ""):
            pass
        child.kill()
    _ours(folder, uri, run_of(store, f"catalog-after-{where}", thumbnails(1)))
    parquet = _outcomes(uri, f"catalog-killed-{where}")
    return None if parquet is None else sum(not _there(store, sha256) for sha256 in references(parquet))


def _outcomes(uri: str, run_id: str) -> bytes | None:
    """The finished run's Parquet, as MLflow has it."""
    from mlflow import MlflowClient
    from mlflow.artifacts import download_artifacts

    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], f"tags.`{RUN_TAG}` = '{run_id}'")
    if len(found) != 1 or found[0].info.status != "FINISHED":
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = download_artifacts(
            run_id=found[0].info.run_id, artifact_path="outcomes.parquet", dst_path=folder, tracking_uri=uri
        )
        return Path(path).read_bytes()


def _there(store: Store, sha256: str) -> bool:
    try:
        store.get(sha256)
    except NotFound:
        return False
    return True
