"""A manifest's cell and a flow's job point at objects in the same words as the command line."""

from __future__ import annotations

from pathlib import Path

from flows.manifest import Defaults, read_manifest
from tasks.intents import MaskClick, MaskObjectBox, MaskWords, RemoveObject, Replace
from tasks.job import JobSpec


def test_rows_point_at_objects(tmp_path: Path) -> None:
    (tmp_path / "jobs.csv").write_text(
        "id,image,intent,mask,prompt,engine,param\n"
        'a,a.png,remove_object,"click:3,4 5,6 off:7,8",,,detection.grow=2\n'
        'b,b.png,replace,"object:1,2,30,40",a vase,detection=sam,\n'
        "c,c.png,remove_object,words:the red mug,,detection=owlv2+sam,\n"
        'd,d.png,remove_object,"click:3",,,\n'
    )
    rows = read_manifest(str(tmp_path / "jobs.csv"), Defaults(out=str(tmp_path))).rows
    intents = [row.job.intent for row in rows if row.job]
    assert intents == [
        RemoveObject(mask=MaskClick(on=((3, 4), (5, 6)), off=((7, 8),))),
        Replace(mask=MaskObjectBox(boxes=((1, 2, 30, 40),)), prompt="a vase"),
        RemoveObject(mask=MaskWords(words="the red mug")),
    ]
    assert rows[2].job is not None
    assert rows[2].job.engines == {"detection": "owlv2+sam"}
    assert rows[3].job is None
    assert "cannot read the mask" in rows[3].problem


def test_a_job_as_a_flow_takes_it_survives_json() -> None:
    job = JobSpec.model_validate({
        "id": "a", "root": "/", "image": "a.png", "out": "/o",
        "intent": {"kind": "remove_object", "mask": {"kind": "click", "on": [[3, 4]], "off": []}},
    })  # fmt: skip
    assert JobSpec.model_validate_json(job.model_dump_json()) == job
