"""The two readers on the demo catalogue's text, and their agreement as a confidence on real pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.demo.catalogue import write_catalogue
from tasks.detection.agreement import agreement
from tasks.triage.decode import decode
from tests.model_registry.paddle.lettering import (
    Bytes3,
    Reader,
    lettered,
    line_saying,
    photograph,
    plain,
    words,
)


@pytest.fixture(scope="module")
def overlays(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Bytes3, str]]:
    """Every overlaid line of the catalogue, with its picture as displayed."""
    catalogue = write_catalogue(tmp_path_factory.mktemp("catalogue"))
    return [
        (shown(catalogue.path(item.image)), text)
        for item in catalogue.items if item.decodable
        for text in item.texts
    ]  # fmt: skip


def shown(path: Path) -> Bytes3:
    raster = decode(path.read_bytes(), name=path.name, max_pixels=10**7, max_bytes=10**7)
    return (raster.crop(raster.box) * 255).round().astype("uint8")


def test_both_read_the_catalogues_text_the_same(
    readers: dict[str, Reader], overlays: list[tuple[Bytes3, str]]
) -> None:
    said = {
        name: [plain(text) in words(reader.read(image)) for image, text in overlays]
        for name, reader in readers.items()
    }
    same = [a and b for a, b in zip(said["rapidocr"], said["paddleocr"], strict=True)]
    assert len(same) == 15
    assert sum(same) >= 14, said


def test_what_both_find_is_confirmed_and_what_one_finds_is_not(readers: dict[str, Reader]) -> None:
    bare = lettered(photograph("coffee"), "Both see this", (300, 100), 34)
    full = lettered(bare, "Only one sees this", (300, 320), 34)
    ours, theirs = readers["rapidocr"].read(full), readers["paddleocr"].read(bare)
    scores = dict(zip(words(ours), agreement(ours, theirs), strict=True))
    assert scores["bothseethis"] > 0.85
    assert scores["onlyoneseesthis"] < 0.1
    line = line_saying(ours, "Both see this")
    assert agreement([line], readers["paddleocr"].read(full))[0] > 0.85
