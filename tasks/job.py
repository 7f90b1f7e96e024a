"""A job: one picture and what to do with it, fully resolved, so that any worker anywhere can do it."""

from __future__ import annotations

import re
from typing import Literal

from tasks.intents import Frozen, Intent
from tasks.plan import Value
from tasks.planner import Request

SAFE_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,119}")
"""What an id may be: it names the output file."""


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

    @property
    def request(self) -> Request:
        """The choices the planner must respect."""
        return Request(self.tier, self.seed, self.engines, self.params)

    @property
    def source(self) -> str:
        """Where the picture is, for people."""
        return f"{self.root.rstrip('/')}/{self.image}" if self.image else ""
