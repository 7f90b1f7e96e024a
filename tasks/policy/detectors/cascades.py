"""Faces and number plates by the boosted cascades in OpenCV's wheel (Viola and Jones 2001)."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box
from tasks.policy.detectors.confirm import FACE_PROOFS, Proof, holds
from tasks.policy.detectors.contract import Bytes3
from tasks.policy.detectors.windows import STEP, Window, windows, windows_near


@dataclass(frozen=True, slots=True)
class Pass:
    """One cascade over one scaled copy of the picture."""

    file: str
    side: int
    """The longer side is brought down to this, px."""
    smallest: tuple[int, int]
    """Width and height of the least find in that copy, px."""
    neighbours: int
    """Windows that must agree."""
    near: int
    """The same where only the surroundings of some boxes are looked at: they are fewer there, and meet less by chance."""
    mirrored: bool = False
    """Also over the mirror picture: the profile cascade knows one side only."""
    every: int = 1
    """Near boxes, every so many-th size is tried first: 2 for faces, which windows of the sizes next to theirs take too."""


FACE = (
    Pass("haarcascade_frontalface_alt.xml", 512, (24, 24), 3, 2, every=2),
    Pass("haarcascade_profileface.xml", 320, (24, 24), 3, 2, mirrored=True, every=2),
)
"""Measured on scikit-image's photographs: `alt` finds 98 of the 100 faces of its LFW set, none in the 100 others, and in
12 photographs only the astronaut's; `default` finds as many, and 4 coins."""
PLATE = (Pass("haarcascade_russian_plate_number.xml", 640, (48, 16), 4, 4),)
Grey = NDArray[np.uint8]


class CascadeDetector:
    """Keeps one set of classifiers a thread: they hold buffers between calls and are not safe to share."""

    def __init__(self, folder: Path, passes: tuple[Pass, ...], proofs: tuple[Proof, ...] = ()) -> None:
        """proofs: a find has to meet one of them, where there are some. Raises OSError for a file that cannot be read,
        ValueError for one that is no cascade."""
        names = sorted({one.file for one in passes} | {file for proof in proofs for file in proof.files})
        self._paths = {name: folder / name for name in names}
        digests = [
            f"{name}:{hashlib.sha256(path.read_bytes()).hexdigest()}" for name, path in self._paths.items()
        ]
        for path in self._paths.values():
            _load(path)
        said = f"{passes} {proofs} opencv {cv2.__version__} step {STEP} near 3"
        self._version = hashlib.sha256("\n".join([*digests, said]).encode()).hexdigest()[:16]
        self._passes, self._proofs = passes, proofs
        self._local = threading.local()

    @property
    def version(self) -> str:
        return self._version

    def find(self, image: Bytes3, near: Sequence[Box] = ()) -> tuple[Box, ...]:
        """Boxes in the pixels of `image`, sorted. Finds smaller than a pass's `smallest` are not seen.

        near: boxes of the image. With some, only windows that may be of a find that touches one are looked at."""
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
        found: set[Box] = set()
        for one in self._passes:
            found |= self._find(one, grey, near)
        loaded = self._classifiers()
        return tuple(b for b in sorted(found) if not self._proofs or holds(grey, b, self._proofs, loaded))

    def _find(self, one: Pass, grey: Grey, near: Sequence[Box]) -> set[Box]:
        height, width = grey.shape
        scale = min(one.side / max(height, width), 1.0)
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        small = (
            np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8) if scale < 1 else grey
        )
        fx, fy = width / size[0], height / size[1]
        places = [(int(x0 / fx), int(y0 / fy), ceil(x1 / fx), ceil(y1 / fy)) for x0, y0, x1, y1 in near]
        boxes = self._windows(one, small, places)
        if one.mirrored:
            flipped = np.ascontiguousarray(small[:, ::-1])
            mirrored = [(size[0] - x1, y0, size[0] - x0, y1) for x0, y0, x1, y1 in places]
            again = self._windows(one, flipped, mirrored)
            boxes += [(size[0] - x - w, y, w, h) for x, y, w, h in again]
        return {
            (int(x * fx), int(y * fy), min(round((x + w) * fx), width), min(round((y + h) * fy), height))
            for x, y, w, h in boxes
        }

    def _windows(self, one: Pass, grey: Grey, near: Sequence[Box]) -> list[Window]:
        cascade = self._classifiers()[one.file]
        if near:
            return windows_near(cascade, grey, one.smallest, one.near, near, one.every)
        return windows(cascade, grey, one.smallest, one.neighbours)

    def _classifiers(self) -> dict[str, cv2.CascadeClassifier]:
        if not hasattr(self._local, "loaded"):
            self._local.loaded = {name: _load(path) for name, path in self._paths.items()}
        loaded: dict[str, cv2.CascadeClassifier] = self._local.loaded
        return loaded


def _load(path: Path) -> cv2.CascadeClassifier:
    classifier = cv2.CascadeClassifier()
    try:
        good = classifier.load(str(path))
    except cv2.error as error:
        raise ValueError(f"{path.name} is no cascade") from error
    if not good or classifier.empty():
        raise ValueError(f"{path.name} is no cascade")
    return classifier


class FaceDetector(CascadeDetector):
    """Faces, from the front and from the side, each confirmed, and looked for under lettering too."""

    def __init__(self, folder: Path) -> None:
        """Raises as CascadeDetector: half a face detector is none."""
        super().__init__(folder, FACE, FACE_PROOFS)

    def find_under(self, image: Bytes3, bare: Bytes3, near: Sequence[Box] = ()) -> tuple[Box, ...]:
        """As `find`, over both views: lettering over a face hides it, and what closes a broad hole does so too."""
        return tuple(sorted({*self.find(bare, near), *self.find(image, near)}))
