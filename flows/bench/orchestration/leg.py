"""One way of doing the pictures, in a process of its own: warm first, then timed; prints its figures as JSON.

Called as `python -m flows.bench.orchestration.leg WAY ENGINE WARM MANIFEST OUT`. CPU time is that of the process and of all that
it started, Prefect's server with it; start-up, imports and the first loading of engines fall into the warm part."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from flows.bench.orchestration.product import counted

WAYS = ("loop1", "loop2", "pool2", "ours", "ours1", "processes", "fine")
THREADS = 2
SHARD = 64


def cpu_of_children(pid: int | None = None) -> float:
    """Seconds of CPU time that living descendants of a process have used, and those that they waited for."""
    total = 0.0
    for child in psutil.Process(pid).children(recursive=True):
        try:
            used = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += used.user + used.system + used.children_user + used.children_system
    return total


def cpu() -> float:
    """Seconds of CPU time of this process, of what it waited for, and of its living descendants."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system + cpu_of_children()


def way_of(way: str, engine: str) -> Callable[[Path, Path], None]:
    """From a manifest and a folder to put the pictures to, to their being there."""
    if way in ("ours", "ours1", "processes"):
        from flows.catalog import run_catalog

        runner = "processes" if way == "processes" else "threads"

        def ours(manifest: Path, out: Path) -> None:
            run = run_catalog(str(manifest), str(out), runner=runner, shard_size=SHARD)  # type: ignore[arg-type]
            if set(run["counts"]) - {"done", "degraded"}:
                raise RuntimeError(f"not all pictures were made: {run['counts']}")

        return ours
    from flows.bench.orchestration.loop import files_of, loop, stages

    by = stages(engine)
    if way == "fine":
        from flows.bench.orchestration.fine import fine

        return lambda manifest, out: fine(by, files_of(manifest), out, 1)
    if way != "pool2":
        import cv2

        cv2.setNumThreads(1 if way == "loop1" else THREADS)
    return lambda manifest, out: loop(by, files_of(manifest), out, THREADS if way == "pool2" else 1)


def networks_on(threads: int) -> None:
    """ONNX Runtime's sessions of this process get so many threads, whatever asks for them: the product's have one."""
    import onnxruntime  # type: ignore[import-untyped]

    real = onnxruntime.InferenceSession

    def session(path: str, options: Any, **more: Any) -> Any:
        options.intra_op_num_threads = threads
        return real(path, options, **more)

    onnxruntime.InferenceSession = session


def main(way: str, engine: str, warm: str, manifest: str, out: str) -> None:
    """Warm up, do the work, print `{"wall": s, "cpu": s, "product": {name: s}}`."""
    if way in ("loop1", "ours1", "fine"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if way == "loop2":
        networks_on(THREADS)
    do = way_of(way, engine)
    do(Path(warm), Path(f"{out}-warm"))
    with ExitStack() as stack:
        product = stack.enter_context(counted()) if way in ("ours", "ours1") else {}
        began, used = time.perf_counter(), cpu()
        do(Path(manifest), Path(out))
        figures = {"wall": time.perf_counter() - began, "cpu": cpu() - used, "product": product}
    sys.stdout.write(f"\n{json.dumps(figures)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
