"""The truth set: every case by its kind and number, made afresh from a seed, never stored."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from flows.bench.text import grounds, words
from flows.bench.text.case import Case, compose
from flows.bench.text.faces import faces
from flows.bench.text.kinds import KINDS, make, visible
from flows.bench.text.writing import caption, pick
from flows.demo.split import Side

SEED: Final = 20251123
REPEATED: Final = {4: (4, 1), 8: (2, 1)}
"""Pictures of a supplier that share an overlay, to how many suppliers there are in full and quick."""


@dataclass(frozen=True, slots=True)
class Spec:
    """Names what to make: one case, or the pictures of one supplier."""

    kind: str
    n: int
    pictures: int = 1


def specs(quick: bool) -> tuple[Spec, ...]:
    """Everything the bench looks at, in a fixed order; kinds whose typefaces are not here are left out."""
    single = [
        Spec(kind.name, n)
        for kind in KINDS
        if faces(kind.style)
        for n in range(kind.quick if quick else kind.full)
    ]
    groups = [
        Spec(f"repeated over {pictures}", n, pictures)
        for pictures, counts in REPEATED.items() for n in range(counts[1 if quick else 0])
    ]  # fmt: skip
    return (*single, *groups)


def skipped() -> dict[str, str]:
    """Kinds that are left out, and why."""
    return {k.name: f"no typeface for {k.style} on this machine" for k in KINDS if not faces(k.style)}


def cases(spec: Spec, side: Side) -> tuple[Case, ...]:
    """The spec's case, or those of its supplier."""
    rng = np.random.default_rng((SEED, zlib.crc32(spec.kind.encode()), spec.n))
    if spec.pictures > 1:
        return _supplier(spec, side, rng)
    kind = next(kind for kind in KINDS if kind.name == spec.kind)
    return (make(kind, spec.n, side, rng),)


def _supplier(spec: Spec, side: Side, rng: np.random.Generator) -> tuple[Case, ...]:
    """One semi-transparent overlay at one place on several pictures of one size."""
    pictures = [grounds.photo(rng, side, spec.pictures + spec.n * 11 + n) for n in range(spec.pictures)]
    height, width = (min(picture.shape[axis] for picture in pictures) for axis in (0, 1))
    pictures = [picture[:height, :width] for picture in pictures]
    mean = np.rint(np.mean(pictures, axis=0)).astype(np.uint8)
    badge = caption(mean, pick(rng, words.URLS), "bold", rng, size=(24, 44))
    badge = visible(mean, replace(badge, opacity=float(rng.uniform(0.35, 0.7))))
    return tuple(
        compose(f"{spec.kind}-{spec.n:02d}-{n}", spec.kind, picture, (badge,))
        for n, picture in enumerate(pictures)
    )
