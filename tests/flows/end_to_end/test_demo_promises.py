"""The whole demo, and what it promises of every picture."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_demo_ends_as_planned_and_changes_nothing_far_from_an_overlay(tmp_path: Path) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PENTIMENTO_", "PREFECT_"))}
    done = subprocess.run(
        [sys.executable, "-c", "from flows.cli import main; main()", "demo", "--folder", str(tmp_path), "--json"],
        env=clean, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    assert said["counts"] == {"done": 22, "rejected": 3}
    promises = {k: v for k, v in said["summary"].items() if "changed_" in k}
    assert len(promises) >= 4
    assert set(promises.values()) == {0.0}, promises
    assert said["summary"]["score.remove_text.gain"] > 3
