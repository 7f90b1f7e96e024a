"""One sample catalogue for all end-to-end tests."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from flows.demo.catalogue import Catalogue, write_catalogue


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return write_catalogue(tmp_path_factory.mktemp("catalogue"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, through the settings a person would use."""
    monkeypatch.setenv("PENTIMENTO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def part(catalogue: Catalogue, name: str, *ids: str) -> Path:
    """A manifest of some of the catalogue's rows, beside the whole one."""
    with catalogue.manifest.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    path = catalogue.folder / f"{name}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(row for row in rows if row["id"] in ids)
    return path
