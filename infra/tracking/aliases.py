"""Model aliases, read from MLflow's registry into a snapshot that a run keeps: `@champion` means one engine for all of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.tracking.client import quiet_client

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import RegisteredModel

PREFIX = "pentimento-"
PARAMS = "params"
"""Tag of a model version that was promoted with parameters of its engine: a JSON object."""
Alias = tuple[str, str, str, str]
"""Role, alias, engine id, and the engine's parameters under that alias as a JSON object; empty for its card's own."""


def read_aliases(uri: str) -> tuple[Alias, ...]:
    """Every alias of our registered models, sorted. Raises what the tracking server raises: an alias must not be guessed."""
    client = quiet_client(uri)
    return tuple(sorted(alias for model in registered(client) for alias in _aliases(client, model)))


def registered(client: MlflowClient) -> Iterator[RegisteredModel]:
    """Our registered models, by name."""
    page = None
    while True:
        found = client.search_registered_models(
            filter_string=f"name LIKE '{PREFIX}%'", max_results=1000, page_token=page
        )
        yield from found
        page = found.token
        if not page:
            return


def _aliases(client: MlflowClient, model: RegisteredModel) -> Iterator[Alias]:
    for alias, version in model.aliases.items():
        tags = client.get_model_version(model.name, str(version)).tags
        yield model.tags.get("role", ""), alias, model.name.removeprefix(PREFIX), tags.get(PARAMS, "")
