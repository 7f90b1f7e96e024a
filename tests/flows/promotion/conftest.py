"""A home with an MLflow of its own: one empty database a session, copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.comparing.promotion import Asked
from infra.settings import Settings
from infra.store.store import Store, open_store
from model_registry.registry import Registry

Ask = Callable[..., Asked]


@pytest.fixture(scope="session")
def empty_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    client = MlflowClient(tracking_uri=f"sqlite:///{path}")
    client.create_experiment("pentimento", artifact_location=(path.parent / "artifacts").as_uri())
    return path


@pytest.fixture
def settings(tmp_path: Path, empty_mlflow: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(empty_mlflow, home / "mlflow.db")
    monkeypatch.setenv("PENTIMENTO_HOME", str(home))
    return Settings()


@pytest.fixture
def store(settings: Settings) -> Store:
    return open_store(settings.store_url, create=True)


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.load()


@pytest.fixture
def ask(settings: Settings, store: Store, registry: Registry) -> Ask:
    """Ada, at one moment, with or without a reason."""

    def asked(why: str = "", at: str = "2026-11-23T18:00:00.000+00:00") -> Asked:
        return Asked(store, settings, registry, "Ada", at, why)

    return asked
