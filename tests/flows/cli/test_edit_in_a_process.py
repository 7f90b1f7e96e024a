"""`pentimento edit` as a person runs it: a process of its own, with a Prefect of its own and no settings but a home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.flows.cli.conftest import picture


def test_edit_prints_one_object_and_ends_with_1_when_a_picture_was_rejected(
    here: Path, tmp_path: Path
) -> None:
    picture(here / "a.jpg")
    picture(here / "猫 [1].png")
    (here / "empty.png").write_bytes(b"")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "PENTIMENTO_"))}
    env |= {
        "PENTIMENTO_HOME": str(tmp_path / "home"),
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "OMP_NUM_THREADS": "1",
    }
    code = "import flows.cli; flows.cli.main()"
    arguments = [
        "a.png",
        "a.jpg",
        "猫 [1].png",
        "empty.png",
        ".",
        "none.png",
        "--remove-object",
        "--mask",
        "box:5,5,15,12",
        "--json",
    ]
    ended = subprocess.run(
        [sys.executable, "-c", code, "edit", *arguments], cwd=here, capture_output=True, timeout=280, check=False,
        env=env | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip
    errors = ended.stderr.decode()
    assert ended.returncode == 1, errors
    assert "Traceback" not in errors
    assert "[6/6]" in errors
    said = json.loads(ended.stdout)
    assert {"run_id", "mlflow_run_id", "counts", "seconds", "items"} <= said.keys()
    assert [(i["id"], i["outcome"]) for i in said["items"]] == [
        ("a", "done"), ("a-2", "done"), ("___1_", "done"), ("empty", "rejected"), ("here", "rejected"),
        ("none", "rejected"),
    ]  # fmt: skip
    made = [Path(i["output"]).name for i in said["items"] if i["output"]]
    assert made == ["a-edited.png", "a-edited-2.jpg", "猫 [1]-edited.png"]
    assert all((here / name).stat().st_size for name in made)
    for item in said["items"][3:]:
        assert item["reason"]
        assert item["cure"]
        assert item["source"].startswith(str(here))
