"""Pictures at once share the cores."""

from __future__ import annotations

import os
from collections.abc import Iterator

import cv2
import pytest

from tasks.sizing import share_cores


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    threads = cv2.getNumThreads()
    yield
    cv2.setNumThreads(threads)


def test_one_picture_has_all_cores_and_many_have_one_each() -> None:
    cores = len(os.sched_getaffinity(0))
    share_cores(1)
    assert cv2.getNumThreads() == cores
    share_cores(cores)
    assert cv2.getNumThreads() == 1
    share_cores(1000)
    assert cv2.getNumThreads() == 1
    share_cores(0)
    assert cv2.getNumThreads() == cores
