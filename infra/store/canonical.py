"""One JSON text for one value: what digests and keys are made of."""

from __future__ import annotations

import json
from typing import Any

_LEAVES = frozenset({str, int, float, bool, type(None)})


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
    inside = [value]
    while inside:
        one = inside.pop()
        if isinstance(one, dict):
            for key in one:
                if not isinstance(key, str):
                    raise TypeError(f"a key must be text, not {type(key).__name__}: {key!r}")
            inside += [inner for inner in one.values() if type(inner) not in _LEAVES]
        elif isinstance(one, list | tuple):
            inside += [inner for inner in one if type(inner) not in _LEAVES]
