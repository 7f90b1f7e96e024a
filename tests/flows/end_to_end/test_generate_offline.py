"""`pentimento generate PROMPT` and `edit --replace` with nothing but what is installed, through the command itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from model_registry.registry import PACKAGED
from tests.model_registry.diffusion import worded_pipeline

pytestmark = pytest.mark.usefixtures("prefect_server", "home")
TRAINED = (PACKAGED / "backdrop" / "model_index.json").is_file()
Command = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture(scope="module", params=["tiny-drop", *(["backdrop"] if TRAINED else [])])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("cards")
    if request.param == "tiny-drop":
        worded_pipeline.build(folder)
    return request.param, str(folder)


@pytest.fixture
def pentimento(
    tmp_path: Path, engine: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:  # fmt: skip
    from flows.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PENTIMENTO_CARDS", engine[1])

    def command(*arguments: str) -> tuple[int, dict[str, Any], str]:
        monkeypatch.setattr(sys, "argv", ["pentimento", *arguments, "--json"])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, json.loads(said.out) if said.out else {}, said.err

    return command


def test_a_prompt_becomes_a_picture_by_the_engine_at_hand(
    pentimento: Command, engine: tuple[str, str]
) -> None:
    asked = ("generate", "warm oak table top, soft light from the left", "--steps", "4", "--seed", "7")
    code, run, _ = pentimento(*asked, "--size", "120x72", "--out", "oak.png", "--scheduler", "ddim",
                              "--param", "generation.eta=0.5")  # fmt: skip
    (item,) = run["items"]
    assert (code, item["outcome"], item["reason"]) == (0, "done", "")
    assert item["stages"][0]["engine"] == engine[0]
    picture = cv2.imread("oak.png")
    assert picture is not None
    assert picture.shape == (72, 120, 3)
    assert b"trainedAlgorithmicMedia" in Path("oak.png").read_bytes()
    code, _, said = pentimento(*asked, "--scheduler", "dimm")
    assert code == 2
    assert "nearest: ddim" in said


def test_a_surface_is_put_where_the_mask_is(pentimento: Command, engine: tuple[str, str]) -> None:
    levels = np.random.default_rng(1).normal(150, 3, (80, 120, 3))
    cv2.imwrite("a.png", np.clip(levels, 0, 255).astype(np.uint8))
    code, run, _ = pentimento(
        "edit", "a.png", "--replace", "a vase on grey marble", "--mask", "box:30,20,90,60", "--out", "b.png",
        "--param", "generation.steps=4",
    )  # fmt: skip
    (item,) = run["items"]
    assert code == 0
    assert item["outcome"] in ("degraded", "needs-review")
    assert [region["engine"] for region in item["regions"]] == [f"{engine[0]}-fill"]
    assert "does not know the word vase" in item["reason"]
