"""QR codes and barcodes by OpenCV's own detectors. Found is enough: a code that cannot be decoded is one all the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import cv2
import numpy as np

from tasks.contracts import Box
from tasks.policy.detectors.bars import Quad, has_bars
from tasks.policy.detectors.contract import Bytes3
from tasks.policy.detectors.finders import Grey, may_hold_qr

SMALLEST = 24
"""px: below this neither detector sees anything, and one of them fails."""


class CodeDetector:
    """Detectors of `cv2` with `detectMulti`, each made once a thread: they keep state between calls."""

    def __init__(
        self,
        name: str,
        makers: Sequence[Callable[[], Any]],
        scales: Sequence[float],
        worth: Callable[[Grey, Sequence[Box]], bool] | None = None,
        proof: Callable[[Grey, Quad], bool] | None = None,
    ) -> None:
        """makers: each gives a cv2 object; all look at the picture at all scales. worth: a quick look at the grey picture
        that says whether it may hold a code at all (near some boxes); proof: whether a find of 4×2 corners holds. Raises what makers raise."""
        for make in makers:
            make()
        self._makers, self._scales, self._local = tuple(makers), tuple(scales), threading.local()
        self._worth, self._proof = worth, proof
        quick = "".join(f" {check.__name__} 2" for check in (worth, proof) if check)
        self._version = f"{name} {len(makers)} at {self._scales}{quick} opencv {cv2.__version__}"

    @property
    def version(self) -> str:
        return self._version

    def find(self, image: Bytes3, near: Sequence[Box] = ()) -> tuple[Box, ...]:
        """Boxes around the codes, in the pixels of `image`, sorted. near: boxes; codes apart from them may be left out."""
        height, width = image.shape[:2]
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
        if self._worth and not self._worth(grey, near):
            return ()
        boxes: set[Box] = set()
        for scale in self._scales:
            size = (round(width * scale), round(height * scale))
            if min(size) < SMALLEST:
                continue
            way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            shown = grey if scale == 1 else cv2.resize(grey, size, interpolation=way)
            for detector in self._detectors():
                found, corners = detector.detectMulti(shown)
                if found and corners is not None:
                    corners = [
                        q
                        for q in corners
                        if self._proof is None or self._proof(np.asarray(shown, np.uint8), q)
                    ]
                if found and corners is not None and len(corners):
                    quads = np.asarray(corners, np.float64).reshape(-1, 4, 2) / (
                        size[0] / width,
                        size[1] / height,
                    )
                    boxes |= _boxes(quads, width, height)
        return tuple(sorted(boxes))

    def _detectors(self) -> list[Any]:
        if not hasattr(self._local, "made"):
            self._local.made = [make() for make in self._makers]
        made: list[Any] = self._local.made
        return made


def _boxes(quads: Iterable[np.ndarray[Any, np.dtype[np.float64]]], width: int, height: int) -> set[Box]:
    boxes = set()
    for quad in quads:
        x0, y0 = np.floor(quad.min(axis=0))
        x1, y1 = np.ceil(quad.max(axis=0))
        box = (max(int(x0), 0), max(int(y0), 0), min(int(x1), width), min(int(y1), height))
        if box[0] < box[2] and box[1] < box[3]:
            boxes.add(box)
    return boxes


def qr_detector() -> CodeDetector:
    """QR codes, by both of OpenCV's ways: one misses codes of 2 px a module, which the other finds."""
    return CodeDetector("qr", (cv2.QRCodeDetector, cv2.QRCodeDetectorAruco), (1.0,), may_hold_qr)


def barcode_detector() -> CodeDetector:
    """EAN, UPC and their kin, at two scales: at a single one, clean codes of some sizes are missed.

    Of 227 EAN codes of 1.3 to 4 px a module under lettering in photographs they find 219; with 1.5 as well 220, for twice
    the time. In 778 lettered pictures without a code, clothing above all, they find none
    at the letters; by the count of edges alone, 15."""
    return CodeDetector("barcode", (cv2.barcode.BarcodeDetector,), (0.5, 1.0), proof=has_bars)
