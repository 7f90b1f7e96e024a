"""Asks the libraries beneath to tell nobody that they run: a run calls the servers of its settings, and no other."""

from __future__ import annotations

import os

_SILENT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def tell_nobody() -> None:
    """Must come before the libraries are imported. What a person has set otherwise stays as it is."""
    for name, value in _SILENT.items():
        os.environ.setdefault(name, value)
