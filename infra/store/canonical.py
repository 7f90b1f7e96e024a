"""One JSON text for one value: what digests and keys are made of."""

from __future__ import annotations

import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces: equal values give equal bytes, on every machine.

    Tuples become lists; `1` and `1.0` stay different. Raises TypeError for what JSON cannot hold and for a
    key that is not text (JSON would turn `1` into `"1"`, so reading back would give another value),
    ValueError for NaN, infinities, lone surrogates and circular values.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    _require_text_keys(value)
    return text.encode("utf-8")


def _require_text_keys(value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a key must be text, not {type(key).__name__}: {key!r}")
            _require_text_keys(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _require_text_keys(inner)
