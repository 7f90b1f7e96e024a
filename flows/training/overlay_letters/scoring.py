"""Scores a file of the network on drawn crops of held-out photographs: `python -m flows.training.overlay_letters.scoring`."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.training.overlay_letters.grounds import NEITHER, NOT_OVERLAY, OVERLAY, SCENE
from flows.training.overlay_letters.pictures import held_out, with_boxes
from flows.training.overlay_letters.samples import SIDE, Sample, sample
from flows.training.text_origin.sources import photographs, typefaces
from flows.training.text_origin.train import BOXES

SEED = 77
"""Other crops than those of a training run."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares of pixels, 0–1; NaN where there are none."""

    crops: int
    recall: float
    """Of the overlay's pixels called overlay (likelier than 0.5)."""
    precision: float
    """Of those called overlay, of all whose label is known."""
    print_called_overlay: float
    """Of the pixels of drawn print."""
    ground_called_overlay: float
    """Of all other pixels of the photographs, their own print among them."""


def scored(session: Any, crops: Sequence[Sample]) -> Scores:
    """session: an ONNX Runtime session of the exported network."""
    counts, totals = np.zeros(3, np.int64), np.zeros(3, np.int64)
    for crop in crops:
        called = _overlay(session, crop.picture) > 0.5
        for n, where in enumerate(_places(crop.labels)):
            counts[n] += int((called & where).sum())
            totals[n] += int(where.sum())
    told = counts[0] + counts[1] + counts[2]
    shares = [float(c / t) if t else float("nan") for c, t in zip(counts, totals, strict=True)]
    return Scores(
        len(crops), shares[0], float(counts[0] / told) if told else float("nan"), shares[1], shares[2]
    )


def _places(labels: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], ...]:
    known = np.isin(labels, (NEITHER, NOT_OVERLAY))
    return labels == OVERLAY, labels == SCENE, known


def _overlay(session: Any, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    given = (picture.astype(np.float32) / np.float32(255)).transpose(2, 0, 1)[None]
    return np.asarray(session.run(None, {"picture": np.ascontiguousarray(given)})[0][0, OVERLAY], np.float32)


def main(argv: Sequence[str] | None = None) -> None:
    """Prints one JSON object."""
    ort: Any = import_module("onnxruntime")  # it has no types
    given = _parsed(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    pictures = photographs(given.photographs, tuple(given.leave_out))
    unseen = [p for p in with_boxes(pictures, given.boxes) if held_out(p.name)]
    faces = typefaces(given.fonts)
    session = ort.InferenceSession(str(given.model), providers=["CPUExecutionProvider"])
    crops = [sample(SEED, n, unseen, faces, SIDE) for n in range(given.count)]
    _log.info("%s", json.dumps(asdict(scored(session, crops))))


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--photographs", type=Path, nargs="+", required=True, help="the folders of the run")
    parser.add_argument("--leave-out", nargs="*", default=[])
    parser.add_argument("--boxes", type=Path, default=BOXES)
    parser.add_argument("--fonts", type=Path, nargs="*", default=[])
    parser.add_argument("--count", type=int, default=400)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
