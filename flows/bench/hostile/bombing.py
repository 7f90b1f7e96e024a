"""Sends every bomb through the decoder, in a process of its own under a bound on its memory, and tells what each cost."""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from flows.bench.hostile.bombs import bombs
from flows.bench.hostile.mutants import mutant
from flows.bench.hostile.worker import MEMORY, end_of, pages

_WARMED = 400
"""Mutants decoded beforehand: what is imported on the way is no bomb's cost."""


@dataclass(frozen=True, slots=True)
class Thrown:
    """How one bomb ended, its processor time, and the memory that it took beside its own bytes."""

    name: str
    end: str
    seconds: float
    peak_mb: int

    @property
    def harmless(self) -> bool:
        """Ended typed, within 5 s and 1 GiB."""
        return self.end in ("decoded", "rejected") and self.seconds < 5 and self.peak_mb < 1024


def thrown() -> list[Thrown]:
    """Every bomb's end. Raises RuntimeError where the process did not get through them all."""
    done = subprocess.run(
        [sys.executable, "-m", "flows.bench.hostile.bombing"], env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False, timeout=1800,
    )  # fmt: skip
    ends = [Thrown(*json.loads(line)) for line in done.stdout.splitlines()]
    if done.returncode or len(ends) != len(list(bombs())):
        raise RuntimeError(f"after {ends[-1:]} the bombs ended with {done.returncode}: {done.stderr[-1000:]}")
    return ends


def _main() -> None:
    for number in range(0, _WARMED, 7):
        end_of(mutant(number).data)
    for name, make in bombs():
        data = make()
        gc.collect()
        held = pages("VmSize")
        resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, resource.RLIM_INFINITY))
        Path("/proc/self/clear_refs").write_text("5")
        before, start = pages("VmRSS"), time.process_time()
        end = end_of(data)
        seconds = time.process_time() - start
        peak = max(0, pages("VmHWM") - before) >> 20
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        sys.stdout.write(json.dumps([name, end, round(seconds, 3), peak]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main()
