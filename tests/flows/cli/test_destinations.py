"""Outputs go where they are asked to, never over each other, and never over what is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows.cli.request import EditOptions, edit_jobs
from tasks.errors import BadRequest
from tasks.intents import MaskFile, RemoveObject
from tasks.job import SAFE_ID, JobSpec
from tests.flows.cli.conftest import picture


def jobs(*images: str, out: str = "", mask: str = "") -> tuple[JobSpec, ...]:
    options = EditOptions(clean=not mask, remove_object=bool(mask), mask=mask, out=out)
    return edit_jobs([Path(image) for image in images], options)


def places(*images: str, out: str = "", suffix: str = ".png") -> list[str]:
    """Where each output of PNGs would go."""
    return [f"{job.out}/{job.name}{job.suffix or suffix}" for job in jobs(*images, out=out)]


def test_by_default_it_goes_beside_its_picture(here: Path) -> None:
    other = picture(here / "sub" / "b.png")
    assert places("a.png", str(other)) == [f"{here}/a-edited.png", f"{here}/sub/b-edited.png"]


def test_a_file_a_folder_and_a_bucket(here: Path) -> None:
    (here / "folder.png").mkdir()
    assert places("a.png", out="new/x.tif") == [f"{here}/new/x.tif"]
    assert places("a.png", out="X.JPG") == [f"{here}/X.jpg"]
    assert places("a.png", out="new") == [f"{here}/new/a.png"]
    assert places("a.png", out="v1.2") == [f"{here}/v1.2/a.png"]
    assert places("a.png", out="folder.png") == [f"{here}/folder.png/a.png"]
    assert places("a.png", out="s3://bucket/pre") == ["s3://bucket/pre/a.png"]
    assert places("a.png", out="s3://bucket/pre/x.png") == ["s3://bucket/pre/x.png"]
    assert places("a.png", out="s3://bucket") == ["s3://bucket/a.png"]


@pytest.mark.parametrize("out", ["", "out"])
@pytest.mark.parametrize(
    "images",
    [("a.png", "a.jpg"), ("a.png", "a.bmp", "a.tif"), ("a.jpg", "a.jpeg"), ("A.png", "a.png"), ("a.png", "a.png"),
     ("a.png", "a-2.png", "a.jpg"), ("one/a.png", "two/a.png")],
)  # fmt: skip
def test_pictures_of_one_stem_have_places_of_their_own(here: Path, images: tuple[str, ...], out: str) -> None:
    for suffix in (".png", ".jpg"):  # as if all of them came out in one format
        found = places(*images, out=out, suffix=suffix)
        assert len({place.lower() for place in found}) == len(images), found
    ids = [job.id for job in jobs(*images, out=out)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("out", ["", ".", "sub", "sub/..", "link"])
def test_no_output_lies_over_a_picture_that_was_given(here: Path, out: str) -> None:
    for name in ("a-edited.png", "sub/a.png", "sub/b.png"):
        picture(here / name)
    (here / "link").symlink_to("sub")
    given = ("a.png", "a-edited.png", "sub/a.png", "sub/b.png")
    found = [os.path.realpath(place) for place in places(*given, out=out)]
    assert not {os.path.realpath(image) for image in given} & set(found)
    assert len(set(found)) == len(given)


def test_a_second_name_of_the_source_or_the_mask_is_no_place_either(here: Path) -> None:
    (here / "link.png").symlink_to("a.png")
    picture(here / "m.png")
    with pytest.raises(BadRequest, match="write over"):
        jobs("a.png", out="link.png")
    with pytest.raises(BadRequest, match="write over"):
        jobs("a.png", out="m.png", mask="m.png")


@pytest.mark.parametrize(
    "name", ["with space.png", "тест.png", "猫 [1].png", ".hidden.png", "-x.png", "--out.png", "..a.png", "a'b\"c.png", "%41.png"]
)  # fmt: skip
def test_any_name_is_read_as_it_is_and_gives_a_usable_id(here: Path, name: str) -> None:
    picture(here / name)
    (job,) = jobs(name)
    assert SAFE_ID.fullmatch(job.id)
    assert job.source == str(here / name)
    assert places(name) == [f"{here}/{Path(name).stem}-edited.png"]


def masks_key(job: JobSpec) -> str:
    assert isinstance(job.intent, RemoveObject)
    assert isinstance(job.intent.mask, MaskFile)
    return job.intent.mask.path


@pytest.mark.parametrize("mask", ["masks/m.png", "../elsewhere/m.png", "masks/../m.png"])
def test_a_mask_may_be_in_another_folder(here: Path, monkeypatch: pytest.MonkeyPatch, mask: str) -> None:
    monkeypatch.chdir(here)
    where = picture(here / mask)
    (job,) = jobs("a.png", mask=mask)
    key = masks_key(job)
    assert ".." not in key
    assert (Path(job.root) / key).samefile(where)
    assert (Path(job.root) / job.image).samefile(here / "a.png")
    assert job.out == str(here)


def test_links_that_a_person_names_are_followed(here: Path, tmp_path: Path) -> None:
    real, mask = picture(tmp_path / "far" / "real.png"), picture(tmp_path / "further" / "m.png")
    (here / "link.png").symlink_to(real)
    (here / "mask.png").symlink_to(mask)
    (job,) = jobs("link.png", mask="mask.png")
    assert (Path(job.root) / job.image).resolve() == real
    assert (Path(job.root) / masks_key(job)).resolve() == mask
    assert (job.id, job.out, job.name) == ("link", str(here), "link-edited")
