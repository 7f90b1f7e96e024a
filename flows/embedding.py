"""Pictures and regions of a run as vectors, before and after; how far apart they are, and which look least like the rest."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from PIL import Image

from flows.embedding_eye import Eye, Levels, Vector, eye_of
from flows.sheet_stored import stored_bytes, stored_levels
from tasks.results import ItemResult
from tasks.verification.embedding_distance import Figures, Vectors, cosine_distance
from tasks.workshop import Workshop

BEFORE, AFTER = ("before", "region"), ("after", "final")
"""Names of a picture's thumbnail and of a region's artifact."""


@dataclass(frozen=True)
class Embedded:
    """A row each for N pictures and M regions; rows of zeros where there was nothing to embed."""

    by: str
    """`descriptor`, or `id@version` of the network."""
    ids: tuple[str, ...]
    before: Vectors
    after: Vectors
    regions: tuple[tuple[str, int], ...]
    """Item and number."""
    region_before: Vectors
    region_after: Vectors

    @property
    def changed(self) -> Figures:
        """N cosine distances between before and after."""
        return cosine_distance(self.before, self.after)

    @property
    def regions_changed(self) -> Figures:
        """M of the same."""
        return cosine_distance(self.region_before, self.region_after)


def embedded(shop: Workshop, items: Iterable[ItemResult]) -> Embedded:
    """The first pictures that have any, in order, and their first regions; as many as the eye sees in reasonable time.

    By a vision transformer where a card of role `embed` has its weights at hand, by the compact descriptor else."""
    eye = eye_of(shop)
    shown = list(islice((i for i in items if i.thumbnails), eye.most))
    regions = [(i.id, r) for i in shown for r in i.regions if AFTER[1] in r.artifacts][: eye.most]
    pictures = [
        [_picture(shop, eye, i.thumbnails.get(name, "")) for i in shown] for name in (BEFORE[0], AFTER[0])
    ]
    crops = [
        [_region(shop, eye, r.artifacts.get(name, "")) for _, r in regions] for name in (BEFORE[1], AFTER[1])
    ]
    length = next(
        (v.size for v in (*pictures[0], *pictures[1], *crops[0], *crops[1]) if v is not None), eye.length
    )
    before, after, region_before, region_after = (_rows(vectors, length) for vectors in (*pictures, *crops))
    numbers = tuple((item, r.n) for item, r in regions)
    return Embedded(eye.name, tuple(i.id for i in shown), before, after, numbers, region_before, region_after)


def _picture(shop: Workshop, eye: Eye, sha256: str) -> Vector | None:
    def load() -> Levels | None:
        data = stored_bytes(shop, sha256)
        if data is None:
            return None
        opened = Image.open(io.BytesIO(data), formats=("JPEG", "WEBP"))
        opened.draft("RGB", (eye.side, eye.side))  # a JPEG is decoded no larger than it is looked at
        return np.asarray(opened.convert("RGB"), np.uint8)

    return eye.see(sha256, load) if sha256 else None


def _region(shop: Workshop, eye: Eye, sha256: str) -> Vector | None:
    def load() -> Levels | None:
        levels = stored_levels(shop, sha256)
        if levels is None:
            return None
        return np.ascontiguousarray(np.repeat(levels, 3, axis=2) if levels.shape[2] == 1 else levels[..., :3])

    return eye.see(sha256, load) if sha256 else None


def _rows(vectors: Sequence[Vector | None], length: int) -> Vectors:
    table = np.zeros((len(vectors), length), np.float32)
    for row, vector in zip(table, vectors, strict=True):
        if vector is not None:
            row[:] = vector
    return table


def embeddings_npz(found: Embedded) -> bytes:
    """`ids`, `before`, `after` (a row each), `regions` (`id#n`), `region_before`, `region_after`, `distances`,
    `region_distances` (NaN where there is no before), `by`."""
    out = io.BytesIO()
    np.savez_compressed(
        out, allow_pickle=False, by=np.array(found.by), ids=np.array(found.ids, dtype="U120"), before=found.before,
        after=found.after, regions=np.array([f"{i}#{n}" for i, n in found.regions], dtype="U128"),
        region_before=found.region_before, region_after=found.region_after,
        distances=found.changed.astype(np.float32), region_distances=found.regions_changed.astype(np.float32),
    )  # fmt: skip
    return out.getvalue()
