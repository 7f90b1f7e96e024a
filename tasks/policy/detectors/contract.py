"""What a detector does, and the set of those at hand with the reasons why others are not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box

Bytes3 = NDArray[np.uint8]
"""H×W×3 uint8 RGB."""


@runtime_checkable
class Detector(Protocol):
    """Finds one kind of thing. The same bytes give the same boxes; may be called from several threads at once."""

    @property
    def version(self) -> str:
        """Changes whenever the boxes could."""
        ...

    def find(self, image: Bytes3, near: Sequence[Box] = ()) -> tuple[Box, ...]:
        """Boxes in the pixels of `image` (unchanged), sorted; none where there is nothing. Any size from 1×1.

        near: boxes of the image. With some, finds that reach into none of them may be left out, which is faster."""
        ...


@runtime_checkable
class SeesThrough(Detector, Protocol):
    """A detector that also looks under lettering."""

    def find_under(self, image: Bytes3, bare: Bytes3, near: Sequence[Box] = ()) -> tuple[Box, ...]:
        """As `find`, over both views. bare: the same view without its lettering."""
        ...


@dataclass(frozen=True)
class Detectors(Mapping[str, Detector]):
    """The detectors that could be loaded, by name."""

    found: Mapping[str, Detector]
    missing: Mapping[str, str] = field(default_factory=dict)
    """Name to why it could not be."""

    def __getitem__(self, name: str) -> Detector:
        return self.found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


def identity(detectors: Mapping[str, Detector]) -> str:
    """sha256 over the names and versions at hand: part of a record's key, so that one more or one less decides anew."""
    lines = [f"{name}={detectors[name].version}" for name in sorted(detectors)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
