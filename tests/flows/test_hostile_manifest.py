"""Cells that break a parser are one row's fault; what breaks a file is said as such."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.manifest import Defaults, read_manifest
from tasks.errors import BadManifest

GOOD = {"id": "good", "image": "a.png", "intent": "clean"}


def test_a_number_of_thousands_of_digits_is_one_rows_fault(tmp_path: Path) -> None:
    bad = {"id": "bad", "image": "", "intent": "generate", "prompt": "a", "size": f"{'9' * 5000}x10"}
    place = tmp_path / "m.jsonl"
    place.write_text(f"{json.dumps(bad)}\n{json.dumps(GOOD)}\n")
    read = read_manifest(str(place), Defaults(out=""))
    assert [job.id for job in read.jobs] == ["good"]
    assert "cannot be understood" in read.problems[0]


def test_deep_json_is_a_bad_manifest(tmp_path: Path) -> None:
    place = tmp_path / "m.jsonl"
    place.write_text("[" * 100_000)
    with pytest.raises(BadManifest, match="too deeply"):
        read_manifest(str(place), Defaults(out=""))


def test_a_line_separator_within_a_text_of_json_ends_no_row(tmp_path: Path) -> None:
    place = tmp_path / "m.jsonl"
    place.write_text(json.dumps({**GOOD, "supplier": "a\u2028b\x85c"}, ensure_ascii=False), encoding="utf-8")
    assert read_manifest(str(place), Defaults(out="")).jobs[0].supplier == "a\u2028b\x85c"


def test_half_a_character_can_still_be_told(tmp_path: Path) -> None:
    place = tmp_path / "m.jsonl"
    place.write_text(json.dumps({**GOOD, "id": "bad/", "image": "\ud800.png"}))
    (row,) = read_manifest(str(place), Defaults(out="")).rows
    assert row.image.encode() == rb"\ud800.png"


def test_half_a_character_is_one_rows_fault(tmp_path: Path) -> None:
    place = tmp_path / "m.jsonl"
    place.write_text(f"{json.dumps({**GOOD, 'id': 'bad', 'supplier': chr(0xD800)})}\n{json.dumps(GOOD)}\n")
    read = read_manifest(str(place), Defaults(out=""))
    assert [job.id for job in read.jobs] == ["good"]
    assert "half of a character" in read.problems[0]
