"""What an edit takes of memory, measured from within a process that does nothing else: FOLDER SMALL LARGE, one line of JSON."""

from __future__ import annotations

import gc
import json
import resource
import sys
import tempfile
from pathlib import Path


def main(folder: Path, small: str, large: str) -> dict[str, int]:
    """Bytes in use once everything is loaded, after an edit of `small`; most of them in use while `large` is edited; and the
    bytes that `large` has when decoded."""
    from flows.bench.proportional import edit

    with tempfile.TemporaryDirectory() as store:
        edit(folder, small, Path(store) / "first")
        gc.collect()
        idle = status("VmRSS")
        result = edit(folder, large, Path(store) / "second")
    return {"idle": idle, "peak": status("VmHWM"), "decoded": result.width * result.height * 3}


def status(name: str) -> int:
    """A figure of /proc/self/status in bytes; where there is no such file, the most that the process ever used."""
    path = Path("/proc/self/status")
    if not path.exists():
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    line = next(line for line in path.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), *sys.argv[2:4])) + "\n")
