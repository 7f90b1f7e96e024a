"""Writes card files for tests."""

from __future__ import annotations

from pathlib import Path

TOYS = "tests.model_registry.toy_engines"


def write_card(folder: Path, name: str, body: str = "", **facts: str) -> Path:
    """A valid fill card called `name`; `facts` are TOML values by key, `body` is put after them."""
    folder.mkdir(parents=True, exist_ok=True)
    given = {
        "id": f'"{name}"', "role": '"fill"', "runtime": '"classical"', "entry": f'"{TOYS}:ToyFill"',
        "title": '"A toy"', "licence": '"MIT"',
    } | facts  # fmt: skip
    path = folder / f"{name}.toml"
    path.write_text("".join(f"{key} = {value}\n" for key, value in given.items() if value) + body)
    return path
