"""Bench `text`: overlay text removal on a truth set of the bench's own, against rapidocr's boxes with Telea in the same run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Final

from flows.bench import setting
from flows.bench.setting import tell
from flows.bench.text import detector, faces, truth
from flows.bench.text.case import Case
from flows.bench.text.measured import Measured, measured
from flows.bench.text.ours import Bench, edit
from flows.bench.text.real import real_cases
from flows.bench.text.rival import plain_edit
from flows.bench.text.suppliers import edit_together
from flows.bench.text.tables import rows, summary
from flows.bench.text.timing import Turn, figures, turns
from flows.bench.text.worst import worst, write_page
from flows.demo.split import Side

WORKERS: Final = 2
_TYPICAL = ("slogan", "light on dark", "dark on light", "shadow or glow", "plate or banner", "semi-transparent", "jpeg",
            "digits", "screenshot", "print and overlay")  # fmt: skip


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows: one a kind. Summary: over the fixed mix, and what could not be measured."""
    folder, side = setting.folder("text"), setting.side()
    specs = truth.specs(quick)
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch))
        found = list(_measured(bench, specs, side, quick, folder))
        timed = turns(bench, list(_typical(side, 4 if quick else 10)), 3 if quick else 7, tell)
    page = folder / "worst.html"
    write_page(worst(found), lambda name: _again(specs, side, name), lambda name: _kept(folder, name), page)
    tell(f"the worst cases: {page}")
    return rows(found), {
        **summary(found),
        **figures(timed),
        "pictures_timed": _pictures(timed),
        **_unmeasured(side),
    }


def _measured(
    bench: Bench, specs: Sequence[truth.Spec], side: Side, quick: bool, folder: Path
) -> Iterator[Measured]:
    """Every case's figures, in order; two at a time."""
    begun, done = time.perf_counter(), 0
    real = list(real_cases(quick))
    total = sum(spec.pictures for spec in specs) + len(real)
    with ThreadPoolExecutor(WORKERS) as pool:
        rendered = pool.map(lambda spec: _of_spec(bench, spec, side, folder), specs)
        for found in chain(rendered, pool.map(lambda case: [_one(bench, case, folder)], real)):
            done += len(found)
            tell(f"{time.perf_counter() - begun:6.0f} s  {done} of {total}  {_said(found[-1])}")
            yield from found


def _said(m: Measured) -> str:
    against = f"{m.gain:+.1f} dB, " if m.lines else ""
    return (
        f"{m.id}: {against}{m.kept} of {m.scene} kept, {m.outcome}"
        if m.scene
        else f"{m.id}: {against}{m.outcome}"
    )


def _of_spec(bench: Bench, spec: truth.Spec, side: Side, folder: Path) -> list[Measured]:
    made = truth.cases(spec, side)
    if spec.pictures == 1:
        return [_one(bench, made[0], folder)]
    together = edit_together(bench, made)
    for case, edited in zip(made, together, strict=True):
        _keep(folder, case.id, edited.data)
    return [measured(case, ours, plain_edit(case)) for case, ours in zip(made, together, strict=True)]


def _one(bench: Bench, case: Case, folder: Path) -> Measured:
    ours = edit(bench, case)
    _keep(folder, case.id, ours.data)
    return measured(case, ours, plain_edit(case))


def _typical(side: Side, count: int) -> Iterator[Case]:
    """Pictures for the clock: one of each of the commonest kinds."""
    for kind in _TYPICAL[:count]:
        (case,) = truth.cases(truth.Spec(kind, 0), side)
        yield replace(case, id=f"time-{case.id}")


def _again(specs: Sequence[truth.Spec], side: Side, name: str) -> Case:
    """A case made anew, by its id."""
    for spec in specs:
        if name.startswith(f"{spec.kind}-{spec.n:02d}"):
            return next(case for case in truth.cases(spec, side) if case.id == name)
    return next(case for case in real_cases(quick=False) if case.id == name)


def _keep(folder: Path, name: str, data: bytes) -> None:
    (folder / "edited").mkdir(exist_ok=True)
    (folder / "edited" / name.replace(" ", "-")).write_bytes(data)


def _kept(folder: Path, name: str) -> bytes:
    return (folder / "edited" / name.replace(" ", "-")).read_bytes()


def _pictures(timed: Sequence[Turn]) -> int:
    return len({turn.picture for turn in timed})


def _unmeasured(side: Side) -> dict[str, Any]:
    reasons = dict(truth.skipped())
    if detector.weights() is None:
        reasons["residual_rate"] = f"no {detector.MODEL} in the development data"
    return {"side": side, "skipped": reasons, "faces_missing": list(faces.missing())}
