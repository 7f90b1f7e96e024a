"""What the code really reads, writes and needs, to hold the templates against."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from infra.prefect.limits import GpuSettings
from infra.settings import Settings

ROOT = Path(__file__).parents[3]
INFRA = ROOT / "infra"
SETTINGS = {f"PENTIMENTO_{name.upper()}" for name in (*Settings.model_fields, *GpuSettings.model_fields)}
PINNED = re.compile(r"^[\w./-]+:(?!latest)[\w.-]*\d[\w.-]*$")
"""An image with a tag that has a version in it."""


def prefect_settings() -> set[str]:
    """Every name by which Prefect takes a setting, the older ones included."""
    from prefect.settings.legacy import _get_settings_fields
    from prefect.settings.models.root import Settings as Theirs

    return set(_get_settings_fields(Theirs))


def unknown_settings(names: Iterable[str]) -> set[str]:
    """Of the variables that begin as ours or Prefect's do, those that nobody reads."""
    told = set(names)
    mine = {name for name in told if name.startswith("PENTIMENTO_")}
    theirs = {name for name in told if name.startswith("PREFECT_")}
    return (mine - SETTINGS) | (theirs - prefect_settings())
