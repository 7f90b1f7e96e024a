"""Which pictures a run looks at, in full and quick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.bench.upscale.pictures import Pair, benchmark, catalogue, from_folders, own
from tasks.errors import BadRequest

SCALES = (2, 3, 4)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person named."""

    hr: Path | None = None
    lr: Path | None = None
    scale: int | None = None

    def check(self) -> None:
        """Raises BadRequest for a scale that nothing offers, small pictures without large ones, and large ones without a scale."""
        if self.scale is not None and self.scale not in SCALES:
            raise BadRequest(
                f"nothing enlarges by {self.scale}", cure=f"one of {', '.join(map(str, SCALES))}"
            )
        if self.lr is not None and self.hr is None:
            raise BadRequest("--lr says where the small pictures are: --hr is missing")
        if self.hr is not None and self.scale is None:
            raise BadRequest("--hr needs --scale: by how much the pictures are to be enlarged")


@dataclass(frozen=True, slots=True)
class Named:
    """A set of pictures at one scale."""

    name: str
    scale: int
    pairs: Sequence[Pair]


def for_table(asked: Asked, quick: bool) -> list[Named]:
    """A folder's, or the benchmarks' and the catalogue's where at hand, or scikit-image's photographs."""
    if asked.hr is not None and asked.scale is not None:
        return [Named("folder", asked.scale, from_folders(asked.hr, asked.lr, asked.scale))]
    scales = (asked.scale,) if asked.scale else (2, 4) if quick else SCALES
    found = [one for scale in scales for one in _at(scale, quick)]
    return found or [Named("scikit-image", scale, own(scale)[: 2 if quick else 4]) for scale in scales]


def _at(scale: int, quick: bool) -> list[Named]:
    few = 2 if quick else 99
    made = [Named("set5", scale, benchmark("set5", scale))]
    if scale != 3:
        made.append(Named("kodak", scale, benchmark("kodak", scale, few)))
        made.append(Named("catalogue", scale, _smallest(catalogue(scale), few)))
    return [one for one in made if one.pairs]


def hard(scale: int, quick: bool) -> list[Pair]:
    """Kodak and CID22; without them, scikit-image's photographs."""
    few = 1 if quick else 99
    found = [*benchmark("kodak", scale, few), *benchmark("cid22", scale, few + quick)]
    return found or own(scale)[: 2 if quick else 4]


def shop(scale: int, quick: bool) -> list[Pair]:
    """Catalogue photographs held out of all training."""
    return _smallest(catalogue(scale), 2 if quick else 99)


def _smallest(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """The first of them by size, in the order they came."""
    kept = sorted(pairs, key=lambda p: p.truth.size)[:most]
    return [p for p in pairs if any(p is k for k in kept)]
