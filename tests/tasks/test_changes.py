"""Choices laid over choices; and jobs of ordinary runs, which know nothing of it."""

from __future__ import annotations

from model_registry.registry import Registry
from tasks.changes import changed
from tasks.intents import MaskBoxes, RemoveObject
from tasks.job import JobSpec, RegionChange, SeenRegion
from tasks.planner import Request

REGISTRY = Registry.load()
JOB = JobSpec(id="a", root="/r", image="a.png", intent=RemoveObject(mask=MaskBoxes(boxes=((1, 2, 3, 4),))))


def test_an_ordinary_job_is_written_as_it_always_was() -> None:
    """Its runs are found by what is written: a new field would make every unfinished one another run."""
    names = {
        "id",
        "root",
        "image",
        "intent",
        "out",
        "name",
        "suffix",
        "supplier",
        "engines",
        "params",
        "seed",
        "tier",
    }
    assert set(JOB.model_dump(mode="json")) == names


def test_a_reruns_job_is_read_as_it_was_written() -> None:
    change = RegionChange(n=2, engines={"generation": "telea"}, params={"blending": {"feather": 5}})
    job = JOB.model_copy(
        update={"changes": (change,), "as_before": (SeenRegion(n=1, box=(0, 0, 9, 9), final="f"),)}
    )
    assert JobSpec.model_validate(job.model_dump(mode="json")) == job
    assert JobSpec.model_validate_json(job.model_dump_json()) == job


def test_what_is_not_named_stays() -> None:
    request = Request(
        "preview", 3, {"blending": "soft-blend"}, {"generation": {"attempts": 1}, "export": {"quality": 5}}
    )
    found = changed(request, RegionChange(n=1, params={"generation": {"recover": False}}), REGISTRY)
    assert (found.tier, found.seed, found.engines) == ("preview", 3, {"blending": "soft-blend"})
    assert found.params == {"generation": {"attempts": 1, "recover": False}, "export": {"quality": 5}}
    assert changed(request, RegionChange(n=1, seed=0), REGISTRY).seed == 0


def test_the_earlier_engines_own_settings_go_with_it() -> None:
    request = Request(engines={"generation": "telea"}, params={"generation": {"radius": 9.0, "attempts": 1}})
    plane = changed(request, RegionChange(n=1, engines={"generation": "plane"}), REGISTRY)
    assert plane.params == {"generation": {"attempts": 1}}
    same = changed(request, RegionChange(n=1, engines={"generation": "telea"}), REGISTRY)
    assert same.params == request.params
    other = changed(request, RegionChange(n=1, engines={"generation": "navier-stokes"}), REGISTRY)
    assert other.params["generation"]["radius"] == 9.0, "the new engine knows it too"
