"""Every notebook runs from top to bottom in a home of its own, without a network, and draws its pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

pytestmark = pytest.mark.timeout(1200)
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
BOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))
SECONDS = 900
"""A cell's limit: most of it is the start of Prefect's own server where none is running."""
WRONG = {"ab_review.ipynb": "compare_id", "where_an_edit_went_wrong.ipynb": "run_id"}
"""The variable that takes an id; other notebooks name theirs in the cell tagged `parameters`."""


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """One Prefect server for all notebooks."""
    from prefect.settings import PREFECT_API_URL
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=300):
        yield str(PREFECT_API_URL.value())


@pytest.fixture
def home(tmp_path: Path, api: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As a stranger's machine: nothing of this one's, and no way out."""
    for name in list(os.environ):
        if name.startswith("PENTIMENTO_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PENTIMENTO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PREFECT_API_URL", api)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    return tmp_path


def read(name: str) -> Any:
    return nbformat.read(FOLDER / name, as_version=4)


def parameters(book: Any) -> Any:
    """The cell that holds what a person sets."""
    (cell,) = [cell for cell in book.cells if "parameters" in cell.metadata.get("tags", [])]
    return cell


def run(name: str, home: Path, **values: str) -> Any:
    """The notebook after it ran, with these parameters set otherwise."""
    book = read(name)
    cell = parameters(book)
    cell.source += "".join(f"\n{key} = {value!r}" for key, value in values.items())
    client = NotebookClient(
        book, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(home)}}
    )
    client.execute()
    nbformat.write(book, home / name)
    return book


def outputs(book: Any) -> list[Any]:
    return [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]


def drawn(book: Any) -> list[Mapping[str, str]]:
    return [output.data for output in outputs(book) if "image/png" in output.get("data", {})]


def said(book: Any) -> str:
    return "".join(output.text for output in outputs(book) if output.output_type == "stream")


@pytest.mark.parametrize("name", BOOKS)
def test_it_is_kept_without_outputs_and_names_its_parameters(name: str) -> None:
    book = read(name)
    nbformat.validate(book)
    assert not outputs(book)
    assert all(cell.execution_count is None for cell in book.cells if cell.cell_type == "code")
    assert book.metadata.kernelspec.name == "python3"
    assert book.cells[0] == parameters(book)


@pytest.mark.parametrize("name", BOOKS)
def test_it_runs_from_nothing_and_draws(name: str, home: Path) -> None:
    book = run(name, home)
    assert not [one for one in outputs(book) if one.output_type == "error"]
    assert drawn(book), "no picture was drawn"
    assert all(len(data["image/png"]) > 2000 for data in drawn(book))
    assert not [one for one in outputs(book) if one.get("name") == "stderr" and "Traceback" in one.text]


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_id_is_said_in_words(name: str, home: Path) -> None:
    with pytest.raises(CellExecutionError) as caught:
        run(name, home, **{WRONG[name]: "compare-nothing-0"})
    assert caught.value.ename == "BadRequest"
    assert "compare-nothing-0" in caught.value.evalue
    assert "Cure:" in caught.value.evalue


def test_the_ab_review_holds_the_store_against_mlflow(home: Path) -> None:
    book = run("ab_review.ipynb", home)
    text = said(book)
    assert "MLflow and the store agree" in text
    assert "copied is better than diffused" in text or "winner" in text or "no difference" in text.lower(), (
        text
    )
    assert len(drawn(book)) >= 3


def test_the_failed_region_is_found_and_laid_out(home: Path) -> None:
    book = run("where_an_edit_went_wrong.ipynb", home)
    text = said(book)
    assert "filled by plane" in text
    assert "pentimento rerun" in text
    assert " tiles " in text
    assert len(drawn(book)) == 3
