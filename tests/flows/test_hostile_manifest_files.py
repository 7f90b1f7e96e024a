"""Manifests made to cost memory or hours, or to take good rows along: bounded, typed, and no row loses its neighbours."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.manifest import Defaults, Manifest, read_manifest
from tasks.errors import BadManifest

HEADER = "id,image,intent,prompt\n"
GOOD = '{"id": "%s", "image": "a.png", "intent": "clean"}\n'


def read(folder: Path, name: str, data: bytes | str) -> Manifest:
    place = folder / name
    place.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_manifest(str(place), Defaults(out=""))


def ids(manifest: Manifest) -> list[str]:
    return [job.id for job in manifest.jobs]


LINES = {
    "not JSON": b"{nope", "not an object": b"[1]", "nested too deeply": b'{"id": ' + b"[" * 200_000, "twice": b'{"id": "x", "id": "y"}',
    "not UTF-8": b'{"id": "\xff"}', "columns": json.dumps({f"c{n}": n for n in range(5000)}).encode(),
    "line over": b'{"id": "' + b"x" * 2_000_000 + b'"}', "whole number": b'{"id": "x", "image": "a", "intent": "upscale", "scale": 1e999}',
    "file name": b'{"id": "\\u0000", "image": "a", "intent": "clean"}', "not JSON: Exceeds": b'{"id": ' + b"9" * 9000 + b"}",
}  # fmt: skip


@pytest.mark.parametrize("why", LINES)
def test_a_bad_line_of_json_is_one_rows_fault(tmp_path: Path, why: str) -> None:
    data = (GOOD % "first").encode() + LINES[why] + b"\n" + (GOOD % "last").encode()
    rows = read(tmp_path, "m.jsonl", data)
    assert ids(rows) == ["first", "last"]
    (problem,) = rows.problems
    assert problem.startswith("line 2 (")
    assert why in problem
    assert len(problem) < 600


CELLS = {
    "an unclosed quote": (b'bad,a.png,clean,"never closed\n', "expected"),
    "text after a quote": (b'bad,a.png,clean,"a"b\n', "expected"),
    "a byte that is no text": (b"bad,a\xff.png,clean,\n", "half of a character"),
    "half a megabyte in a cell": (b"bad,a.png,clean," + b"x" * 500_000 + b"\n", "field limit"),
    "a line over the limit": (b"bad,a.png,clean," + b"x" * 3_000_000 + b"\n", "line over"),
    "zero bytes": (b"b\0d,a.png,clean,\n", "file name"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CELLS)
def test_a_bad_line_of_csv_is_one_rows_fault(tmp_path: Path, kind: str) -> None:
    bad, why = CELLS[kind]
    after = b"".join(b'g-%d,a.png,replace,"a ""word"" and\na line"\n' % n for n in range(3))
    rows = read(
        tmp_path, "m.csv", HEADER.encode() + b"first,a.png,clean,\n" + bad + b"second,a.png,clean,\n" + after
    )
    assert [row.id for row in rows.rows if not row.problem or "mask" in row.problem] == [
        "first",
        "second",
        "g-0",
        "g-1",
        "g-2",
    ]
    (problem,) = [problem for problem in rows.problems if "mask" not in problem]
    assert problem.startswith("line 3 ")
    assert why in problem


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_line_of_100_mb_costs_little(tmp_path: Path, suffix: str) -> None:
    first, last = (
        (GOOD % "a", GOOD % "b") if suffix == "jsonl" else (HEADER + "a,a.png,clean,\n", "b,a.png,clean,\n")
    )
    start = time.process_time()
    rows = read(tmp_path, f"m.{suffix}", first.encode() + b"x" * 100_000_000 + b"\n" + last.encode())
    assert ids(rows) == ["a", "b"]
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("name", "line"), [("m.jsonl", "\n"), ("m.csv", "\r"), ("m.csv", "\n"), ("m.csv", "\0\n")]
)
def test_a_flood_of_lines_is_refused_in_time(tmp_path: Path, name: str, line: str) -> None:
    start = time.process_time()
    with pytest.raises(BadManifest, match="lines"):
        read(tmp_path, name, HEADER + line * 20_000_000)
    assert time.process_time() - start < 30


def test_quotes_all_over_cost_no_square(tmp_path: Path) -> None:
    start = time.process_time()
    rows = read(tmp_path, "m.csv", HEADER + '"x,a.png,clean\n' * 40_000 + "good,a.png,clean,\n")
    assert ids(rows) == ["good"]
    assert time.process_time() - start < 10


def test_every_end_of_a_line_and_a_mark_of_order_are_read(tmp_path: Path) -> None:
    text = "\ufeffid,image,intent\r\na,a.png,clean\rb,b.png,clean\nc,c.png,clean\r\n\r\n\nd,d.png,clean"
    assert ids(read(tmp_path, "m.csv", text)) == ["a", "b", "c", "d"]
    assert ids(read(tmp_path, "m.jsonl", "\ufeff" + GOOD % "a" + "\r\n" + GOOD.strip() % "b" + "\r\n")) == [
        "a",
        "b",
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["m.csv", "m.jsonl"])
def test_wider_text_is_told_as_such(tmp_path: Path, name: str, encoding: str) -> None:
    with pytest.raises(BadManifest, match="UTF-8"):
        read(tmp_path, name, (HEADER + "a,a.png,clean,\n").encode(encoding))


@pytest.mark.parametrize(
    "header", ["id,image,intent,id", ",".join(f"c{n}" for n in range(100_000)), '"id,image', "i" * 200_000]
)
def test_a_header_that_is_none_is_a_bad_manifest(tmp_path: Path, header: str) -> None:
    with pytest.raises(BadManifest) as refusal:
        read(tmp_path, "m.csv", f"{header}\na,a.png,clean,b\n")
    assert len(str(refusal.value)) < 1000


def test_a_manifest_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    place = tmp_path / "m.csv"
    with place.open("wb") as file:
        file.truncate(2**33)
    with pytest.raises(BadManifest, match="bytes"):
        read_manifest(str(place), Defaults(out=""))


def _parquet(folder: Path, table: pa.Table, **options: object) -> Path:
    place = folder / "m.parquet"
    pq.write_table(table, place, **options)
    return place


def test_billions_of_rows_in_a_few_bytes_are_refused(tmp_path: Path) -> None:
    ids = pa.DictionaryArray.from_arrays(pa.array([0] * 100, pa.int32()), pa.array(["x"]))
    table = pa.table({name: pa.chunked_array([ids] * 30_000) for name in ("id", "image", "intent")})
    place = _parquet(tmp_path, table, compression="zstd")
    assert place.stat().st_size < 100_000
    with pytest.raises(BadManifest, match="3000000 rows"):
        read_manifest(str(place), Defaults(out=""))


def test_gigabytes_of_one_text_are_refused(tmp_path: Path) -> None:
    text = pa.array(["x" * 30_000_000])
    cells = pa.DictionaryArray.from_arrays(pa.array([0] * 100, pa.int32()), text)
    few = pa.array(["a"] * 100)
    place = _parquet(tmp_path, pa.table({"id": cells, "image": few, "intent": few}), compression="zstd")
    assert place.stat().st_size < 100_000
    start = time.monotonic()
    with pytest.raises(BadManifest, match=r"unpacks|read in"):
        read_manifest(str(place), Defaults(out=""))
    assert time.monotonic() - start < 60


def _end_of(folder: Path, data: bytes) -> str:
    try:
        return f"{len(read(folder, 'b.parquet', data).rows)} rows"
    except BadManifest as refusal:
        return "refused" if refusal.message else "unexplained"


def test_bent_parquet_ends_typed(tmp_path: Path) -> None:
    good = pa.table({"id": ["a", "b"], "image": ["a.png", "b.png"], "intent": ["clean", "clean"]})
    data = _parquet(tmp_path, good).read_bytes()
    ends = []
    for n in range(6):
        bent = bytearray(data)
        bent[(len(bent) * n) // 6 + 5] ^= 0x55
        ends.append(_end_of(tmp_path, bytes(bent)))
    assert set(ends) <= {"2 rows", "refused"}
    assert "refused" in ends
