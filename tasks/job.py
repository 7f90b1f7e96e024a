"""A job: one picture and what to do with it, fully resolved, so that any worker anywhere can do it."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from tasks.intents import Coordinates, Frozen, Intent
from tasks.plan import Value
from tasks.planner import Request

SAFE_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,119}")
"""What an id may be: it names the output file."""
RERUN_ONLY = ("changes", "as_before")


class RegionChange(Frozen):
    """What one region does otherwise than the rest of its picture."""

    n: int
    engines: dict[str, str] = {}
    params: dict[str, dict[str, Value]] = {}
    seed: int | None = None


class SeenRegion(Frozen):
    """A region as it came out of an earlier run."""

    n: int
    box: Coordinates
    final: str
    """sha256 of its pixels."""


class JobSpec(Frozen):
    """One picture of a run. Paths are keys below `root`, never outside it."""

    id: str
    root: str
    """Folder or `s3://bucket/prefix` that `image` and a mask file are below."""
    image: str
    """Key of the picture below `root`; empty for `generate`."""
    intent: Intent
    out: str = ""
    """Folder or `s3://…` the output goes to; empty keeps it in the store alone."""
    name: str = ""
    """File name of the output without its suffix; default the id."""
    suffix: str = ""
    """The output's suffix when a person chose one, such as `.png`; decides the format then."""
    supplier: str = ""
    """Whose picture it is: overlays are learnt from the pictures of one supplier together."""
    engines: dict[str, str] = {}
    params: dict[str, dict[str, Value]] = {}
    seed: int = 0
    tier: Literal["preview", "final"] = "final"
    changes: tuple[RegionChange, ...] = ()
    """Regions that a rerun makes otherwise than the rest."""
    as_before: tuple[SeenRegion, ...] = ()
    """Regions that must come out bit for bit as they did; a picture in which one does not is refused."""

    @model_serializer(mode="wrap")
    def _plain(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What only reruns have is left out of other jobs, whose runs go by the same keys as ever."""
        fields: dict[str, Any] = write(self)
        return {name: value for name, value in fields.items() if value or name not in RERUN_ONLY}

    @property
    def request(self) -> Request:
        """The choices the planner must respect."""
        return Request(self.tier, self.seed, self.engines, self.params)

    @property
    def source(self) -> str:
        """Where the picture is, for people."""
        return f"{self.root.rstrip('/')}/{self.image}" if self.image else ""
