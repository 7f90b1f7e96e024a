"""Whatever starts a flow asks the libraries beneath to tell nobody, and a person's own wish is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys

_CODE = "import json, os, flows; print(json.dumps(dict(os.environ)))"


def _environment(**more: str) -> dict[str, str]:
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **more}
    said = subprocess.run([sys.executable, "-c", _CODE], env=env, capture_output=True, check=True)
    told: dict[str, str] = json.loads(said.stdout)
    return told


def test_telemetry_is_off_before_a_library_can_read_of_it() -> None:
    told = _environment()
    assert told["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert told["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert told["DO_NOT_TRACK"] == "1"


def test_a_persons_own_wish_stays() -> None:
    assert _environment(MLFLOW_DISABLE_TELEMETRY="false")["MLFLOW_DISABLE_TELEMETRY"] == "false"
