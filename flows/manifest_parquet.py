"""Rows of a Parquet manifest, read in a process of its own under a bound on memory and time.

A few thousand bytes of Parquet may stand for billions of rows or gigabytes of text, and only what unpacks them finds out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tasks.errors import BadManifest

MEMORY = 2**30
"""Bytes that reading may take beside what the process holds once its library is loaded."""
SECONDS = 60
"""Processor time, and a fifth of the wall time."""
_MOST_TEXT = 2**29
_MOST_LINES, _MOST_CELLS = 1_000_000, 200
_REFUSED = 3


def parquet_rows(location: str, data: bytes) -> Iterator[dict[str, str]]:
    """Every row as text by column. Raises BadManifest where it is no Parquet or over a limit, before the first row."""
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as rows:
        source.write(data)
        source.seek(0)
        command = [sys.executable, "-P", "-m", "flows.manifest_parquet"]
        try:
            done = subprocess.run(  # noqa: S603 (our own module)
                command, stdin=source, stdout=rows, stderr=subprocess.PIPE, env=_environment(), timeout=5 * SECONDS, check=False
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise BadManifest(f"the manifest {location} takes too long to unpack") from error
        if done.returncode == _REFUSED:
            raise BadManifest(f"the manifest {location} {done.stderr.decode()[-300:]}")
        if done.returncode:
            last = ascii(done.stderr.decode(errors="replace").strip().rpartition("\n")[2][-200:])
            raise BadManifest(
                f"the manifest {location} is not Parquet that can be read in {SECONDS} s and {MEMORY >> 20} MB: "
                f"its reader ended with {done.returncode}, {last}",
                cure="write it as CSV or JSON lines",
            )
        rows.seek(0)
        for line in rows:
            yield json.loads(line)


def _environment() -> dict[str, str]:
    """The reader is told nothing but where the code is: no address, no secret."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    root = str(Path(__file__).parents[1])
    return {**kept, "PYTHONPATH": root, "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}


def _main() -> int:
    import resource

    import pyarrow
    import pyarrow.parquet

    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    bound = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    pyarrow.set_cpu_count(1)
    try:
        _write(pyarrow.parquet.ParquetFile(pyarrow.PythonFile(sys.stdin.buffer, mode="r")))
    except _RefusalError as error:
        sys.stderr.write(str(error))
        return _REFUSED
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        if isinstance(error, MemoryError):
            raise
        sys.stderr.write(f"is not Parquet: {str(error)[:200]}")
        return _REFUSED
    return 0


class _RefusalError(Exception):
    """The file is Parquet, and more than a manifest may be."""


def _write(file: object) -> None:
    """Prints a row a line. The counts of the file's own footer come first; the bounds hold where they lie."""
    names, told = file.schema_arrow.names, file.metadata.num_rows  # type: ignore[attr-defined]
    if len(names) > _MOST_CELLS or len(set(names)) < len(names):
        raise _RefusalError(f"has {len(names)} columns, some of them of one name or too many")
    if told > _MOST_LINES:
        raise _RefusalError(f"has {told} rows, the limit is {_MOST_LINES}")
    size = 0
    for batch in file.iter_batches(batch_size=256, use_threads=False):  # type: ignore[attr-defined]
        for record in batch.to_pylist():
            line = json.dumps({str(k): "" if v is None else str(v).strip() for k, v in record.items()})
            size += len(line)
            if size > _MOST_TEXT:
                raise _RefusalError(f"unpacks to over {_MOST_TEXT >> 20} MB of text")
            sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(_main())
