"""A run as tracking is told of it: outcomes whose pictures lie in a store, and a sample of them."""

from __future__ import annotations

import io
from collections.abc import Sequence

from flows.bench.orchestration.pictures import Work, jpeg
from flows.track_run import outcomes_parquet
from infra.store.store import Store
from infra.tracking.model import Sample, TrackedRun
from tasks.results import ItemResult

SAMPLE = 24
SHOWN = Work("shown", 320, 240, "")


def thumbnails(pictures: int) -> list[bytes]:
    """As JPEG files, each of its own content."""
    return [jpeg(SHOWN, n) for n in range(pictures)]


def run_of(store: Store, run_id: str, pictures: Sequence[bytes]) -> TrackedRun:
    """Every picture by reference in the outcomes, and SAMPLE of them as pictures."""
    refs = [store.put(data, "image/jpeg").sha256 for data in pictures]
    items = [
        ItemResult(
            id=f"p{n:05d}", source="", outcome="done", output_sha256=sha256, thumbnails={"after": sha256}
        )
        for n, sha256 in enumerate(refs)
    ]
    sample = [
        Sample("stage/after", n, data, "image/jpeg", f"p{n:05d}") for n, data in enumerate(pictures[:SAMPLE])
    ]
    return TrackedRun(
        run_id, "catalog", {"pictures": str(len(items))}, {"outcome.done": float(len(items))}, samples=tuple(sample),
        files={"outcomes.parquet": outcomes_parquet(items)},
    )  # fmt: skip


def references(parquet: bytes) -> list[str]:
    """The digests that a Parquet of outcomes names."""
    import pyarrow.parquet as pq

    return [str(value) for value in pq.read_table(io.BytesIO(parquet)).column("output_sha256").to_pylist()]
