"""The form of the triggered deployment: the schema that Prefect's page is built from, and what it lets through."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools import validate
from prefect.utilities.schema_tools.validation import ValidationError
from pydantic import ValidationError as Refused

import flows.order
from flows.catalog import process_catalog
from flows.order import Order, process_order

SCHEMA: dict[str, Any] = parameter_schema(process_order).model_dump()
FIELDS: dict[str, Any] = SCHEMA["definitions"]["Order"]["properties"]
GOOD: dict[str, Any] = {"manifest": "s3://catalogue/incoming/manifest.csv", "out": "s3://catalogue/edited"}


def test_the_page_is_told_every_field_with_its_title_and_meaning() -> None:
    assert SCHEMA["required"] == ["order"]
    assert SCHEMA["definitions"]["Order"]["required"] == ["manifest", "out"]
    assert all(field["title"] and field["description"] for field in FIELDS.values())
    stages = SCHEMA["definitions"]["EngineChoice"]["properties"]["stage"]
    assert "generation" in stages["enum"]
    assert FIELDS["tier"]["enum"] == ["preview", "final"]
    kinds = {name: field.get("type") for name, field in FIELDS.items()}
    assert kinds["preview_first"] == "boolean"
    assert kinds["seed"] == kinds["shard_size"] == "integer"
    assert kinds["engines"] == "array"


@pytest.mark.parametrize(
    "order",
    [
        GOOD,
        {**GOOD, "manifest": "/data/rows.parquet", "out": "/data/edited", "tier": "preview", "seed": 7},
        {**GOOD, "engines": [{"stage": "generation", "engine": "@champion"}]},
        {**GOOD, "params": [{"stage": "blending", "name": "feather", "value": 5}], "shard_size": 64},
    ],
)
def test_what_is_right_passes_the_server_and_the_flow(order: dict[str, Any]) -> None:
    validate({"order": order}, SCHEMA, raise_on_error=True)
    process_order.validate_parameters({"order": order})


@pytest.mark.parametrize(
    "wrong",
    [
        {"manifest": "manifest.csv"},
        {"manifest": "https://elsewhere.example/manifest.csv"},
        {"manifest": "s3://catalogue/manifest.xlsx"},
        {"out": "edited"},
        {"tier": "draft"},
        {"seed": -1},
        {"shard_size": 65},
        {"engines": [{"stage": "publishing", "engine": "telea"}]},
        {"engines": [{"stage": "generation", "engine": "../telea"}]},
        {"params": [{"stage": "blending", "name": "feather"}]},
        {"engine": "telea"},
    ],
    ids=str,
)
def test_what_is_wrong_is_refused_by_the_server_already(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        validate({"order": {**GOOD, **wrong}}, SCHEMA, raise_on_error=True)
    with pytest.raises(Refused):
        Order.model_validate({**GOOD, **wrong})


def test_an_order_becomes_the_catalogue_flows_own_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: dict[str, Any] = {}

    names = set(inspect.signature(process_catalog.fn).parameters)

    def listen(**given: Any) -> dict[str, Any]:
        heard.update(given)
        return {}

    monkeypatch.setattr(flows.order.process_catalog, "fn", listen)
    order = Order.model_validate(
        {
            **GOOD, "tier": "preview", "fresh": True, "seed": 3, "shard_size": 8, "preview_first": True, "observe": 2,
            "engines": [{"stage": "generation", "engine": "telea"}],
            "params": [
                {"stage": "blending", "name": "feather", "value": 5},
                {"stage": "detection", "name": "refine", "value": False},
                {"stage": "blending", "name": "feather", "value": 6.5},
            ],
        }
    )  # fmt: skip
    process_order.fn(order)
    assert set(heard) <= names
    assert heard == {
        "manifest": GOOD["manifest"], "out": GOOD["out"], "tier": "preview", "shard_size": 8, "fresh": True,
        "engines": {"generation": "telea"}, "params": {"blending": {"feather": 6.5}, "detection": {"refine": False}},
        "seed": 3, "track": True, "preview_first": True, "observe": 2,
    }  # fmt: skip
