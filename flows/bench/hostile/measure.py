"""Bench `hostile`: mutants and bombs through the decoder, hostile rows through a catalogue, pickles at the registry's doors."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from flows.bench.hostile.bombing import thrown
from flows.bench.hostile.breeding import Tally
from flows.bench.hostile.catalogue import Watched, refused_wrongly, run, write
from flows.bench.hostile.herd import bred
from flows.bench.hostile.keys import escapes
from flows.bench.hostile.weights import opened
from flows.bench.setting import folder as kept_in

RANGE = "PENTIMENTO_HOSTILE_RANGE"
"""`FIRST:LAST`: the numbers of the mutants, so that a long run can be made in pieces."""
_QUICK, _FULL = 4_000, 200_000
_ROWS = 1_200


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Rows: how each kind of attack ended, and every find by its number. Summary: the figures that must be 0, or 1."""
    tally, (first, last) = _bred(quick)
    bombs = thrown()
    with tempfile.TemporaryDirectory() as folder:
        tried, beyond = escapes(Path(folder) / "keys")
        doors, executed, let_in = opened(_made(Path(folder) / "weights"))
        alone, among = (_catalogue(Path(folder) / f"rows-{n}", n) for n in (0, _ROWS))
    wrong = refused_wrongly(among.result)
    rows = [
        {"attack": f"mutants {first}-{last}: {kind}", "count": n} for kind, n in sorted(tally.ends.items())
    ]
    rows += [{"attack": f"mutant {number}: {fault}", "count": 1} for number, fault in tally.finds]
    rows += [
        {"attack": f"bomb {bomb.name}: {bomb.end}, {bomb.seconds:.2f} s, {bomb.peak_mb} MB", "count": 1}
        for bomb in bombs
    ]
    rows += [
        {"attack": "keys at the store", "count": tried}, {"attack": "rows in a catalogue", "count": _ROWS},
        {"attack": "pickles at the doors", "count": doors},
    ]  # fmt: skip
    told = (
        *beyond,
        *wrong,
        *executed,
        *let_in,
        *alone.outside,
        *among.outside,
        *alone.foreign,
        *among.foreign,
    )
    rows += [{"attack": ascii(fault[:200]), "count": 1} for fault in told]
    return rows, {
        "mutants": float(tally.mutants), "typed_share": tally.typed_share, "slowest_s": tally.slowest_s,
        "peak_mb": float(tally.peak_mb), "bombs": float(len(bombs)), "bombs_not_harmless": float(sum(not b.harmless for b in bombs)),
        "bombs_slowest_s": max(b.seconds for b in bombs), "bombs_peak_mb": float(max(b.peak_mb for b in bombs)), "hostile_keys_and_rows": float(tried + _ROWS), "rows_wrongly_ended": float(len(wrong)),
        "escapes": float(len(beyond) + len(alone.outside) + len(among.outside)), "pickles_tried": float(doors),
        "executed": float(len(executed)), "pickles_let_in": float(len(let_in)),
        "foreign_connections": float(len(alone.foreign) + len(among.foreign)),
        "neighbours_equal": float(bool(alone.outputs) and alone.outputs == among.outputs),
    }  # fmt: skip


def _bred(quick: bool) -> tuple[Tally, tuple[int, int]]:
    first, last = map(int, os.environ.get(RANGE, f"0:{_QUICK if quick else _FULL}").split(":"))
    return bred(first, last, kept_in("hostile")), (first, last)


def _catalogue(folder: Path, hostile: int) -> Watched:
    return run(folder, write(folder, hostile))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
