"""Variants from a file: read as they stand, and every fault of all of them named at once."""

from __future__ import annotations

import json
import pickle
import tomllib
from pathlib import Path

import pytest

from flows.comparing.model import VariantChoice
from flows.comparing.variants import MOST, BadVariants, Setting, applied, parse_variants, read_variants
from model_registry.registry import Registry
from tasks.errors import BadManifest
from tasks.intents import MaskBoxes, RemoveObject, Upscale
from tasks.job import JobSpec

TWO = '[[variant]]\nname = "planned"\n[[variant]]\nname = "telea"\nengines = { generation = "telea" }\nseed = 3\n'
JOB = JobSpec(
    id="x", root=".", image="x.png", intent=RemoveObject(mask=MaskBoxes(boxes=((0, 0, 9, 9),))), out="o",
    engines={"generation": "plane", "blending": "soft-blend"}, params={"blending": {"feather": 5}, "generation": {"context": 8}},
)  # fmt: skip


@pytest.fixture(scope="module")
def setting() -> Setting:
    return Setting(Registry.load())


def problems(found: object, setting: Setting) -> str:
    with pytest.raises(BadVariants) as raised:
        parse_variants(found, setting)
    return "\n".join(raised.value.problems)


def test_toml_and_json_say_the_same(tmp_path: Path, setting: Setting) -> None:
    (tmp_path / "v.toml").write_text(TWO)
    said = {
        "variants": [{"name": "planned"}, {"name": "telea", "engines": {"generation": "telea"}, "seed": 3}]
    }
    (tmp_path / "v.json").write_text(json.dumps(said))
    choices = read_variants(str(tmp_path / "v.toml"), setting)
    assert choices == read_variants(str(tmp_path / "v.json"), setting)
    assert choices[1].said == "generation=telea, seed=3"


def test_every_fault_of_every_variant_is_named_with_what_is_nearest(setting: Setting) -> None:
    said = problems(
        [
            {"name": "one", "engines": {"generaton": "telea"}, "params": {"blending": {"fether": 3}}},
            {"name": "two", "engines": {"generation": "tela"}, "sed": 4},
            {"name": "two", "tier": "draft"},
            {"engines": {}},
        ],
        setting,
    )
    for wanted in (
        "generaton",
        "generation",
        "fether",
        "feather",
        "tela",
        "telea",
        "sed",
        "seed",
        "tier",
        "variant 4",
        "name",
    ):
        assert f"{wanted}" in said
    assert len(said.splitlines()) == 6


def test_two_that_ask_for_the_same_are_refused_and_so_is_one_name_for_two(setting: Setting) -> None:
    assert "one and two are equal" in problems([{"name": "one"}, {"name": "two"}], setting)
    same = [{"name": "one"}, {"name": "two", "seed": 0, "tier": "final", "params": {"blending": {}}}]
    assert "equal" in problems(same, setting), "what the comparison would choose anyway is no choice"
    assert "called Two" in problems([{"name": "two"}, {"name": "Two", "seed": 2}], setting)


@pytest.mark.parametrize(
    "found",
    [[], {}, {"variant": "x"}, [{"name": "alone"}], [{"name": f"v{n}", "seed": n} for n in range(MOST + 1)]],
)
def test_fewer_than_two_and_more_than_can_be_told_apart_are_refused(found: object, setting: Setting) -> None:
    assert f"2 to {MOST} variants" in problems(found, setting)


@pytest.mark.parametrize("name", ["", "../up", "a b", "x" * 41, ".hidden"])
def test_a_name_that_is_no_folder_is_refused(name: str, setting: Setting) -> None:
    assert "name" in problems([{"name": name}, {"name": "other", "seed": 1}], setting)


def test_an_engine_that_fits_no_picture_is_refused_before_anything_runs(setting: Setting) -> None:
    rows = [{"name": "planned"}, {"name": "wrong", "engines": {"generation": "lanczos"}}]
    with_jobs = Setting(setting.registry, (JOB,))
    assert "lanczos" in problems(rows, with_jobs)
    up = JOB.model_copy(update={"intent": Upscale(scale=2), "engines": {}, "params": {}})
    assert len(parse_variants(rows, Setting(setting.registry, (JOB, up)))) == 2, (
        "it changes nothing for an enlargement"
    )


@pytest.mark.parametrize("text", ["[[variant]\n", "\x00", "variant = 3"])
def test_a_file_that_is_no_list_of_variants_says_so(text: str, tmp_path: Path, setting: Setting) -> None:
    (tmp_path / "v.toml").write_text(text)
    with pytest.raises(BadVariants):
        read_variants(str(tmp_path / "v.toml"), setting)
    with pytest.raises(BadManifest, match="no file of variants"):
        read_variants(str(tmp_path / "none.toml"), setting)


def test_a_refusal_survives_its_way_between_processes(setting: Setting) -> None:
    fault = BadVariants(["one", "two"])
    assert pickle.loads(pickle.dumps(fault)).problems == fault.problems


def test_what_a_variant_says_goes_over_the_row_and_nothing_else_changes() -> None:
    choice = VariantChoice(
        name="v",
        engines={"generation": "telea"},
        params={"blending": {"feather": 9}, "generation": {"attempts": 1}},
        seed=4,
    )
    made = applied(choice, JOB, "out/v")
    assert made.engines == {"generation": "telea", "blending": "soft-blend"}
    assert made.params == {"blending": {"feather": 9}, "generation": {"context": 8, "attempts": 1}}
    assert (made.seed, made.tier, made.out, made.id) == (4, "final", "out/v", "x")
    assert JOB.params == {"blending": {"feather": 5}, "generation": {"context": 8}}
    assert applied(VariantChoice(name="w"), JOB, "o") == JOB


def test_the_readmes_example_is_one(setting: Setting) -> None:
    """As a newcomer would copy it."""
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    (example,) = [part for part in readme.split("```toml\n")[1:] if part.startswith("[[variant]]")]
    choices = parse_variants(tomllib.loads(example.partition("```")[0]), setting)
    assert len(choices) == 3


def test_a_name_that_is_no_folders_is_refused_in_words(setting: Setting) -> None:
    assert "letters, digits, dots" in problems([{"name": "as planned"}, {"name": "b", "seed": 1}], setting)
