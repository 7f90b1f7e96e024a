"""From a verdict to the pixels: `--engine generation=@champion` is what was promoted, until it is taken back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from flows.cli.app import app
from flows.cli.request import EditOptions, edit_jobs
from flows.edit import run_edit
from infra.settings import Settings
from infra.store.store import Store
from model_registry.errors import UnknownEngine
from model_registry.registry import Registry
from tasks.errors import BadRequest
from tasks.intents import MaskBoxes, RemoveObject
from tasks.planner import Request, plan
from tasks.results import ItemResult, RunResult
from tests.flows.voting.made import ID, comparison, variant

PLAIN, RICH = "plain-variant", "rich-variant"
INTENT = RemoveObject(mask=MaskBoxes(boxes=((20, 20, 40, 40),)))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    pixels = np.clip(
        np.add.outer(np.arange(64), np.arange(80))[..., None] + rng.integers(0, 60, (64, 80, 3)), 0, 255
    )
    path = tmp_path / "photo.png"
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


def edited(image: Path, *engines: str) -> ItemResult:
    options = EditOptions(
        remove_object=True,
        mask="box:20,20,40,40",
        rights="own",
        engines=engines,
        out=str(image.parent / "out"),
    )
    return RunResult.model_validate(run_edit(edit_jobs([image], options))).items[0]


def pentimento(*words: str) -> str:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.usefixtures("prefect_server")
def test_promote_then_edit_then_back(image: Path, store: Store, settings: Settings) -> None:
    comparison(store, pictures=3)
    telea, stokes = (edited(image, f"generation={engine}") for engine in ("telea", "navier-stokes"))
    assert telea.output_sha256 != stokes.output_sha256
    with pytest.raises(BadRequest, match="not set for role 'fill'"):
        _plan(settings)

    pentimento("promote", ID, "--variant", PLAIN, "--anyway", "known for years")
    assert edited(image, "generation=@champion").output_sha256 == telea.output_sha256

    said = pentimento("promote", ID)
    assert "fill: @champion telea@1 (version 1) -> navier-stokes@1" in said
    assert "--engine generation=@champion" in said
    champion = edited(image, "generation=@champion")
    assert champion.regions[0].engine == "navier-stokes"
    assert champion.output_sha256 == stokes.output_sha256

    pentimento("promote", "--back", "fill")
    back = edited(image, "generation=@champion")
    assert back.regions[0].engine == "telea"
    assert back.output_sha256 == telea.output_sha256

    history = json.loads(pentimento("promote", "--history", "--json"))
    assert [row["action"] for row in history["changes"]] == ["promote", "promote", "back"]
    assert history["champions"] == {"fill": ["telea"]}
    assert history["unfinished"] == []
    assert "reason: known for years" in pentimento("promote", "--history", "fill")


@pytest.mark.usefixtures("prefect_server")
def test_promoted_parameters_are_those_of_the_run_unless_it_names_its_own(
    image: Path, store: Store, settings: Settings
) -> None:
    variants = tuple(
        variant(name, engines={"generation": "telea"}, params={"generation": {"radius": radius}})
        for name, radius in ((PLAIN, 3.0), (RICH, 11.0))
    )
    comparison(store, pictures=3, variants=variants)
    wide = _with_radius(image, 11.0, "telea")
    assert wide.output_sha256 != edited(image, "generation=telea").output_sha256
    pentimento("promote", ID)
    assert edited(image, "generation=@champion").output_sha256 == wide.output_sha256
    assert (
        _with_radius(image, 3.0, "@champion").output_sha256 == edited(image, "generation=telea").output_sha256
    )
    assert "radius=11.0" in pentimento("promote", "--history")


def _with_radius(image: Path, radius: float, engine: str) -> ItemResult:
    options = EditOptions(
        remove_object=True, mask="box:20,20,40,40", rights="own", engines=(f"generation={engine}",),
        params=(f"generation.radius={radius}",), out=str(image.parent / "out"),
    )  # fmt: skip
    return RunResult.model_validate(run_edit(edit_jobs([image], options))).items[0]


def _plan(settings: Settings) -> None:
    plan(INTENT, None, Registry.load(), Request(engines={"generation": "@champion"}))


def test_a_registry_lays_an_alias_parameters_over_the_card() -> None:
    registry = Registry.load().with_aliases(
        {"fill": {"champion": "telea"}}, {("fill", "champion"): {"radius": 7.5}}
    )
    assert registry.resolve("fill", "@champion").defaults == {"radius": 7.5}
    assert registry.resolve("fill", "telea").defaults == {"radius": 3.0}
    made = plan(INTENT, None, registry, Request(engines={"generation": "@champion"}))
    generation = made.stage("generation")
    assert generation
    assert dict(generation.engines[0].params)["radius"] == 7.5
    gone = Registry.load().with_aliases(
        {"fill": {"champion": "telea"}}, {("fill", "champion"): {"width": 7.5}}
    )
    with pytest.raises(UnknownEngine, match="sets width of telea"):
        gone.resolve("fill", "@champion")


def test_a_plan_is_printed_with_the_champion(image: Path, store: Store, settings: Settings) -> None:
    comparison(store, pictures=3)
    pentimento("promote", ID)
    said = pentimento(
        "plan", str(image), "--remove-object", "--mask", "box:20,20,40,40", "--engine", "generation=@champion"
    )
    assert "navier-stokes@1" in said


@pytest.mark.parametrize(
    "words",
    [
        (),
        (ID, "--back", "fill"),
        ("--back", "paint"),
        ("--history", "paint"),
        (ID, "--why", "x"),
        ("compare-nowhere-0",),
    ],
)
def test_wrong_usage_says_what_to_do(words: tuple[str, ...], store: Store) -> None:
    done = CliRunner().invoke(app, ["promote", *words])
    assert isinstance(done.exception, BadRequest)
    assert done.exception.cure
