"""`pentimento models pull` and `verify`, against a hub on this machine, in a process of their own: offline but for the pull."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

from tests.flows.cli.conftest import Command
from tests.model_registry.cards import write_card
from tests.model_registry.hub.fake_hub import REPOSITORY, REVISION, FakeHub, serving

FILES = {
    "config.json": b"{}",
    "model.safetensors": bytes(range(200)) * 50,
    "model.bin": b"\x80\x04",
    "README.md": b"words",
}
Told = subprocess.CompletedProcess[str]


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with serving(FILES) as served:
        yield served


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    body = f'[weights]\nhub = "{REPOSITORY}"\nrevision = "{REVISION}"\n'
    write_card(
        tmp_path / "cards",
        "tiny",
        body,
        role='"embed"',
        runtime='"transformers"',
        entry="",
        automatic="false",
    )
    return tmp_path / "cards"


@pytest.fixture
def here_too(here: Path, tmp_path: Path, cards: Path, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process, in the folder `here`, looks where the other one does."""
    monkeypatch.setenv("PENTIMENTO_CARDS", str(cards))
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hf/hub"))
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # the client waits between its tries


def pull_elsewhere(tmp_path: Path, cards: Path, hub: FakeHub) -> Told:
    """In a process of its own, which is offline as every command is."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "PENTIMENTO_", "HF_"))}
    env |= {
        "PENTIMENTO_HOME": str(tmp_path / "home"),
        "PENTIMENTO_CARDS": str(cards),
        "HF_HOME": str(tmp_path / "hf"),
    }
    env |= {"HF_ENDPOINT": hub.url, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", "import flows.cli; flows.cli.main()", "models", "pull", "tiny", "--json"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=200, check=False)


@pytest.mark.usefixtures("here_too")
def test_pulled_verified_damaged_and_mended(
    tmp_path: Path, cards: Path, hub: FakeHub, pentimento: Command
) -> None:
    missing = pentimento("models", "verify", "tiny")
    assert (missing.code, hub.asked) == (1, [])
    assert "models pull tiny" in missing.out
    pulled = pull_elsewhere(tmp_path, cards, hub)
    assert pulled.returncode == 0, pulled.stderr
    said = json.loads(pulled.stdout)
    assert (said["engine"], said["files"], said["bytes"], said["licence"]) == ("tiny@1", 2, 10_002, "MIT")
    place = Path(said["place"])
    assert sorted(p.name for p in place.iterdir()) == [
        "config.json",
        "model.safetensors",
        "pentimento.lock.json",
    ]
    hub.asked.clear()
    good = pentimento("models", "verify", "tiny")
    assert (good.code, good.out, hub.asked) == (0, "tiny: good\n", [])
    blob = (place / "model.safetensors").resolve()
    blob.write_bytes(b"?" + blob.read_bytes()[1:])
    wrong = pentimento("models", "verify", "tiny", "--json")
    assert wrong.code == 1
    assert "model.safetensors is damaged: it has sha256" in wrong.json["tiny"][0]
    assert pentimento("models", "pull", "tiny").out == f"{place}\n"
    assert pentimento("models", "verify", "tiny").code == 0


@pytest.mark.usefixtures("here_too")
def test_what_cannot_be_had_ends_with_1_and_an_unknown_engine_with_2(
    hub: FakeHub, pentimento: Command
) -> None:
    hub.down = True
    failed = pentimento("models", "pull", "tiny")
    assert (failed.code, failed.out) == (1, "")
    assert "someone/tiny could not be fetched" in failed.err
    assert "Cure: " in failed.err
    assert pentimento("models", "verify", "nobody").code == 2
    assert pentimento("models", "pull", "nobody").code == 2
    refused = pentimento("models", "pull", "flux-fill")
    assert refused.code == 1
    assert "Non-Commercial" in refused.err
    assert pentimento("models", "verify", "telea").code == 0
