"""Threads of libraries, sized to the cores."""

from __future__ import annotations

import os

import cv2


def share_cores(at_once: int) -> None:
    """Give OpenCV in this process so many threads that `at_once` pictures, worked on together, have a core each and no more.

    Its results do not depend on it. Call it while nothing runs; ONNX Runtime's sessions have one thread each anyway."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cv2.setNumThreads(max(cores // max(at_once, 1), 1))
