"""Every notebook runs from top to bottom in a home of its own, without a network, and draws its pictures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
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
def api(prefect_server: None) -> str:
    """Where the Prefect server is."""
    from prefect.settings import PREFECT_API_URL

    return str(PREFECT_API_URL.value())


@pytest.fixture(scope="module")
def offline(api: str) -> Iterator[None]:
    """As a stranger's machine: nothing of this one's settings, and no way out."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("PENTIMENTO_"):
                patch.delenv(name)
        patch.setenv("PREFECT_API_URL", api)
        patch.setenv("PYTHONPATH", str(ROOT))
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            patch.setenv(name, "http://127.0.0.1:9")
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "127.0.0.1,localhost")
        patch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        yield


@pytest.fixture(scope="module")
def ran(offline: None, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Each notebook as it is, run once in a home of its own."""
    return cache(lambda name: run(name, tmp_path_factory.mktemp("notebook")))


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
    where = {"metadata": {"path": str(home)}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENTIMENTO_HOME", str(home / "home"))
        NotebookClient(book, timeout=SECONDS, kernel_name="python3", resources=where).execute()
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
def test_it_runs_from_nothing_and_draws(name: str, ran: Callable[[str], Any]) -> None:
    book = ran(name)
    assert not [one for one in outputs(book) if one.output_type == "error"]
    assert drawn(book), "no picture was drawn"
    assert all(len(data["image/png"]) > 2000 for data in drawn(book))
    assert not [one for one in outputs(book) if one.get("name") == "stderr" and "Traceback" in one.text]


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_id_is_said_in_words(name: str, offline: None, tmp_path: Path) -> None:
    with pytest.raises(CellExecutionError) as caught:
        run(name, tmp_path, **{WRONG[name]: "compare-nothing-0"})
    assert caught.value.ename == "BadRequest"
    assert "compare-nothing-0" in caught.value.evalue
    assert "Cure:" in caught.value.evalue


def test_the_ab_review_holds_the_store_against_mlflow(ran: Callable[[str], Any]) -> None:
    book = ran("ab_review.ipynb")
    text = said(book)
    assert "MLflow and the store agree" in text
    assert "copied is better" in text
    assert len(drawn(book)) >= 3


def test_the_failed_region_is_found_and_laid_out(ran: Callable[[str], Any]) -> None:
    book = ran("where_an_edit_went_wrong.ipynb")
    text = said(book)
    assert "filled by plane" in text
    assert "pentimento rerun" in text
    assert " tiles " in text
    assert len(drawn(book)) == 3
