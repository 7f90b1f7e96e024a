"""A run's result in the store: one document, or, of a run of many pictures, a short one with the items in others beside it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from pydantic import TypeAdapter

from infra.store.store import Store
from tasks.results import ItemResult, RunResult
from tasks.run_files import JSON
from tasks.spooled import Lazily, Spooled

RESULT = "result.json"
ITEMS = "items/"
BLOCK = 256
"""Items of one document."""
_ROWS = TypeAdapter(tuple[ItemResult, ...])


class StoredItems(Lazily[ItemResult]):
    """The items of a run in the store; one document of them is in memory at a time."""

    def __init__(self, store: Store, run_id: str, number: int) -> None:
        self._store, self._run_id, self._number = store, run_id, number
        self._held: tuple[int, tuple[ItemResult, ...]] = (-1, ())

    def __len__(self) -> int:
        return self._number

    def _rows(self, begin: int, end: int) -> Iterable[ItemResult]:
        for block in range(begin // BLOCK, -(-end // BLOCK)):
            first = block * BLOCK
            yield from self._block(block)[max(begin - first, 0) : end - first]

    def _block(self, number: int) -> tuple[ItemResult, ...]:
        known, rows = self._held
        if known != number:
            rows = _ROWS.validate_json(self._store.read_run(self._run_id, _name(number)))
            self._held = number, rows
        return rows


def write_result(store: Store, result: RunResult) -> None:
    """Keep a run's result; the document that says that it has ended is written last. Raises Unavailable."""
    if isinstance(result.items, Spooled):
        lines = result.items.lines()
        for number in range(-(-len(result.items) // BLOCK)):
            data = b"[" + b",".join(islice(lines, BLOCK)) + b"]"
            store.write_run(result.run_id, _name(number), data, JSON)
        text = result.model_copy(update={"items": ()}).model_dump_json().removesuffix("}")
        text += f',"stored":{len(result.items)}}}'
    else:
        text = result.model_dump_json()
    store.write_run(result.run_id, RESULT, text.encode(), JSON)


def stored_result(store: Store, run_id: str) -> RunResult:
    """As `write_result` kept it. Raises NotFound and pydantic's ValidationError."""
    result = RunResult.model_validate_json(store.read_run(run_id, RESULT))
    if not result.stored:
        return result
    return result.model_copy(update={"items": StoredItems(store, run_id, result.stored)})


def _name(block: int) -> str:
    return f"{ITEMS}{block:05d}.json"
