"""Fuzzers' finds and format test suites: every file ends as pixels or as a typed refusal."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import Rejected, TooLarge
from tasks.triage.decode import decode

CORPUS = Path(os.environ.get("PENTIMENTO_DATA", "")) / "hostile"
needs_corpus = pytest.mark.skipif(
    not os.environ.get("PENTIMENTO_DATA") or not CORPUS.is_dir(),
    reason="PENTIMENTO_DATA does not hold the folder of hostile pictures",
)
MAX_PIXELS = 50_000_000


def end_of(path: Path) -> str:
    """How one file ends. Anything but pixels or a Rejected fails the test by being raised."""
    try:
        raster = decode(path.read_bytes(), name=path.name, max_pixels=MAX_PIXELS, max_bytes=2**28)
    except TooLarge:
        return "too large"
    except Rejected as refusal:
        return "undecodable" if refusal.message and refusal.picture == path.name else "without a reason"
    sane = raster.width * raster.height <= MAX_PIXELS and raster.pixels.dtype in (np.uint8, np.uint16)
    return "decoded" if sane else "insane"


@needs_corpus
def test_every_hostile_file_ends_typed() -> None:
    ends = Counter(end_of(path) for path in sorted(CORPUS.rglob("*")) if path.is_file())
    assert ends
    assert set(ends) <= {"decoded", "undecodable", "too large"}, ends


@needs_corpus
def test_pngsuite_good_files_decode_and_corrupt_ones_do_not() -> None:
    """In PngSuite the names of corrupt files, and only theirs, begin with x."""
    for path in sorted((CORPUS / "pngsuite").glob("*.png")):
        assert (end_of(path) == "decoded") != path.name.startswith("x"), path.name
