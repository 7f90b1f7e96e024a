"""What is protected: on the command line, in a manifest, in the plan that is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.cli.request import EditOptions
from flows.manifest import Defaults, read_manifest
from flows.options import parse_boxes
from tasks.errors import BadRequest
from tasks.intents import MOST_PROTECTED, Clean, RemoveText, Upscale


def test_boxes_are_read_one_by_one_or_together() -> None:
    assert parse_boxes(["1,2,30,40", " 5,6,7,8 ; 9,10,11,12 "]) == (
        (1, 2, 30, 40),
        (5, 6, 7, 8),
        (9, 10, 11, 12),
    )
    assert parse_boxes([""]) == ()


@pytest.mark.parametrize("text", ["1,2,3", "1,2,3,4,5", "a,b,c,d", "1.5,2,3,4", "box:1,2,3,4"])
def test_what_is_no_box_is_refused_and_the_form_is_named(text: str) -> None:
    with pytest.raises(BadRequest, match="is no box to protect") as caught:
        parse_boxes([text])
    assert "X0,Y0,X1,Y1" in caught.value.cure


def test_options_carry_the_boxes_into_the_intent() -> None:
    assert EditOptions(upscale=4, protect=("1,2,3,4", "5,6,7,8")).intent() == Upscale(
        scale=4, protect=((1, 2, 3, 4), (5, 6, 7, 8))
    )
    assert EditOptions(clean=True, protect=("1,2,3,4",)).intent() == Clean(protect=((1, 2, 3, 4),))
    with pytest.raises(BadRequest, match="--remove-text takes no --protect"):
        EditOptions(remove_text=True, protect=("1,2,3,4",)).intent()
    with pytest.raises(BadRequest, match=f"at most {MOST_PROTECTED}"):
        EditOptions(upscale=2, protect=("1,2,3,4",) * (MOST_PROTECTED + 1)).intent()


def test_a_manifest_has_a_column_for_it(tmp_path: Path) -> None:
    (tmp_path / "jobs.csv").write_text(
        "id,image,intent,scale,protect\n"
        'a,a.png,upscale,4,"1,2,30,40;50,60,70,80"\n'
        "b,b.png,upscale,2,\n"
        'c,c.png,clean,,"1,2,3,4"\n'
        'd,d.png,upscale,2,"1,2"\n'
        'e,e.png,remove_text,,"1,2,3,4"\n'
    )
    manifest = read_manifest(str(tmp_path / "jobs.csv"), Defaults(out=str(tmp_path)))
    intents = [row.job.intent if row.job else None for row in manifest.rows]
    assert intents == [
        Upscale(scale=4, protect=((1, 2, 30, 40), (50, 60, 70, 80))), Upscale(scale=2),
        Clean(protect=((1, 2, 3, 4),)), None, RemoveText(),
    ]  # fmt: skip
    assert "is no box to protect" in manifest.rows[3].problem
    assert manifest.unknown_columns == ()
