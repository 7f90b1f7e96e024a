"""PaddleOCR's folders made once from rapidocr's wheel, and both readers loaded once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from model_registry.engines.load import load_engine
from model_registry.engines.ocr_paddle_models import export_models
from model_registry.registry import Registry
from tests.model_registry.paddle.lettering import READERS, Reader


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folders, named by the card's variable while the tests of this folder run."""
    folder = export_models(tmp_path_factory.mktemp("paddle-models"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENTIMENTO_PADDLE_MODELS", str(folder))
        yield folder


@pytest.fixture(scope="session")
def readers(models: Path) -> dict[str, Reader]:
    registry = Registry.load()
    cards = [registry.get(name) for name in READERS]
    return {card.id: Reader(card, load_engine(card, registry.folder_of(card.id))) for card in cards}


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest, readers: dict[str, Reader]) -> Reader:
    """Each reader in turn: the same promises hold for both."""
    return readers[request.param]
