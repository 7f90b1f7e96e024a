"""Presets on the command line: bad ones are refused in one line, before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.cli.conftest import Command


def test_overlays_of_an_unknown_run_are_not_saved(here: Path, pentimento: Command) -> None:
    said = pentimento("overlays", "catalog-0123456789-0", "--out", "acme.overlay")
    assert (said.code, said.out) == (2, "")
    assert not Path("acme.overlay").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--remove-text", "--preset", "none.overlay"), ("there is no preset", "none.overlay")),
        (("--upscale", "2", "--preset", "a.png"), ("--upscale takes no preset",)),
    ],
)
def test_a_preset_must_be_there_and_be_of_use(
    here: Path, pentimento: Command, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    said = pentimento("edit", "a.png", *arguments)
    assert (said.code, said.out) == (2, "")
    for word in words:
        assert word in said.err


def test_a_manifest_names_presets_and_suppliers(here: Path) -> None:
    from flows.manifest import Defaults, read_manifest

    Path("m.csv").write_text(
        "id,image,intent,rights,preset,supplier\na,a.png,remove_text,own,acme.overlay,acme\n",
        encoding="utf-8",
    )
    (job,) = read_manifest("m.csv", Defaults(out="out")).jobs
    assert (job.intent.preset, job.supplier) == ("acme.overlay", "acme")  # type: ignore[union-attr]
