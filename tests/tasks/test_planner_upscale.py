"""The plan of an enlargement: the ladder, its parameters and their bounds, what is protected, and what is never automatic."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_registry.registry import Registry
from tasks.contracts import Facts
from tasks.errors import BadRequest
from tasks.intents import Clean, RemoveText, Upscale
from tasks.plan import EditPlan, StagePlan
from tasks.planner import Request, plan
from tests.model_registry.cards import write_card

FACTS = Facts(640, 480, 3, 8, "PNG", 0.1, 2.0, "0" * 16)
ENTRY = '"model_registry.engines.classical.resample:LanczosUpscale"'


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """The packaged cards and four upscalers more: two for a ladder, one that invents, one for another scale."""
    folder = tmp_path_factory.mktemp("cards")
    for name, rung, scales, more in (
        ("toy-tiny", 13, "[2, 4]", {}), ("toy-base", 14, "[2, 4]", {"reach": "12"}), ("toy-three", 15, "[3]", {}),
        ("toy-dreams", 90, "[2, 4]", {"invents": "true"}),
    ):  # fmt: skip
        cost = f"[cost]\nrung = {rung}\nseconds_per_megapixel = {rung}.0\n"
        write_card(folder, name, cost, entry=ENTRY, role='"upscale"', scales=scales, **more)
    return Registry.load(folder)


def enhancement(made: EditPlan) -> StagePlan:
    stage = made.stage("enhancement")
    assert stage is not None
    return stage


def ladder(made: EditPlan) -> list[str]:
    return [engine.id for engine in enhancement(made).engines]


def test_the_ladder_is_every_automatic_upscaler_of_that_scale_cheap_to_heavy(registry: Registry) -> None:
    twice = ladder(plan(Upscale(scale=2), FACTS, registry))
    assert twice[:3] == ["lanczos", "toy-tiny", "toy-base"]
    assert "toy-three" not in twice
    assert "bicubic" not in twice
    assert "toy-dreams" not in twice
    assert ladder(plan(Upscale(scale=3), FACTS, registry))[:2] == ["lanczos", "toy-three"]


def test_a_preview_stays_on_the_cheap_rungs(registry: Registry) -> None:
    assert ladder(plan(Upscale(scale=2), FACTS, registry, Request(tier="preview"))) == ["lanczos", "toy-tiny"]


def test_what_decides_where_an_engine_pays_is_in_the_plan(registry: Registry) -> None:
    base = enhancement(plan(Upscale(scale=2), FACTS, registry)).engines[2]
    assert (base.cost, base.reach, base.invents) == (14.0, 12, False)


def test_a_named_engine_does_every_cell_and_keeps_what_is_below_it(registry: Registry) -> None:
    made = enhancement(plan(Upscale(scale=2), FACTS, registry, Request(engines={"enhancement": "toy-base"})))
    assert [engine.id for engine in made.engines] == ["lanczos", "toy-tiny", "toy-base"]
    assert made.param("everywhere") == "toy-base"
    alone = enhancement(plan(Upscale(scale=2), FACTS, registry, Request(engines={"enhancement": "lanczos"})))
    assert [engine.id for engine in alone.engines] == ["lanczos"]
    assert "everywhere" not in dict(enhancement(plan(Upscale(scale=2), FACTS, registry)).params)


def test_an_engine_that_invents_makes_the_plan_look_for_text_and_faces(registry: Registry) -> None:
    guard = {"rules": "r", "detectors": "d"}
    made = plan(Upscale(scale=2), FACTS, registry, Request(engines={"enhancement": "toy-dreams"}), guard)
    assert [stage.stage for stage in made.stages] == [
        "triage",
        "detection",
        "policy",
        "enhancement",
        "export",
    ]
    detection, policy = made.stage("detection"), made.stage("policy")
    assert detection is not None
    assert policy is not None
    assert registry.get(detection.engines[0].id).role == "text"
    assert dict(policy.params) == guard
    assert enhancement(made).engines[-1].invents
    without = plan(Upscale(scale=2), FACTS, registry, Request(engines={"enhancement": "toy-base"}), guard)
    assert [stage.stage for stage in without.stages] == ["triage", "enhancement", "export"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("loss_db", -0.1), ("budget", 1.01), ("cell", 4), ("cell", 3000), ("consistency_db", 101), ("colour_shift", -1),
     ("hallucination", float("nan"))],
)  # fmt: skip
def test_a_value_out_of_bounds_is_refused_and_the_bounds_are_named(
    registry: Registry, name: str, value: float
) -> None:
    with pytest.raises(BadRequest, match=f"enhancement.{name}=.* is out of bounds") as caught:
        plan(Upscale(scale=2), FACTS, registry, Request(params={"enhancement": {name: value}}))
    assert " to " in caught.value.cure


@pytest.mark.parametrize(("name", "value"), [("cell", 16.5), ("budget", "half"), ("loss_db", True)])
def test_a_value_of_another_kind_is_refused(registry: Registry, name: str, value: float | str) -> None:
    with pytest.raises(BadRequest, match="is not a"):
        plan(Upscale(scale=2), FACTS, registry, Request(params={"enhancement": {name: value}}))


def test_each_parameter_changes_the_plan(registry: Registry) -> None:
    given = (
        {"loss_db": 0.1},
        {"budget": 0.5},
        {"cell": 16},
        {"consistency_db": 40.0},
        {"hallucination": 0.1},
    )
    requests = [Request(), *(Request(params={"enhancement": one}) for one in given)]
    assert len({plan(Upscale(scale=2), FACTS, registry, one).digest for one in requests}) == len(requests)


@pytest.mark.parametrize("name", ["scale", "everywhere"])
def test_what_follows_from_the_wish_cannot_be_set(registry: Registry, name: str) -> None:
    request = Request(engines={"enhancement": "toy-base"}, params={"enhancement": {name: 2}})
    with pytest.raises(BadRequest, match=f"enhancement.{name} follows from what is asked for"):
        plan(Upscale(scale=2), FACTS, registry, request)


def test_an_engine_without_the_scale_is_refused(registry: Registry) -> None:
    with pytest.raises(BadRequest, match="toy-base does not scale by 3, but by 2, 4"):
        plan(Upscale(scale=3), FACTS, registry, Request(engines={"enhancement": "toy-base"}))


@pytest.mark.parametrize("kind", [Upscale, Clean])
def test_protected_boxes_are_in_the_plan_and_printed(
    registry: Registry, kind: type[Upscale] | type[Clean]
) -> None:
    made = plan(kind(protect=((10, 10, 20, 20),)), FACTS, registry)
    assert "protected    10,10,20,20" in made.describe()
    assert made.digest != plan(kind(), FACTS, registry).digest


@pytest.mark.parametrize(
    ("box", "why"),
    [((10, 10, 10, 20), "is empty"), ((640, 0, 700, 10), "lies outside of the 640×480 picture")],
)
def test_a_box_that_protects_nothing_is_refused(
    registry: Registry, box: tuple[int, int, int, int], why: str
) -> None:
    with pytest.raises(BadRequest, match=why):
        plan(Upscale(protect=(box,)), FACTS, registry)


def test_a_network_cleans_before_classical_code_does(tmp_path: Path) -> None:
    write_card(
        tmp_path, "toy-clean", "[cost]\nrung = 90\n", role='"clean"', scales="[1]", runtime='"onnx"', entry=""
    )
    made = enhancement(plan(Clean(), FACTS, Registry.load(tmp_path)))
    classical = [Registry.load(tmp_path).get(engine.id).runtime == "classical" for engine in made.engines]
    assert classical == sorted(classical)
    assert {"toy-clean", "nlm"} <= {engine.id for engine in made.engines}
    assert made.param("scale") == 1


def test_other_intents_have_none_of_its_parameters(registry: Registry) -> None:
    with pytest.raises(BadRequest, match="no parameter 'loss_db'"):
        plan(RemoveText(), FACTS, registry, Request(params={"enhancement": {"loss_db": 0.1}}))


def test_no_automatic_upscaler_of_the_package_invents(tmp_path: Path) -> None:
    for intent in (Upscale(scale=2), Upscale(scale=3), Upscale(scale=4)):
        assert not any(engine.invents for engine in enhancement(plan(intent, FACTS, Registry.load())).engines)
