"""Loads the detectors that this machine has, and says why the others are missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import cv2

from tasks.policy.detectors.cascades import PLATE, CascadeDetector, FaceDetector
from tasks.policy.detectors.codes import barcode_detector, qr_detector
from tasks.policy.detectors.contract import Detector, Detectors


def _folder() -> Path:
    return Path(cv2.data.haarcascades)  # type: ignore[attr-defined]


LOADERS: Mapping[str, Callable[[], Detector]] = {
    "face": lambda: FaceDetector(_folder()),
    "plate": lambda: CascadeDetector(_folder(), PLATE),
    "qr": qr_detector,
    "barcode": barcode_detector,
}
"""The names that a policy may ask for."""


def load_detectors() -> Detectors:
    """Every detector that can be loaded; `missing` keeps the reason for each that cannot. Never raises for one."""
    found: dict[str, Detector] = {}
    missing: dict[str, str] = {}
    for name, load in LOADERS.items():
        try:
            found[name] = load()
        except (OSError, ValueError, AttributeError, cv2.error) as error:
            missing[name] = f"{type(error).__name__}: {error}".splitlines()[0]
    return Detectors(found, missing)
