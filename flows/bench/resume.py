"""Bench `resume`: what a rerun costs when nothing has changed, and what a crash costs: kill -9 of real runs, and faults planted in one process."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.bench.faults.case import Case
from flows.bench.faults.kills import PICTURES, SHARD, Killed, chosen, context, killed, undisturbed
from flows.bench.faults.points import Found, reference, tried
from flows.bench.faults.schedule import points
from flows.bench.faults.server import prefect_server
from flows.bench.setting import tell
from flows.catalog import run_catalog
from flows.demo.catalogue import write_catalogue
from tasks.results import RunResult

REPEATS = 7
SEED = 20261123
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
"""A kill takes a process and not the machine: that the disk is slow would only be waited for."""
SORTS = ("lost", "duplicated", "torn")


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows: each run of the demo catalogue, then every kill, then faults by kind of crossing.

    Summary: `rerun_speedup` of an unchanged run over the same work done afresh with its engines loaded, a picture, with what a run of a
    single picture costs taken off both as start-up; with it; and by CPU time of this process, in which the sheet has its part, too; `lost`, `duplicated`, `torn` over all kills and planted faults; what was done twice, and how long after
    its start a killed run was at work again. Kills are in runs with tracking (MLflow on SQLite) every fifth time."""
    rows, summary = _reruns(quick)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name)
        kills = _kills(folder, 6 if quick else 100)
        faults = _faults(folder, 60 if quick else 2000)
    rows += [_row("kill -9", _crossing(k.names[-1]), k) for k in kills]
    rows += [_row(f.point.kind, _crossing(f.name), f) for f in faults if f.lost or f.duplicated or f.torn]
    both: list[Killed | Found] = [*kills, *faults]
    summary |= {sort: sum(len(getattr(one, sort)) for one in both) for sort in SORTS}
    waited = [k.resumed_s for k in kills if k.resumed_s]
    return rows, summary | {
        "kills": sum(len(k.at) for k in kills), "fault_points": len(faults), "shard_size": SHARD, "workers": 2,
        "redone_pictures_max": max(k.pictures_again for k in kills),
        "redone_shards_max": max(f.shards_again for f in faults),
        "resumed_s_median": statistics.median(waited) if waited else 0.0, "resumed_s_max": max(waited, default=0.0),
    }  # fmt: skip


def _reruns(quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The first run loads the engines; the last does the same work with them loaded. Reruns of the whole catalogue take turns with those
    of a single picture, which cost what every run costs before its pictures: Prefect's flow and tasks, the sheet, the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["PENTIMENTO_HOME"] = f"{folder}/home"
        whole = write_catalogue(folder / "catalogue").manifest
        single = _single(whole)
        first = _once(whole, folder / "out")
        _once(single, folder / "out")
        turns = [
            (_once(whole, folder / "out"), _once(single, folder / "out"))
            for _ in range(3 if quick else REPEATS)
        ]
        afresh = _once(whole, folder / "out", fresh=True)
    again, one = ([turn[n] for turn in turns] for n in range(2))
    rows = [_run("first run", first), *(_run("run again", t) for t in again), _run("run afresh", afresh)]
    rows += [_run("one picture again", t) for t in one]
    return rows, {
        "first_seconds": first.seconds, "afresh_seconds": afresh.seconds,
        "again_seconds": statistics.median(t.seconds for t in again),
        "start_up_seconds": statistics.median(t.seconds for t in one), "pictures": first.pictures,
        "rerun_speedup": _ratio(afresh.seconds, [t.seconds for t in again], [t.seconds for t in one], first.pictures),
        "rerun_speedup_cpu": _ratio(afresh.cpu, [t.cpu for t in again], [t.cpu for t in one], first.pictures),
        "rerun_speedup_with_start_up": afresh.seconds / statistics.median(t.seconds for t in again),
        "recomputed": max(t.computed for t in again),
    }  # fmt: skip


def _ratio(afresh: float, again: Sequence[float], one: Sequence[float], pictures: int) -> float:
    """Of the seconds that a picture more takes: afresh, and when nothing has changed."""
    start_up = statistics.median(one)
    more = (statistics.median(again) - start_up) / (pictures - 1)
    return (afresh - start_up) / pictures / more if more > 0 else float("inf")


@dataclass(frozen=True, slots=True)
class Timed:
    """A run: its own seconds, CPU seconds of this process, pictures, and stages that were computed."""

    seconds: float
    cpu: float
    pictures: int
    computed: int


def _single(manifest: Path) -> Path:
    """A manifest of the first row alone, beside the whole one."""
    lines = manifest.read_text(encoding="utf-8").splitlines(keepends=True)
    path = manifest.with_name("single.csv")
    path.write_text("".join(lines[:2]), encoding="utf-8")
    return path


def _once(manifest: Path, out: Path, *, fresh: bool = False) -> Timed:
    used = time.process_time()
    result = RunResult.model_validate(run_catalog(str(manifest), str(out), track=False, fresh=fresh))
    timed = Timed(result.seconds, time.process_time() - used, len(result.items), _computed(result))
    tell(
        f"{timed.pictures} pictures in {timed.seconds:.2f} s, {timed.cpu:.2f} s of CPU, {timed.computed} stages computed"
    )
    return timed


def _run(name: str, run: Timed) -> dict[str, Any]:
    return {"what": name, "where": "", "found": f"{run.computed} stages computed", "seconds": run.seconds}


def _computed(result: RunResult) -> int:
    return sum(not stage.cached for item in result.items for stage in item.stages)


def _kills(folder: Path, number: int) -> list[Killed]:
    case, processes = Case(folder / "kills", PICTURES).write(), context()
    found: list[Killed] = []
    with prefect_server(folder / "prefect"):
        wanted = undisturbed(case, processes, track=False)
        tell(f"{wanted.crossings} crossings of {PICTURES} pictures; killing")
        for n, at in enumerate(chosen(SEED, number, wanted.crossings)):
            found.append(killed(case, processes, at, wanted, track=n % 5 == 4))
            tell(
                f"kill {n + 1} at {found[-1].names}: {_said(found[-1])}, resumed in {found[-1].resumed_s:.1f} s"
            )
    return found


def _faults(folder: Path, number: int) -> list[Found]:
    """By as many processes as there are cores, each with a folder of its own."""
    cores = min(os.cpu_count() or 1, 8)
    with ProcessPoolExecutor(cores, mp_context=context()) as pool:
        given = [(str(folder / f"points-{n}"), number, n, cores) for n in range(cores)]
        return [one for part in pool.map(_part, given) for one in part]


def _part(given: tuple[str, int, int, int]) -> list[Found]:
    """Every `cores`-th point, from the `n`-th."""
    folder, number, n, cores = given
    case = Case(Path(folder)).write()
    wanted = reference(case)
    return [tried(case, point, wanted) for point in points(SEED, len(wanted.crossings), number)[n::cores]]


def _crossing(name: str) -> str:
    """A crossing's sort: `during write stages`."""
    return " ".join(word.split("/")[0] for word in name.split(" ")[:3])


def _row(what: str, where: str, one: Killed | Found) -> dict[str, Any]:
    seconds = one.resumed_s if isinstance(one, Killed) else 0.0
    return {"what": what, "where": where, "found": _said(one), "seconds": seconds}


def _said(one: Killed | Found) -> str:
    wrong: Sequence[str] = [f"{sort} {', '.join(getattr(one, sort))}" for sort in SORTS if getattr(one, sort)]
    return "; ".join(wrong) or "as undisturbed"
