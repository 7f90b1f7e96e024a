"""Moves an alias of MLflow's registry from the engine that holds it to another: one holder a role, over all registered models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra.tracking.aliases import PARAMS, PREFIX, registered
from infra.tracking.client import quiet_client

if TYPE_CHECKING:
    from mlflow import MlflowClient

IDENTITY = ("engine", "role", "engine_version", "runtime", "license", "revision", "sha256", PARAMS)
"""The tags that make two versions of a registered model the same engine with the same parameters."""
LONGEST_TAG = 4900
"""Characters; MLflow refuses 5000."""


@dataclass(frozen=True, slots=True)
class Held:
    """A version of a registered model, as an alias holds it."""

    engine: str
    version: str = ""
    """Its number in the registry; empty when it is not there yet."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Those of `IDENTITY` alone that are not empty."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """The others."""

    def same(self, other: Held) -> bool:
        """Whether both are one engine, with one set of weights and parameters."""
        return self.engine == other.engine and dict(self.tags) == dict(other.tags)


def holders(uri: str, role: str, alias: str) -> tuple[Held, ...]:
    """Who holds an alias of a role, sorted by engine: one, or several where somebody moved it half-way."""
    client = quiet_client(uri)
    models = [m for m in registered(client) if m.tags.get("role", "") == role and alias in m.aliases]
    return tuple(
        _held(client, model.name, str(model.aliases[alias])) for model in sorted(models, key=lambda m: m.name)
    )


def ensure(uri: str, held: Held, *, experiment: str, source_run: str = "") -> Held:
    """The version of the registered model that is this engine, made where there is none; the newest of several.

    experiment: name of the experiment that a new one is shown in. source_run: MLflow run that it comes from."""
    known = find(uri, held)
    if known:
        return known
    client, name = quiet_client(uri), f"{PREFIX}{held.engine}"
    _registered_model(client, name, held.tags.get("role", ""))
    return Held(held.engine, _new_version(client, uri, name, held, experiment, source_run), dict(held.tags))


def find(uri: str, held: Held) -> Held | None:
    """The newest version of the registered model that is this engine; None where there is none."""
    client, name = quiet_client(uri), f"{PREFIX}{held.engine}"
    alike = [
        v for v in client.search_model_versions(f"name = '{name}'") if _identity(v.tags) == dict(held.tags)
    ]
    newest = max(alike, key=lambda v: int(v.version), default=None)
    return (
        None
        if newest is None
        else Held(held.engine, str(newest.version), dict(held.tags), _marks(newest.tags))
    )


def give(uri: str, alias: str, held: Held) -> None:
    """Put an alias on a version; it leaves other versions of the same model, and no other model."""
    quiet_client(uri).set_registered_model_alias(f"{PREFIX}{held.engine}", alias, held.version)


def take(uri: str, alias: str, engine: str) -> None:
    """Take an alias from a registered model; none is no error."""
    quiet_client(uri).delete_registered_model_alias(f"{PREFIX}{engine}", alias)


def mark(uri: str, held: Held, tags: Mapping[str, str], description: str = "") -> None:
    """Tag a version, and say in its description why; each tag at most `LONGEST_TAG` characters, an empty one is taken away."""
    client, name = quiet_client(uri), f"{PREFIX}{held.engine}"
    if description:
        client.update_model_version(name, held.version, description[:LONGEST_TAG])
    for key, value in tags.items():
        if value:
            client.set_model_version_tag(name, held.version, key, value[:LONGEST_TAG])
        elif key in held.marks:
            client.delete_model_version_tag(name, held.version, key)


def _held(client: MlflowClient, name: str, version: str) -> Held:
    tags = client.get_model_version(name, version).tags
    return Held(name.removeprefix(PREFIX), version, _identity(tags), _marks(tags))


def _identity(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: tags[key] for key in IDENTITY if tags.get(key)}


def _marks(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key not in IDENTITY}


def _registered_model(client: MlflowClient, name: str, role: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name, tags={"role": role})
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _new_version(
    client: MlflowClient, uri: str, name: str, held: Held, experiment: str, source_run: str
) -> str:
    """Its number. Its weights are not copied: the tags name them by revision and digest."""
    import mlflow

    mlflow.set_tracking_uri(uri)
    found = client.get_experiment_by_name(experiment)
    model = mlflow.create_external_model(
        name=held.engine, source_run_id=_known_run(client, source_run), tags=dict(held.tags),
        model_type=held.tags.get("runtime", ""), experiment_id=found.experiment_id if found else None,
    )  # fmt: skip
    made = client.create_model_version(
        name, source=f"models:/{model.model_id}", model_id=model.model_id, tags=dict(held.tags)
    )
    return str(made.version)


def _known_run(client: MlflowClient, run_id: str) -> str | None:
    """The run, where this server has it: a comparison may have been tracked by another."""
    from mlflow.exceptions import MlflowException

    try:
        return str(client.get_run(run_id).info.run_id) if run_id else None
    except MlflowException:
        return None
