"""Work pools as code: which kind of machine runs the flows, and the job that is started there for a run."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

Kind = Literal["process", "kubernetes", "ecs"]
KINDS: tuple[Kind, ...] = get_args(Kind)
NAME = "catalogue"
"""The pool that prefect.yaml names."""
TEMPLATES = Path(__file__).parent / "job_templates"


@cache
def _text(kind: Kind) -> str:
    return (TEMPLATES / f"{kind}.json").read_text(encoding="utf-8")


def job_template(kind: Kind) -> dict[str, Any]:
    """The base job template of a kind of pool, as Prefect takes it: `job_configuration` and `variables`."""
    template: dict[str, Any] = json.loads(_text(kind))
    return template
