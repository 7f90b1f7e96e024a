"""The Parquet of outcomes: a row a picture, with references into the store, written a group of rows at a time."""

from __future__ import annotations

import io
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tasks.results import ItemResult

if TYPE_CHECKING:
    import pyarrow as pa

GROUP = 256
"""Rows of a group, which are in memory together."""
TEXTS = ("id", "source", "output", "outcome", "stage", "reason")
NUMBERS = ("width", "height", "regions")
MORE_TEXTS = ("plan", "source_sha256", "output_sha256", "engines")


def write_outcomes(items: Iterable[ItemResult], to: Path | BinaryIO) -> None:
    """`detail` is the item's whole JSON, `seconds` of all its stages together."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, left = _schema(), iter(items)
    with pq.ParquetWriter(to, schema) as writer:
        rows = [_row(item) for item in islice(left, GROUP)]
        while rows:
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            rows = [_row(item) for item in islice(left, GROUP)]


def outcomes_parquet(items: Iterable[ItemResult]) -> bytes:
    """The same, as bytes."""
    out = io.BytesIO()
    write_outcomes(items, out)
    return out.getvalue()


def _schema() -> pa.Schema:
    import pyarrow as pa

    columns = [(name, pa.string()) for name in TEXTS] + [(name, pa.int64()) for name in NUMBERS]
    columns += [(name, pa.string()) for name in MORE_TEXTS]
    return pa.schema([*columns, ("seconds", pa.float64()), ("detail", pa.string())])


def _row(item: ItemResult) -> dict[str, Any]:
    return {
        "id": item.id, "source": item.source, "output": item.output, "outcome": item.outcome, "stage": item.stage,
        "reason": item.reason, "width": item.width, "height": item.height, "regions": len(item.regions),
        "plan": item.plan, "source_sha256": item.source_sha256, "output_sha256": item.output_sha256,
        "engines": ",".join(dict.fromkeys(r.engine for r in item.regions)),
        "seconds": float(sum(s.seconds for s in item.stages)), "detail": item.model_dump_json(),
    }  # fmt: skip
