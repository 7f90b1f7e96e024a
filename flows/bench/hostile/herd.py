"""Hundreds of thousands of mutants in pieces: two at a time, each kept when it is through, so that a bench cut off goes on."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from pathlib import Path

from flows.bench.hostile.breeding import Tally, breed
from flows.bench.setting import tell

WORKERS = "PENTIMENTO_HOSTILE_WORKERS"
"""How many processes decode at once; 2 unless told otherwise."""
_PIECE = 5_000
_ROOT = Path(__file__).parents[3]
_DECIDES = (
    "tasks/triage/*.py", "tasks/export/*.py", "tasks/pieces.py", "tasks/lossless.py", "tasks/contracts.py", "tasks/errors.py",
    "flows/bench/hostile/seeds.py", "flows/bench/hostile/mutants.py", "flows/bench/hostile/worker.py",
)  # fmt: skip
"""The code that a mutant's end depends on."""
_LIBRARIES = ("pillow", "numpy", "opencv-python-headless", "tifffile")


def bred(first: int, last: int, folder: Path) -> Tally:
    """Mutants `first` up to, not including, `last`. Pieces kept below `folder` by the same code are not bred again."""
    tally = Tally()
    with ThreadPoolExecutor(int(os.environ.get(WORKERS, "2"))) as pool:
        begins = range(first, last, _PIECE)
        for piece in pool.map(lambda begin: _piece(begin, min(begin + _PIECE, last), folder), begins):
            tally.join(piece)
    return tally


def _piece(first: int, last: int, folder: Path) -> Tally:
    kept = folder / f"mutants-{first}-{last}-{_code()}.json"
    if kept.exists():
        return _read(kept.read_text())
    tally = breed(first, last)
    text = json.dumps([dict(sorted(tally.ends.items())), tally.finds, tally.slowest_s, tally.peak_mb])
    part = kept.with_suffix(".part")
    part.write_text(text)
    part.replace(kept)
    tell(
        f"mutants {first}-{last}: {dict(tally.ends)}, slowest {tally.slowest_s:.2f} s, {tally.peak_mb} MB, {tally.finds}"
    )
    return tally


def _read(text: str) -> Tally:
    ends, finds, slowest, peak = json.loads(text)
    return Tally(Counter(ends), [(number, fault) for number, fault in finds], slowest, peak)


@cache
def _code() -> str:
    """What stands for the code and libraries that decide how a mutant ends."""
    digest = hashlib.sha256(repr([(name, version(name)) for name in _LIBRARIES]).encode())
    for pattern in _DECIDES:
        for path in sorted(_ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
