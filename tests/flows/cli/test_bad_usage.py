"""Bad usage ends with 2, one line that says what and how to mend it, nothing on stdout, and nothing done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.cli.conftest import Command, Said, picture

TEXT = ("edit", "a.png", "--remove-text")
OBJECT = ("edit", "a.png", "--remove-object")
BOX = ("--mask", "box:1,2,30,20")


def refused(said: Said, *words: str) -> None:
    """Exit 2 with one line `pentimento: what. Cure: how` that has all of the words."""
    assert said.code == 2, said
    assert said.out == ""
    line = said.err.strip()
    assert "\n" not in line, line
    assert line.startswith("pentimento: ")
    assert ". Cure: " in line
    for word in words:
        assert word in line, (word, line)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("edit", "a.png"), ("nothing to do", "--remove-text", "--upscale")),
        ((*TEXT, "--upscale", "2"), ("--remove-text and --upscale", "choose one")),
        ((*TEXT, "--remove-object", *BOX), ("--remove-text and --remove-object",)),
        (OBJECT, ("--remove-object needs a mask", "box:")),
        (("edit", "a.png", "--replace", "a cup"), ("--replace needs a mask",)),
        ((*TEXT, *BOX), ("--remove-text takes no mask",)),
        (("edit", "a.png", "--upscale", "2", *BOX), ("--upscale takes no mask",)),
        (("edit", "a.png", "--upscale", "2", "--protect", "1,2,3"), ("'1,2,3' is no box", "X0,Y0,X1,Y1")),
        (("edit", "a.png", "--upscale", "2", "--protect", "5,5,5,9"), ("5,5,5,9 is empty",)),
        ((*TEXT, "--protect", "1,2,3,4"), ("--remove-text takes no --protect",)),
        (("edit", "a.png", "--upscale", "2", "--param", "enhancement.loss_db=-1"), ("loss_db=-1.0 is out of bounds", "0 to 60")),
        (("edit", "a.png", "--upscale", "2", "--param", "enhancement.budget=2"), ("budget=2.0 is out of bounds", "0 to 1")),
        (("edit", "a.png", "--upscale", "2", "--param", "enhancement.cell=1"), ("cell=1 is out of bounds", "8 to 256")),
        ((*OBJECT, "--mask", "none.png"), ("there is no mask file", "none.png")),
        ((*TEXT, "--text", "overlays"), ("--text 'overlays'", "did you mean overlay")),
        ((*TEXT, "--rights", "stolen"), ("--rights 'stolen'", "own, licensed, unknown")),
        ((*TEXT, "--tier", "finale"), ("--tier 'finale'", "preview, final", "did you mean final")),
        (("edit", "a.png", "--upscale", "1"), ("--upscale '1'", "2, 3, 4")),
        (("edit", "a.png", "--upscale", "5"), ("--upscale '5'",)),
        (("edit", "a.png", "--upscale", "-2"), ("--upscale '-2'",)),
        ((*TEXT, "--engine", "generation=telia"), ("no engine 'telia'", "telea")),
        ((*TEXT, "--engine", "generation=lanczos"), ("has role 'upscale', not 'fill'", "telea")),
        (("edit", "a.png", "--replace", "x", *BOX, "--engine", "generation=telea"), ("telea takes no prompt",)),
        ((*TEXT, "--engine", "generation=@champion"), ("alias @champion",)),
        ((*TEXT, "--engine", "filling=telea"), ("no stage 'filling'", "generation")),
        ((*TEXT, "--engine", "telea"), ("'telea' does not name an engine", "STAGE=ID")),
        ((*TEXT, "--engine", "export=telea"), ("export uses no engine",)),
        (("edit", "a.png", "--upscale", "2", "--engine", "generation=telea"), ("upscale has no stage generation",)),
        ((*TEXT, "--param", "blending.fether=5"), ("no parameter 'fether'", "feather")),
        ((*TEXT, "--param", "blend.feather=5"), ("no stage 'blend'",)),
        ((*TEXT, "--param", "blending.feather"), ("is no parameter", "STAGE.NAME=VALUE")),
        ((*TEXT, "--param", "blending.feather=wide"), ("'wide' is not a whole number",)),
        ((*TEXT, "--param", "blending.feather=-1"), ("feather=-1 is out of bounds", "0 to 256")),
        ((*TEXT, "--param", "generation.attempts=0"), ("attempts=0 is out of bounds",)),
        ((*TEXT, "--param", "verification.leak_max=nan"), ("'nan' is not a number",)),
        (("edit", "a.png", "--upscale", "2", "--param", "enhancement.scale=9"), ("enhancement.scale follows from",)),
        ((*TEXT, "--out", "a.png"), ("write over what is read",)),
        ((*TEXT, "--out", "a.bmp"), (".bmp files are not written", ".png")),
        ((*TEXT, "--out", "notes"), ("notes is a file, not a folder",)),
        ((*TEXT, "--out", "http://example.org/x"), ("neither a path nor s3://",)),
        (("edit", "a.png", "b.png", "--clean", "--out", "x.png"), ("one file for 2 pictures", "folder")),
        (("edit", "\udcff.png", "--clean"), ("is not UTF-8", "rename")),
        (("generate", ""), ("the prompt has 0 characters",)),
        (("generate", "cup " * 600), ("the prompt has 2400 characters",)),
        (("edit", "a.png", "--replace", "cup " * 600, *BOX), ("the prompt has 2400 characters",)),
        (("generate", "a cup", "--size", "512"), ("'512' is not WIDTHxHEIGHT",)),
        (("generate", "a cup", "--size", "²x²"), ("is not WIDTHxHEIGHT",)),
        (("generate", "a cup", "--size", "0x64"), ("out of bounds",)),
        (("generate", "a cup", "--size", "99999x64"), ("out of bounds", "8192")),
        (("generate", "a cup", "--engine", "sd51"), ("no engine 'sd51'", "sd15")),
        (("generate", "a cup", "--engine", "telea"), ("has role 'fill', not 'generate'",)),
        (("plan",), ("no picture was given",)),
        (("plan", "none.png", "--clean"), ("none.png",)),
        (("plan", ".", "--clean"), ("cannot be read",)),
        (("plan", "a.png", "--generate", "a cup"), ("one or the other",)),
        (("generate", "oak", "--scheduler", "eular"), ("`eular` is unknown; nearest: euler", "unipc")),
        (("generate", "oak", "--param", "generation.stepz=4"), ("no parameter 'stepz'", "nearest: steps")),
        (("generate", "oak", "--scheduler", "euler", "--param", "generation.eta=0.5"), ("takes no eta", "ddim do take it")),
        (("plan", "--generate", "oak", "--steps", "4000"), ("`steps` is out of range",)),
        (("catalog", "none.csv", "--out", "out"), ("there is no manifest none.csv",)),
        (("catalog", "notes", "--out", "out"), ("unknown kind of manifest", ".csv")),
        (("catalog", "good.csv", "--out", "out", "--tier", "last"), ("--tier 'last'",)),
        (("catalog", "good.csv", "--out", "out", "--runner", "thread"), ("--runner 'thread'", "did you mean threads")),
        (("catalog", "good.csv", "--out", "out", "--engine", "generation=telia"), ("no engine 'telia'", "telea")),
        (("catalog", "good.csv", "--out", "out", "--param", "blending.fether=1"), ("no parameter 'fether'",)),
        (("catalog", "good.csv", "--out", "a.png"), ("one file for a catalogue",)),
        (("catalog", "good.csv", "--out", "ftp://x/y"), ("neither a path nor s3://",)),
        (("models", "show", "tela"), ("no engine 'tela'; nearest: telea",)),
        (("models", "show", "zzzzzz"), ("no engine 'zzzzzz'", "models list")),
        (("runs", "edit-1"), ("no finished run edit-1", "pentimento runs")),
    ],
    ids=lambda value: " ".join(value)[:60].encode("ascii", "replace").decode() if isinstance(value, tuple) else "",
)  # fmt: skip
def test_bad_usage_is_said_in_one_line(
    here: Path, pentimento: Command, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    (here / "notes").write_text("not a picture", encoding="utf-8")
    (here / "good.csv").write_text("id,image,intent\na,a.png,clean\n", encoding="utf-8")
    before = sorted(here.iterdir())
    refused(pentimento(*arguments), *words)
    refused(pentimento(*arguments, "--json"), *words)
    assert sorted(here.iterdir()) == before


def test_a_mask_that_cannot_be_read_shows_the_forms(pentimento: Command) -> None:
    said = pentimento(*OBJECT, "--mask", "box:1,2,3")
    assert (said.code, said.out) == (2, "")
    assert "cannot read the mask 'box:1,2,3'" in said.err
    assert "poly:X,Y" in said.err


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("edit",), ("edit", "a.png", "--remove-texts"), ("edit", "a.png", "--upscale", "big"), ("catalog", "m.csv"),
     ("models", "polish"), ("edit", "-x.png", "--clean")],
)  # fmt: skip
def test_what_the_parser_refuses_ends_with_2_too(pentimento: Command, arguments: tuple[str, ...]) -> None:
    said = pentimento(*arguments)
    assert (said.code, said.out) == (2, "")
    assert "Traceback" not in said.err
    assert said.err.strip()


def test_a_bad_setting_is_no_traceback(pentimento: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENTIMENTO_WORKERS", "many")
    said = pentimento("runs")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("pentimento: workers: ")


def test_bad_cards_are_all_named(
    pentimento: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text('id = "x"', encoding="utf-8")
    monkeypatch.setenv("PENTIMENTO_CARDS", str(tmp_path))
    said = pentimento("models")
    assert (said.code, said.out) == (2, "")
    assert "one.toml" in said.err
    assert "two.toml" in said.err


def test_a_run_out_of_the_store_cannot_be_named(pentimento: Command) -> None:
    said = pentimento("runs", "../secret")
    assert (said.code, said.out) == (2, "")
    assert "not allowed" in said.err


def test_which_text_is_chosen_in_a_manifest_too(here: Path) -> None:
    from flows.manifest import Defaults, read_manifest

    (here / "m.csv").write_text(
        "id,image,intent,text\na,a.png,remove_text,scene\nb,a.png,remove_text,all\nc,a.png,remove_text,\n"
        "d,a.png,remove_text,everything\n",
        encoding="utf-8",
    )
    rows = read_manifest("m.csv", Defaults(out="out"))
    assert [job.intent.text for job in rows.jobs if job.intent.kind == "remove_text"] == [
        "scene",
        "all",
        "overlay",
    ]
    assert "'everything'" in rows.problems[0]


@pytest.mark.parametrize("cell", ["1e999", "nan", "two"])
def test_a_manifests_strange_number_is_that_rows_problem(here: Path, cell: str) -> None:
    from flows.manifest import Defaults, read_manifest

    (here / "m.csv").write_text(
        f"id,image,intent,scale\na,a.png,upscale,{cell}\nb,a.png,upscale,2\n", encoding="utf-8"
    )
    rows = read_manifest("m.csv", Defaults(out="out"))
    assert [job.id for job in rows.jobs] == ["b"]
    assert "whole number" in rows.problems[0]


def test_overlay_and_all_are_planned(here: Path, pentimento: Command) -> None:
    picture(here / "a.png")
    digests = {
        pentimento("plan", "a.png", "--remove-text", "--text", text).out for text in ("overlay", "all")
    }
    assert len(digests) == 2
