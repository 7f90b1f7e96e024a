"""A manifest's rows become jobs, or reasons, all at once."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from flows.manifest import Defaults, Manifest, read_manifest
from tasks.errors import BadManifest
from tasks.intents import MaskBoxes, RemoveObject, RemoveText, Upscale

HEADER = "id,image,intent,mask,prompt,scale,rights\n"


def manifest(folder: Path, text: str, name: str = "m.csv") -> Manifest:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_manifest(str(path), Defaults(out="out"))


def test_rows_become_jobs(tmp_path: Path) -> None:
    rows = manifest(
        tmp_path,
        HEADER
        + 'a,a.png,remove_text,,,,own\nb,s/b.png,remove_object,"box:1,2,3,4",,,\nc,c.png,upscale,,,4,\n',
    )
    assert rows.problems == ()
    first, second, third = (job.intent for job in rows.jobs)
    assert first == RemoveText(rights="own")
    assert second == RemoveObject(mask=MaskBoxes(boxes=((1, 2, 3, 4),)))
    assert third == Upscale(scale=4)
    assert rows.jobs[1].image == "s/b.png"


def test_the_same_rows_in_three_formats_are_the_same_jobs(tmp_path: Path) -> None:
    records = [
        {"id": "a", "image": "a.png", "intent": "upscale", "scale": 3},
        {"id": "b", "image": "b.png", "intent": "clean"},
    ]
    csv = manifest(tmp_path, "id,image,intent,scale\na,a.png,upscale,3\nb,b.png,clean,\n")
    lines = manifest(tmp_path, "\n".join(json.dumps(r) for r in records), "m.jsonl")
    pyarrow.parquet.write_table(pa.Table.from_pylist(records), tmp_path / "m.parquet")
    parquet = read_manifest(str(tmp_path / "m.parquet"), Defaults(out="out"))
    assert csv.jobs == lines.jobs == parquet.jobs


def test_all_bad_rows_are_reported_at_once_with_their_lines(tmp_path: Path) -> None:
    text = HEADER + (
        "good,a.png,remove_text,,,,\n"
        "x,a.png,paint,,,,\n"
        "y,a.png,upscale,,,7,\n"
        "good,b.png,clean,,,,\n"
        "../z,a.png,clean,,,,\n"
        "v,,clean,,,,\n"
        "w,a.png,replace,\"box:1,1,9,9\",,,\n"
        "u,a.png,remove_object,,,,\n"
        "t,a.png,remove_text,,,,stolen\n"
    )  # fmt: skip
    rows = manifest(tmp_path, text)
    assert [job.id for job in rows.jobs] == ["good"]
    assert [int(p.split()[1]) for p in rows.problems] == list(range(3, 11))
    wanted = ("paint", "scale", "earlier row", "file name", "no image", "prompt", "needs a mask", "rights")
    for word, problem in zip(wanted, rows.problems, strict=True):
        assert word in problem


def test_engines_and_parameters_may_be_chosen_in_a_column(tmp_path: Path) -> None:
    rows = manifest(
        tmp_path,
        "id,image,intent,engine,param\na,a.png,remove_text,generation=telea;blending=soft-blend,blending.feather=5\n",
    )
    assert rows.jobs[0].engines == {"generation": "telea", "blending": "soft-blend"}
    assert rows.jobs[0].params == {"blending": {"feather": 5}}


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("m.csv", b"", "no rows"), ("m.csv", b"id,image\na,b\n", "no column intent"), ("m.csv", b"\xff\xfe\x00", "UTF-8"),
        ("m.jsonl", b"{nope", "not JSON"), ("m.jsonl", b"[1]", "not an object"), ("m.parquet", b"PAR1", "Parquet"),
        ("m.xlsx", b"x", "kind"), ("m.csv", b"id,image,intent\n" + b"a" * 1_100_000, "line over"),
    ],
)  # fmt: skip
def test_a_manifest_that_cannot_be_read_says_why(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadManifest, match=why):
        read_manifest(str(tmp_path / name), Defaults(out="out"))


def test_a_missing_manifest_and_a_web_address_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match="no manifest"):
        read_manifest(str(tmp_path / "none.csv"), Defaults(out="out"))
    with pytest.raises(BadManifest, match="not a local path"):
        read_manifest("https://example.com/m.csv", Defaults(out="out"))


def test_the_truth_is_the_rows_and_never_the_jobs(tmp_path: Path) -> None:
    text = "id,image,intent,truth\na,a.png,clean,truth/a.png\nb,b.png,clean,\n"
    rows = manifest(tmp_path, text)
    assert [row.truth for row in rows.rows] == ["truth/a.png", ""]
    assert rows.unknown_columns == ()
    plain = manifest(tmp_path, "id,image,intent\na,a.png,clean\nb,b.png,clean\n")
    assert rows.jobs == plain.jobs, "a truth changes no key of what is made"


def test_a_manifest_of_prompts_needs_no_column_of_images(tmp_path: Path) -> None:
    made = manifest(tmp_path, "id,intent,prompt,size\noak,generate,warm oak,256x256\nold,remove_text,,\n")
    assert [bool(row.job) for row in made.rows] == [True, False]
    assert made.rows[1].problem
