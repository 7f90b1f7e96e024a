"""The way to MLflow: a client that says nothing but warnings, since a command's stderr is for people."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient


def quiet_client(uri: str) -> MlflowClient:
    """A client of the tracking server or database at `uri`; a new database's first migrations are not told."""
    from mlflow import MlflowClient

    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=uri)
