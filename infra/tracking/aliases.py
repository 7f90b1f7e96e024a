"""Model aliases, read from MLflow's registry into a snapshot that a run keeps: `@champion` means one engine for all of it."""

from __future__ import annotations

PREFIX = "pentimento-"
Alias = tuple[str, str, str]
"""Role, alias, engine id."""


def read_aliases(uri: str) -> tuple[Alias, ...]:
    """Every alias of our registered models, sorted. Raises what the tracking server raises: an alias must not be guessed."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    models = client.search_registered_models(filter_string=f"name LIKE '{PREFIX}%'", max_results=1000)
    return tuple(sorted(
        (model.tags.get("role", ""), alias, model.name.removeprefix(PREFIX))
        for model in models
        for alias in model.aliases
    ))  # fmt: skip
