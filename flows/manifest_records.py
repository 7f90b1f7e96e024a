"""A manifest's bytes into records of text, line by line and under limits: what cannot be read is one line's fault."""

from __future__ import annotations

import csv
import io
import json
import posixpath
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.errors import BadManifest

LINE_BYTES = 1_000_000
MOST_LINES = 1_000_000
"""Lines, or rows, of a manifest."""
MOST_CELLS = 200
"""Columns of a row."""
_HEADER = 64
"""Bytes in which text of two bytes a character shows itself by its zeros."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it was written: cells by column, or why there are none."""

    line: int
    """1 for the file's first."""
    cells: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


class _LineTooLongError(ValueError):
    """A line over LINE_BYTES, which was not kept."""

    def __init__(self) -> None:
        super().__init__(f"a line over {LINE_BYTES} characters")


def read_records(location: str, data: bytes) -> Iterator[Record]:
    """Every row, in order, of whichever format the name's suffix says. A line that cannot be read is a record with a problem.

    Raises BadManifest where the whole cannot be read: of another kind, not text, without a header, over MOST_LINES."""
    suffix = posixpath.splitext(location)[1].lower()
    if suffix == ".parquet":
        from flows.manifest_parquet import parquet_rows

        yield from (Record(n, cells) for n, cells in enumerate(parquet_rows(location, data), 1))
        return
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:_HEADER].partition(b"\n")[0]:
        raise BadManifest(f"the manifest {location} is not UTF-8 text", cure="save it as UTF-8")
    if suffix in (".jsonl", ".ndjson"):
        yield from _json_records(location, data)
    elif suffix == ".csv":
        yield from _csv_records(location, data)
    else:
        raise BadManifest(f"{location}: unknown kind of manifest", cure="name it .csv, .jsonl or .parquet")


def _json_records(location: str, data: bytes) -> Iterator[Record]:
    # Only a line feed ends a line of JSON: a text within may hold U+2028 and the like as they are.
    source = io.BytesIO(data.removeprefix(b"\xef\xbb\xbf"))
    number = 0
    while line := source.readline(LINE_BYTES + 1):
        number += 1
        _check_length(location, number)
        if len(line) > LINE_BYTES:
            while line and not line.endswith(b"\n"):
                line = source.readline(LINE_BYTES)
            yield Record(number, problem=str(_LineTooLongError()))
        elif line.strip():
            yield _json_record(number, line)


def _json_record(number: int, line: bytes) -> Record:
    try:
        record = json.loads(line.decode(), object_pairs_hook=_once)
        if not isinstance(record, dict):
            return Record(number, problem="not an object")
        if len(record) > MOST_CELLS:
            return Record(number, problem=f"{len(record)} columns, the limit is {MOST_CELLS}")
        return Record(number, {str(k): cell(v) for k, v in record.items()})
    except RecursionError:
        return Record(number, problem="nested too deeply")
    except UnicodeDecodeError:
        return Record(number, problem="not UTF-8 text")
    except ValueError as error:
        return Record(number, problem=f"not JSON: {str(error)[:200]}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return made


def cell(value: object) -> str:
    """A value as a cell's text; nothing is the empty text."""
    return "" if value is None else str(value).strip()


class _Lines:
    """Lines of text with their numbers. Those of a record that cannot be read, but its first, are given once more: a quote
    that nobody closes would else take the rows after it along."""

    def __init__(self, source: Iterator[str | None]) -> None:
        self._source, self._back = source, deque[str | None]()
        self._taken: list[str | None] = []
        self._number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._source)
        self._taken.append(line)
        self._number += 1
        if line is None:
            raise _LineTooLongError
        return line

    def begin(self) -> None:
        """A new record begins with the next line."""
        self._taken.clear()

    def again(self) -> None:
        """Give back all lines of the record but the first."""
        self._back.extendleft(reversed(self._taken[1:]))
        self._number -= max(0, len(self._taken) - 1)
        del self._taken[1:]

    @property
    def first(self) -> int:
        """Number of the record's first line."""
        return self._number - len(self._taken) + 1


def _csv_lines(location: str, data: bytes) -> Iterator[str | None]:
    # A byte that is no UTF-8 becomes half a character, which is then its own row's fault.
    source = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", errors="surrogateescape", newline="")
    number = 0
    while line := source.readline(LINE_BYTES + 1):
        number += 1
        _check_length(location, number)
        too_long = len(line) > LINE_BYTES
        while too_long and line and not line.endswith(("\n", "\r")):
            line = source.readline(LINE_BYTES)
        yield None if too_long else line


def _csv_records(location: str, data: bytes) -> Iterator[Record]:
    lines = _Lines(_csv_lines(location, data))
    reader = csv.reader(lines, strict=True)
    try:
        header = next((row for row in reader if row), [])
    except (csv.Error, _LineTooLongError) as error:
        raise BadManifest(f"the manifest {location}, line {lines.first}: {error}") from error
    twice = (
        sorted({name for name in header if header.count(name) > 1})[:3] if len(header) <= MOST_CELLS else []
    )
    if twice or len(header) > MOST_CELLS:
        what = f"the column {', '.join(twice)[:100]!r} twice" if twice else f"{len(header)} columns"
        raise BadManifest(f"the manifest {location} has {what}", cure="give every column a name of its own")
    while True:
        lines.begin()
        try:
            row = next(reader)
        except StopIteration:
            return
        except (csv.Error, _LineTooLongError) as error:
            lines.again()
            yield Record(lines.first, problem=str(error))
            continue
        if row:
            cells = dict(zip(header, (*map(str.strip, row), *[""] * (len(header) - len(row))), strict=False))
            yield Record(lines.first, cells)


def _check_length(location: str, number: int) -> None:
    if number > MOST_LINES:
        raise BadManifest(
            f"the manifest {location} has over {MOST_LINES} lines", cure="divide it into several manifests"
        )
