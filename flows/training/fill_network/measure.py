"""Measures fill engines on pictures that were not trained on: `python -m flows.training.fill_network.measure --photographs FOLDER…`.

Holes as in training, and larger ones; the engines get them through the registry's wrapper, as in use."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.bench.fill.scores import perceptual, psnr, ssim
from flows.training.fill_network.holes import KINDS
from flows.training.fill_network.samples import Album, Sample, sample
from flows.training.fill_network.train import held_out
from flows.training.text_origin.sources import photographs, typefaces
from model_registry.engines import wrap
from model_registry.pool import EnginePool
from model_registry.registry import Registry

ENGINES: Final = ("plane", "telea", "navier-stokes", "exemplar", "fill-small")
SIZE: Final = 160
"""Of a crop, px."""
_SEED: Final = 77
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Score:
    """How like the truth a fill is inside its hole."""

    kind: str
    thickness: float
    """Of the hole: the largest distance from a pixel of it to one outside, px."""
    engine: str
    psnr: float
    ssim: float
    perceptual: float | None


def scores(samples: Iterator[Sample], engines: Sequence[str], registry: Registry) -> Iterator[Score]:
    """Every engine on every sample."""
    pool = EnginePool(registry, 4096)
    for one in samples:
        truth = _levels(one.truth)
        image = truth.astype(np.float32) / np.float32(255)
        thickness = float(cv2.distanceTransform(one.hole.astype(np.uint8), cv2.DIST_L2, 5).max())
        for name in engines:
            with pool.lease(name) as engine:
                made = wrap.fill(registry.get(name), engine, image, one.hole, seed=1, params={})
            levels = _levels(made)
            yield Score(
                one.kind, thickness, name, psnr(levels, truth, one.hole), ssim(levels, truth, one.hole),
                perceptual(levels, truth, one.hole),
            )  # fmt: skip


def table(found: Sequence[Score]) -> list[dict[str, object]]:
    """Means by kind of hole and engine; the last kind is `all`."""
    rows: list[dict[str, object]] = []
    for kind in (*KINDS, "all"):
        for engine in dict.fromkeys(s.engine for s in found):
            mine = [s for s in found if s.engine == engine and kind in (s.kind, "all")]
            far = [s.perceptual for s in mine if s.perceptual is not None]
            if mine:
                rows.append({
                    "kind": kind, "engine": engine, "holes": len(mine),
                    "psnr": round(float(np.mean([s.psnr for s in mine])), 2),
                    "ssim": round(float(np.mean([s.ssim for s in mine])), 4),
                    "perceptual": round(float(np.mean(far)), 4) if far else None,
                })  # fmt: skip
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table, one JSON object a row."""
    given = _parsed(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cv2.setNumThreads(1)
    found = photographs(given.photographs, tuple(given.leave_out), given.most)
    unseen = [p for p in found if held_out(p)]
    _log.info("%d pictures of %d are held out", len(unseen), len(found))
    album, faces = Album.of(unseen or found), typefaces(given.fonts)
    drawn = (
        sample(np.random.default_rng([_SEED, n]), album, faces, SIZE, KINDS[n % len(KINDS)])
        for n in range(given.count)
    )
    for row in table(list(scores(drawn, given.engines, Registry.load(*given.cards)))):
        _log.info(json.dumps(row))


def _levels(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path, nargs="*", default=[], help="the training's folders")
    parser.add_argument(
        "--leave-out", nargs="*", default=[], help="beginnings of names of pictures not to use"
    )
    parser.add_argument(
        "--most", type=int, default=10_000, help="pictures of a folder, spread evenly over it"
    )
    parser.add_argument("--fonts", type=Path, nargs="*", default=[], help="folders with more typefaces")
    parser.add_argument("--cards", type=Path, nargs="*", default=[], help="folders with more cards")
    parser.add_argument("--engines", nargs="*", default=list(ENGINES))
    parser.add_argument("--count", type=int, default=120, help="holes")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
