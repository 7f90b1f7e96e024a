"""Rows that may be many: a short list is held, a long one lies in a file and is read again by those who go through it."""

from __future__ import annotations

import os
import tempfile
from abc import abstractmethod
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeVar, overload

from pydantic import TypeAdapter

AT_HAND = 1_000
"""Rows that are held in memory; what is longer lies in a file."""
BLOCK = 64
"""Rows that are read at once."""
S = TypeVar("S")
T = TypeVar("T")


class Lazily(Sequence[T]):
    """A sequence whose rows are made when they are asked for, and not kept: `_rows` makes those from `begin` to `end`.

    Safe for threads. A slice with a step of 1 is a tuple of its rows."""

    @abstractmethod
    def _rows(self, begin: int, end: int) -> Iterable[T]: ...

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        if isinstance(place, slice):
            begin, end, step = place.indices(len(self))
            if step != 1:
                return tuple(self[n] for n in range(begin, end, step))
            return tuple(self._rows(begin, max(begin, end)))
        at = range(len(self))[place]  # IndexError for what is beyond
        return next(iter(self._rows(at, at + 1)))

    def __iter__(self) -> Iterator[T]:
        for begin in range(0, len(self), BLOCK):
            yield from self._rows(begin, min(begin + BLOCK, len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes) or len(other) != len(self):
            return False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


class Spooled(Lazily[T]):
    """Values, models or dataclasses, in a file without a name, which goes with this object; 8 bytes a row are in memory."""

    def __init__(self, kind: type[T]) -> None:
        self._adapter: TypeAdapter[T] = TypeAdapter(kind)
        self._file = tempfile.TemporaryFile(prefix="pentimento-")  # noqa: SIM115 - lives as long as this object
        self._ends = array("Q", [0])

    def add(self, row: T) -> None:
        """Append; what was read before stays as it is."""
        line = self._adapter.dump_json(row)
        self._file.seek(self._ends[-1])
        self._file.write(line)
        self._ends.append(self._ends[-1] + len(line))

    def lines(self, begin: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The rows as JSON, as they lie in the file."""
        end = len(self) if end is None else end
        for first in range(begin, end, BLOCK):
            ends = self._ends[first : min(first + BLOCK, end) + 1]
            self._file.flush()
            block = os.pread(self._file.fileno(), ends[-1] - ends[0], ends[0])
            yield from (block[a - ends[0] : b - ends[0]] for a, b in pairwise(ends))

    def _rows(self, begin: int, end: int) -> Iterable[T]:
        return (self._adapter.validate_json(line) for line in self.lines(begin, end))

    def __len__(self) -> int:
        return len(self._ends) - 1


class Picked(Lazily[T]):
    """What `read` makes of some of the places of another sequence, such as the good rows alone."""

    def __init__(self, read: Callable[[int], T], places: Sequence[int]) -> None:
        self._read, self._places = read, places

    def _rows(self, begin: int, end: int) -> Iterable[T]:
        return (self._read(place) for place in self._places[begin:end])

    def __len__(self) -> int:
        return len(self._places)


class Changed(Lazily[T]):
    """Every row of another sequence, changed when it is asked for."""

    def __init__(self, rows: Sequence[Any], change: Callable[[Any], T]) -> None:
        self.rows, self._change = rows, change

    def _rows(self, begin: int, end: int) -> Iterable[T]:
        return map(self._change, self.rows[begin:end])

    def __len__(self) -> int:
        return len(self.rows)


def held(rows: Iterable[T], kind: type[T]) -> Sequence[T]:
    """All rows, in order: a tuple of up to AT_HAND, else in a file."""
    first: list[T] = []
    left = iter(rows)
    for row in left:
        first.append(row)
        if len(first) > AT_HAND:
            break
    else:
        return tuple(first)
    spool = Spooled(kind)
    for one in first:
        spool.add(one)
    first.clear()
    for one in left:
        spool.add(one)
    return spool


def changed(rows: Sequence[S], change: Callable[[S], T]) -> Sequence[T]:
    """Every row changed: at once where they are held, else when it is asked for."""
    return Changed(rows, change) if isinstance(rows, Lazily) else tuple(map(change, rows))
