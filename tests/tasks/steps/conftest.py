"""A workshop in a folder of the test's own, with engines that are two cards and a class: no reader is loaded."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.card import Role
from tasks.contracts import Raster
from tasks.triage.decode import decode
from tasks.workshop import Workshop, WorkshopSpec

TOYS = "tests.tasks.steps.toy_engines"
CARD = """\
id = "{id}"
role = "{role}"
runtime = "classical"
entry = "{entry}"
title = "For the tests of the steps"
licence = "MIT"
automatic = {automatic}
{more}
[cost]
rung = 1
"""


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    folder = tmp_path / "cards"
    folder.mkdir()
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    return folder


def drop_card(
    folder: Path, id_: str, role: Role, entry: str, more: str = "", *, automatic: bool = False
) -> None:
    """A card of the lowest rung for a class of `toy_engines`, or for `module:class`; automatic: its ladder begins with it."""
    whole = entry if ":" in entry else f"{TOYS}:{entry}"
    text = CARD.format(id=id_, role=role, entry=whole, more=more, automatic=str(automatic).lower())
    (folder / f"{id_}.toml").write_text(text, encoding="utf-8")


def shop_of(tmp_path: Path, run: str = "run-1", fresh: bool = False) -> Workshop:
    """A new workshop over the same store: what another run would have."""
    spec = WorkshopSpec(store=str(tmp_path / "store"), cards=str(tmp_path / "cards"), run=run, fresh=fresh)
    return Workshop(spec)


def save(path: Path, pixels: NDArray[np.uint8]) -> Path:
    """RGB or grey levels as PNG."""
    assert cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 else pixels)
    return path


def load(path: Path | str) -> NDArray[np.uint8]:
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert read is not None
    return np.asarray(read[..., ::-1] if read.ndim == 3 else read, np.uint8)


def raster(path: Path) -> Raster:
    """Decoded as the flow does it."""
    return decode(path.read_bytes(), name=path.name, max_pixels=10**8, max_bytes=10**8)


def ground(height: int, width: int, grain: float = 2.0) -> NDArray[np.uint8]:
    """Grey-green paper that darkens to the right, with grain of so many levels: nothing in it is red."""
    rng = np.random.default_rng(5)
    base = np.array([90, 140, 120], np.float64) + rng.normal(0, 1, (height, width, 3)) * grain
    base -= np.linspace(0, 20, width)[None, :, None]
    return np.clip(np.rint(base), 0, 255).astype(np.uint8)
