"""The `pentimento` command, in this process, in a folder and a home of the test's own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """All of stdout as the one object it must be."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


Command = Callable[..., Said]


@pytest.fixture
def pentimento(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:  # fmt: skip
    """The entry point itself, as the console script calls it."""
    from flows.cli import main

    def command(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["pentimento", *arguments])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return command


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with `a.png`, 60×40, in it."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PENTIMENTO_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PENTIMENTO_CARDS", raising=False)
    picture(folder / "a.png")
    return folder


def picture(path: Path, width: int = 60, height: int = 40) -> Path:
    """Grainy grey."""
    levels = np.random.default_rng(1).normal(128, 3, (height, width, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    coded, data = cv2.imencode(".jpg" if path.suffix == ".jpg" else ".png", np.rint(levels).astype(np.uint8))
    assert coded
    path.write_bytes(data.tobytes())
    return path
