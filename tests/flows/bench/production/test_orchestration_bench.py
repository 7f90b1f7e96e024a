"""The rival of bench `orchestration` makes the very files that the product makes, and figures are added up rightly."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import report
from flows.bench.orchestration import measure
from flows.bench.orchestration.leg import cpu, networks_on
from flows.bench.orchestration.loop import files_of, loop, stages
from flows.bench.orchestration.pictures import Work, write
from flows.bench.orchestration.product import counted
from flows.bench.orchestration.running import Taken, course_of
from flows.manifest import Defaults, read_manifest
from tasks.steps.item import finish
from tasks.workshop import WorkshopSpec, workshop

WORK = Work("small", 64, 48, "lanczos")


@pytest.mark.parametrize("threads", [1, 2])
def test_the_loop_makes_what_the_product_makes(tmp_path: Path, threads: int) -> None:
    manifest = write(tmp_path / "in", WORK, 5)
    loop(stages(WORK.engine), files_of(manifest), tmp_path / "loop", threads)
    shop = workshop(WorkshopSpec(store=str(tmp_path / "store"), run="r"))
    for job in read_manifest(str(manifest), Defaults(str(tmp_path / "ours"))).jobs:
        assert finish(shop, job).outcome in ("done", "degraded")
    ours = {p.name: p.read_bytes() for p in (tmp_path / "ours").iterdir()}
    assert len(ours) == 5
    assert ours == {p.name: p.read_bytes() for p in (tmp_path / "loop").iterdir()}


def test_ways_take_turns_and_figures_are_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def run(course: object, way: str, turn: int, settings: object = None) -> Taken:
        asked.append((way, turn))
        return Taken(wall=2.0, cpu=1.0, server=0.5, products={"sheet": 0.1, "crops": 0.3})

    monkeypatch.setattr(measure, "run", run)
    rows = measure._turns(course_of(tmp_path, WORK, 4), ("a", "b"), 2)
    assert asked == [("a", 0), ("b", 0), ("b", 1), ("a", 1)]
    assert [row["wall_ms"] for row in rows] == [500.0] * 4
    assert (rows[0]["cpu_ms"], rows[0]["server_ms"], rows[0]["product_ms"]) == (250.0, 125.0, 100.0)
    assert rows[0]["products"] == {"sheet": 25.0, "crops": 75.0}


def test_cpu_time_is_counted_here() -> None:
    before = cpu()
    sum(n * n for n in range(3_000_000))
    assert 0.01 < cpu() - before < 30


def test_products_are_counted_apart_and_left_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    def render(steps: int) -> int:
        return sum(range(steps))

    monkeypatch.setattr(report, "render", render)
    with counted() as spent:
        assert report.render is not render
        assert report.render(3_000_000) == render(3_000_000)  # type: ignore[arg-type, comparison-overlap]
    assert report.render is render
    assert spent["review sheet and embeddings"] > 0.01
    assert spent["pictures in MLflow"] == 0


def test_a_rival_may_have_more_threads_than_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    given: list[int] = []
    monkeypatch.setattr(
        onnxruntime,
        "InferenceSession",
        lambda path, options, **more: given.append(options.intra_op_num_threads),
    )
    networks_on(2)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    onnxruntime.InferenceSession("network.onnx", options, providers=[])
    assert given == [2]
