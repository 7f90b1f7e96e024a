"""Real pictures from the development data: posters with their clean counterparts, and print that must stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.bench.text.case import Case, Line
from flows.bench.text.detector import detect
from flows.bench.text.edited import opened
from flows.bench.text.grounds import data_folder
from flows.bench.text.lettering import Polygon

Levels = NDArray[np.uint8]
_STEP = 24
"""Levels by which a poster and its clean counterpart differ where there is lettering; their codecs differ by less."""


def real_cases(quick: bool) -> Iterator[Case]:
    """What is at hand, in a fixed order: fewer when quick."""
    yield from _posters(1 if quick else 5)
    yield from _signs(1 if quick else 5)
    yield from _pairs(1 if quick else 5)
    yield from _shelf(2 if quick else 16)


def _posters(most: int) -> Iterator[Case]:
    folder = data_folder("dev", "text", "poster_pairs")
    if folder is None:
        return
    for n in range(most):
        truth, data = opened((folder / f"{n}_g.png").read_bytes()), (folder / f"{n}.png").read_bytes()
        yield _compared(f"poster-{n}", "poster (real)", truth, data)


def _compared(name: str, kind: str, truth: Levels, data: bytes) -> Case:
    """The overlay is where the two differ: its opacity is not known, so 1 where they do."""
    off = np.abs(opened(data).astype(np.int16) - truth).max(axis=2) > _STEP
    alpha = off.astype(np.float32)
    paint = opened(data).astype(np.float32) / 255 * alpha[..., None]
    joined = cv2.dilate(off.astype(np.uint8), np.ones((9, 31), np.uint8))
    count, label = cv2.connectedComponents(joined, ltype=cv2.CV_32S)
    lines = [_line(np.asarray(label == n), alpha) for n in range(1, count)]
    return Case(
        name, kind, truth, data, ".png", alpha, paint, tuple(line for line in lines if line.alpha.sum() > 60)
    )


def _line(blob: NDArray[np.bool_], alpha: NDArray[np.float32]) -> Line:
    points = np.argwhere(blob)[:, ::-1].astype(np.int32)
    return Line("", cv2.boxPoints(cv2.minAreaRect(points)).astype(np.float64), np.where(blob, alpha, 0))


def _signs(most: int) -> Iterator[Case]:
    folder = data_folder("dev", "text", "icdar2015_det")
    if folder is None:
        return
    listed = json.loads((folder / "textdet.json").read_text())["data_list"]
    for entry in listed[:most]:
        outlines = [np.array(i["polygon"], np.float64).reshape(-1, 2) for i in entry["instances"]]
        yield _untouched("street signs (real)", folder / Path(entry["img_path"]).name, outlines)


def _pairs(most: int) -> Iterator[Case]:
    folder = data_folder("dev", "text", "scene_pairs")
    if folder is None:
        return
    for n in range(1, most + 1):
        mask = opened((folder / "all_masks" / f"{n}.jpg").read_bytes())[..., 0] > 127
        mask = ~mask if mask.mean() > 0.5 else mask
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        outlines = [_box(stats[i]) for i in range(1, count) if stats[i][cv2.CC_STAT_AREA] > 30]
        yield _untouched("shop signs (real)", folder / "all_images" / f"{n}.jpg", outlines)


def _box(stats: NDArray[np.int32]) -> Polygon:
    x, y, wide, tall = (float(v) for v in stats[:4])
    return np.array([[x, y], [x + wide, y], [x + wide, y + tall], [x, y + tall]])


def _shelf(most: int) -> Iterator[Case]:
    """No one has marked the print on these: it is what the other detector sees."""
    folder = data_folder("dev", "product", "grocery_shelf")
    for path in sorted(folder.glob("*.jpg"))[:most] if folder else ():
        outlines = detect(opened(path.read_bytes()))
        if outlines:
            yield _untouched("packages (real)", path, list(outlines))


def _untouched(kind: str, path: Path, outlines: list[Polygon]) -> Case:
    """A picture that holds no overlay: its own truth."""
    data = path.read_bytes()
    truth = opened(data)
    nothing = np.zeros(truth.shape[:2], np.float32)
    paint = np.zeros(truth.shape, np.float32)
    return Case(
        f"{kind.split(' (')[0]}-{path.stem[:24]}",
        kind,
        truth,
        data,
        ".jpg",
        nothing,
        paint,
        (),
        tuple(outlines),
    )
