"""One value, one text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.store.canonical import canonical_json

UNHURRIED = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)  # fmt: skip


def test_the_text_itself() -> None:
    value = {"b": [1, 1.0, True, None], "a": {"é": "ü\n", "Z": (1e-9, 0.1)}}
    assert canonical_json(value) == '{"a":{"Z":[1e-09,0.1],"é":"ü\\n"},"b":[1,1.0,true,null]}'.encode()


@UNHURRIED
@given(VALUES)
def test_reading_back_gives_the_value_and_the_same_bytes(value: Any) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@UNHURRIED
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers()))
def test_order_does_not_matter(value: dict[str, int]) -> None:
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


@pytest.mark.parametrize(
    "value",
    [float("nan"), [float("inf")], {"a": {1: 2}}, [{None: 1}], {True: 1}, b"x", {1, 2}, object(), "\ud800"],
)
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical_json(value)


def test_other_processes_give_the_same_bytes() -> None:
    code = "import sys; from infra.store.canonical import canonical_json as c; " \
           "sys.stdout.buffer.write(c({k: {k} and [k] for k in 'zebra'}))"  # fmt: skip
    found = {
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True,
                       env={**os.environ, "PYTHONHASHSEED": str(seed)}).stdout
        for seed in (1, 2, 3)
    }  # fmt: skip
    assert found == {b'{"a":["a"],"b":["b"],"e":["e"],"r":["r"],"z":["z"]}'}
