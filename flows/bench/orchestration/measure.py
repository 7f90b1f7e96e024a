"""Bench `orchestration`: N pictures through Prefect, store and MLflow against a plain loop of the same stage functions."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.bench.orchestration.pictures import Work
from flows.bench.orchestration.running import Course, Taken, course_of, run, s3_server
from flows.bench.setting import tell

CHEAP = Work("cheap", 320, 240, "lanczos")
"""So quick to make that nearly all that is beside it is tax."""
REAL = Work("real", 800, 600, "sr-tiny")
"""Work such as a catalogue is made of: a network, on two megapixels of result."""
WAYS = ("loop1", "loop2", "pool2", "ours", "processes")
OURS = ("ours", "processes")
RIVALS = {"loop_1thread": "loop1", "loop_2threads": "loop2", "pool_of_2": "pool2"}
TIMES = "wall", "cpu", "server", "product"


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows: every run, milliseconds a picture by the wall and of CPU time, and of the S3 server's CPU time. Each is a process of
    its own, warm before the clock starts (start-up of Prefect, MLflow and the engines is in it); the
    ways take turns A B C, C B A. All make the same of each picture, with its maps, crops and thumbnails. `loop1` is a plain loop
    with one thread in every library, `loop2` one with two, `pool2` has two pictures at a time, with libraries as the product has
    them: about all that two cores can do, and nothing is kept.

    Summary: speed-ups by medians on the work of a network, with all that a run makes in it. On the cheap work tax is the CPU time
    a picture of ours with one worker over `loop1`, both on one core: two threads take more CPU time for the same work, whosever
    they are. What a run makes once its pictures are through (the sheet with its embeddings, pictures in MLflow) is product, and no
    tax; it is told. Both ways of ours are told: shards on threads and on processes; the speed-up is that of the better, named."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cheap, ratio = _cheap(folder / "cheap", quick)
        real, speed = _real(folder / "real", quick)
    return [*cheap, *real], {**ratio, **speed}


def _cheap(folder: Path, quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    course = course_of(folder, CHEAP, 128 if quick else 1024)
    few = course_of(folder / "few", CHEAP, 16 if quick else 48)
    rows = _turns(course, ("loop1", "ours1"), 2 if quick else 4)
    rows += _turns(few, ("fine",), 1 if quick else 2)
    loop, ours, fine = (_median(rows, way, "cpu") for way in ("loop1", "ours1", "fine"))
    product = _median(rows, "ours1", "product")
    tax = ours - product - loop
    products = [row["products"] for row in rows if row["way"] == "ours1"]
    return rows, {
        "tax_ms_per_image": tax, "tax_ms_per_image_task_per_stage": fine - loop,
        "tax_ratio": (fine - loop) / tax if tax > 0 else None, "cheap_loop_ms_per_image": loop, "extra_ms_per_image": ours - loop, "product_ms_per_image": product,
        "products_ms_per_image": {name: float(statistics.median(p[name] for p in products)) for name in products[0]},
    }  # fmt: skip


def _real(folder: Path, quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    course, turns = course_of(folder, REAL, 128), 1 if quick else 2
    rows = _turns(course, WAYS, turns)
    ours = {way: _median(rows, way, "wall") for way in OURS}
    best = min(ours, key=lambda way: ours[way])
    told: dict[str, Any] = {"runner": best}
    for word, rival in RIVALS.items():
        told[f"speedup_vs_{word}"] = _median(rows, rival, "wall") / ours[best]
    with s3_server(folder) as settings:
        if settings is None:
            return rows, told | {"skipped": {"s3": "the S3 server cannot be started here"}}
        rows += [_row(course, best, "s3", run(course, best, turn, settings)) for turn in range(turns)]
    mine = [row for row in rows if row["store"] == "s3"]
    told["s3_speedup_vs_loop_1thread"] = _median(rows, "loop1", "wall") / _middle(mine, "wall")
    told["s3_cpu_ms_per_image"] = _middle(mine, "cpu")
    return rows, told | {"s3_server_cpu_ms_per_image": _middle(mine, "server")}


def _turns(course: Course, ways: Sequence[str], turns: int) -> list[dict[str, Any]]:
    """Every way `turns` times, forwards and backwards."""
    order = [(turn, way) for turn in range(turns) for way in (ways if turn % 2 == 0 else ways[::-1])]
    return [_row(course, way, "local", run(course, way, turn)) for turn, way in order]


def _row(course: Course, way: str, store: str, taken: Taken) -> dict[str, Any]:
    figures = {f"{kind}_ms": 1000 * getattr(taken, kind) / course.pictures for kind in TIMES}
    tell(f"{course.work.name} {way} {store}: " + ", ".join(f"{k} {v:.1f}" for k, v in figures.items()))
    products = {name: 1000 * seconds / course.pictures for name, seconds in taken.products.items()}
    return {
        "work": course.work.name, "way": way, "store": store, "pictures": course.pictures, **figures,
        "products": products,
    }  # fmt: skip


def _median(rows: Sequence[dict[str, Any]], way: str, kind: str) -> float:
    return _middle([row for row in rows if row["way"] == way and row["store"] == "local"], kind)


def _middle(rows: Sequence[dict[str, Any]], kind: str) -> float:
    return float(statistics.median(row[f"{kind}_ms"] for row in rows))
