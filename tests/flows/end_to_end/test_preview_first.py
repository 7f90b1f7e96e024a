"""Two passes: previews of the whole catalogue with their sheet, then the pictures, for which nothing shared is done again."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import flows.catalog
from flows.catalog import run_catalog
from flows.cli.app import app
from flows.demo.catalogue import Catalogue
from flows.request import RunRequest
from infra.store.store import open_store
from tasks.memo import Memo
from tasks.results import RunResult
from tests.flows.end_to_end.conftest import part

IDS = ("text-studio", "object-badge", "up2-portrait")
SHARED = ("triage", "overlays", "repeated", "detection", "policy")


@pytest.fixture(scope="module")
def manifest(prefect_server: None, catalogue: Catalogue) -> Path:
    return part(catalogue, "two-passes", *IDS)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, str]]:
    """How often each stage was worked out, by run and stage."""
    seen: Counter[tuple[str, str]] = Counter()
    recompute = Memo.recompute

    def counted(self: Memo, stage: str, *rest: Any, **named: Any) -> Any:
        seen[self.run, stage] += 1
        return recompute(self, stage, *rest, **named)

    monkeypatch.setattr(Memo, "recompute", counted)
    return seen


def files(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.mark.parametrize("fresh", [False, True], ids=["", "fresh"])
def test_finals_are_those_of_a_plain_run_and_nothing_shared_is_done_twice(
    tmp_path: Path,
    manifest: Path,
    monkeypatch: pytest.MonkeyPatch,
    computed: Counter[tuple[str, str]],
    fresh: bool,
) -> None:
    monkeypatch.setenv("PENTIMENTO_HOME", str(tmp_path / "plain"))
    run_catalog(str(manifest), str(tmp_path / "plain-out"), track=False)
    computed.clear()
    monkeypatch.setenv("PENTIMENTO_HOME", str(tmp_path / "home"))
    out = tmp_path / "out"
    told = run_catalog(str(manifest), str(out), track=False, preview_first=True, fresh=fresh)
    result = RunResult.model_validate(told)
    made, plain = files(out), files(tmp_path / "plain-out")
    assert {name: made[name] for name in plain} == plain
    assert len([name for name in made if "-preview" in name]) == len(IDS)
    assert result.tier == "final"
    assert result.previews != result.run_id
    first = {stage: n for (run, stage), n in computed.items() if run == result.previews}
    again = {stage: n for (run, stage), n in computed.items() if run == result.run_id}
    assert first["detection"] == first["policy"] == 2
    assert first["triage"] == 3
    assert not set(again) & set(SHARED)
    assert again["export"]


def test_the_previews_sheet_is_there_before_the_pictures_are_begun_and_a_broken_run_resumes(
    tmp_path: Path, manifest: Path, monkeypatch: pytest.MonkeyPatch, computed: Counter[tuple[str, str]]
) -> None:
    monkeypatch.setenv("PENTIMENTO_HOME", str(tmp_path / "home"))
    execute = flows.catalog.execute

    def breaks_down(request: RunRequest) -> RunResult:
        if not request.first:
            return execute(request)
        sheet = open_store(str(tmp_path / "home" / "store")).read_run(request.first, "review.html").decode()
        assert "text-studio" in sheet
        made = sorted(p.stem for p in (tmp_path / "out").iterdir())
        assert made == ["object-badge-preview", "text-studio-preview", "up2-portrait-preview"]
        raise KeyboardInterrupt

    monkeypatch.setattr(flows.catalog, "execute", breaks_down)
    with pytest.raises(KeyboardInterrupt):
        run_catalog(str(manifest), str(tmp_path / "out"), track=False, preview_first=True)
    monkeypatch.setattr(flows.catalog, "execute", execute)
    computed.clear()
    result = RunResult.model_validate(
        run_catalog(str(manifest), str(tmp_path / "out"), track=False, preview_first=True)
    )
    assert not any(run == result.previews for run, _ in computed)
    assert not {stage for _, stage in computed} & set(SHARED)
    assert result.counts == {"done": 3}


def test_the_command_tells_of_both_passes(
    tmp_path: Path, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENTIMENTO_HOME", str(tmp_path / "home"))
    done = CliRunner().invoke(
        app, ["catalog", str(manifest), "--out", str(tmp_path / "out"), "--preview-first", "--json"]
    )
    assert done.exit_code == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if "[3/3]" in line]
    assert [line.split("[")[0] for line in lines] == ["preview ", "final "]
    said = RunResult.model_validate_json(done.stdout)
    assert said.previews
    refused = CliRunner().invoke(
        app, ["catalog", str(manifest), "--out", "x", "--preview-first", "--tier", "preview"]
    )
    assert refused.exit_code != 0
