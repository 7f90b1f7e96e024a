"""One tiny pipeline of each role, built once, loaded by the production loader."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.card import Card
from model_registry.engines.contract import Filler, Generator
from tests.model_registry.diffusion import tiny_pipeline


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both pipelines and both cards; not to be written to."""
    folder = tmp_path_factory.mktemp("diffusion")
    tiny_pipeline.build_text_to_image(folder)
    tiny_pipeline.build_inpaint(folder)
    tiny_pipeline.write_card(folder, "generate")
    tiny_pipeline.write_card(folder, "fill")
    return folder


def read_card(path: Path) -> Card:
    return Card.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def generator(built: Path) -> Generator:
    from model_registry.engines.diffusion import load

    return cast(Generator, load(read_card(built / "tiny-sd.toml"), built))


@pytest.fixture(scope="session")
def filler(built: Path) -> Filler:
    from model_registry.engines.diffusion import load

    return cast(Filler, load(read_card(built / "tiny-sd-inpaint.toml"), built))


@pytest.fixture
def picture() -> NDArray[np.float32]:
    """41×53×3, every pixel different."""
    return np.random.default_rng(7).random((41, 53, 3), np.float32)


@pytest.fixture
def hole() -> NDArray[np.bool_]:
    """41×53, a ragged block away from the edges."""
    out = np.zeros((41, 53), bool)
    out[13:27, 17:40] = True
    out[20:31, 30:35] = True
    return out
