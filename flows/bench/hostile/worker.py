"""Decodes mutants in a process of its own, under a bound on its memory; says one line a mutant on stdout: `number kind milliseconds`."""

from __future__ import annotations

import gc
import resource
import sys
import time
from pathlib import Path

from flows.bench.hostile.mutants import mutant
from tasks.contracts import Raster
from tasks.errors import Rejected, TooLarge
from tasks.export.baggage import pack
from tasks.export.options import ExportOptions
from tasks.triage.decode import decode
from tasks.triage.facts import measure

MEMORY = 2**30
"""Bytes that one decode may take beside what the process holds already."""
MOST_PIXELS, MOST_BYTES = 120_000_000, 512 * 2**20
"""The limits of the settings as they come."""


def main(first: int, last: int) -> None:
    """Mutants `first` up to, not including, `last`."""
    end_of(mutant(first).data)  # what is imported on the way is no mutant's cost
    held = pages("VmSize")
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))
    for number in range(first, last):
        data = mutant(number).data
        sys.stdout.write(f"{number} begins\n")
        sys.stdout.flush()
        start = time.perf_counter()
        kind = end_of(data)
        spent = (time.perf_counter() - start) * 1000
        sys.stdout.write(f"{number} {kind} {spent:.1f} {pages('VmHWM') >> 20}\n")
        sys.stdout.flush()
        if kind != "rejected":
            gc.collect(0)


def end_of(data: bytes) -> str:
    """How one file ends: pixels that can be measured and packed for export, or a refusal with a reason and a cure."""
    try:
        raster = decode(data, name="mutant", max_pixels=MOST_PIXELS, max_bytes=MOST_BYTES)
        measure(raster)
        pack(raster.meta, ExportOptions(), _stored(raster))
    except TooLarge as refusal:
        return "memory" if isinstance(refusal.__cause__, MemoryError) else _typed(refusal)
    except Rejected as refusal:
        return _typed(refusal)
    except MemoryError:
        return "memory"
    except Exception as fault:
        return f"untyped:{type(fault).__name__}"
    return "decoded"


def _typed(refusal: Rejected) -> str:
    return "rejected" if refusal.message and refusal.cure and refusal.picture else "unexplained"


def _stored(raster: Raster) -> tuple[int, int]:
    turned = raster.meta.orientation >= 5
    return (raster.height, raster.width) if turned else (raster.width, raster.height)


def pages(name: str) -> int:
    """A size of this process, in bytes, as Linux tells it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
