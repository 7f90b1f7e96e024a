"""The predicted clean latent, its pictures, and the curves made of it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.engines import observe_steps
from model_registry.engines.observe_curves import settled, settling
from model_registry.engines.observe_grid import evenly, grid
from model_registry.engines.observing import Observation, Watch, observing
from tests.model_registry.observing.conftest import Engines, make, pipe_of

STEPS = Watch(pictures=3, side=32, attention=False)


def watched(engine: Any, watch: Watch = STEPS, **params: Any) -> tuple[Observation, NDArray[np.float32]]:
    with observing(watch) as made:
        picture = make(engine, **params)
    return made[0], picture


@pytest.mark.parametrize(
    ("kind", "scheduler"),
    [("sd", "euler"), ("sd", "euler-ancestral"), ("sd", "dpm++"), ("sd", "unipc"), ("sdxl", ""), ("sd3", ""),
     ("flux", ""), ("z-image", "")],
)  # fmt: skip
def test_the_last_expected_picture_is_the_picture(engines: Engines, kind: str, scheduler: str) -> None:
    """Where the last step ends without noise, what is expected before it is what comes out of it."""
    made, picture = watched(engines(kind), scheduler=scheduler)
    assert made.pictured_steps == (0, 2, 3)
    small = cv2.resize(picture, (32, 24), interpolation=cv2.INTER_AREA) * 255
    assert np.abs(made.pictures[-1] - small).max() < 2
    assert np.abs(made.pictures[0] - small).max() > 4


@pytest.mark.parametrize(
    ("prediction", "kept"), [("epsilon", True), ("v_prediction", True), ("sample", True)]
)
@pytest.mark.parametrize("name", ["ddim", "dpm++", "unipc", "pndm"])
def test_every_scheduler_expects_the_latent_that_its_model_means(
    name: str, prediction: str, kept: bool
) -> None:
    """A denoiser that knows the clean latent says so in its own way; each scheduler's expectation is that latent."""
    import diffusers
    import torch

    kind = {
        "ddim": diffusers.DDIMScheduler,
        "dpm++": diffusers.DPMSolverMultistepScheduler,
        "unipc": diffusers.UniPCMultistepScheduler,
        "pndm": diffusers.PNDMScheduler,
    }[name]
    more: dict[str, Any] = {"clip_sample": False} if name == "ddim" else {}
    if name == "pndm":
        if prediction == "sample":
            pytest.skip("PNDM has no such models")
        more = {"skip_prk_steps": True}
    scheduler: Any = kind(prediction_type=prediction, **more)
    scheduler.set_timesteps(5)
    generator = torch.Generator().manual_seed(1)
    clean, noise = torch.randn(1, 4, 8, 8, generator=generator), torch.randn(1, 4, 8, 8, generator=generator)
    seen = observe_steps.Steps(0, 0, 1.0)
    seen.attach(scheduler)
    for time in scheduler.timesteps:
        alpha = scheduler.alphas_cumprod[int(time)]
        sample = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
        said = {
            "epsilon": noise,
            "v_prediction": alpha.sqrt() * noise - (1 - alpha).sqrt() * clean,
            "sample": clean,
        }
        scheduler.step(said[prediction], time, sample)
    assert len(seen.curve) == len(scheduler.timesteps)
    for latent in seen.curve:
        np.testing.assert_allclose(latent, clean[0].numpy(), atol=2e-3)
    assert not any(note.startswith("steps:") for note in seen.notes)


def test_a_start_part_of_the_way_in_counts_its_own_steps(engines: Engines) -> None:
    made, _ = watched(engines("inpaint"), steps=10, strength=0.5)
    assert made.steps == 5
    assert made.pictured_steps == (0, 2, 4)
    assert all(
        len(made.settling[name]) == 5 for name in ("distance", "low", "high", "change", "low_share", "spread")
    )


@pytest.mark.parametrize("scheduler", ["ddim", "euler-ancestral"])
def test_a_single_step_is_a_sampling_too(engines: Engines, scheduler: str) -> None:
    plain = make(engines("sd"), scheduler, steps=1)
    made, picture = watched(
        engines("sd"), Watch(pictures=3, side=32, steps_kept=3), scheduler=scheduler, steps=1
    )
    assert np.array_equal(picture, plain)
    assert (made.steps, made.pictured_steps, made.attended_steps) == (1, (0,), (0,))
    assert (made.settling["distance"], made.settling["change"], made.settling["settled_low"]) == (
        [0],
        [1],
        [0],
    )


def test_large_latents_are_reduced_with_a_note_and_pictures_are_not(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = watched(engines("sd"))
    monkeypatch.setattr(observe_steps, "MOST_BYTES", 2000)
    made, _ = watched(engines("sd"))
    assert any("averaged over 2×2" in note for note in made.notes)
    np.testing.assert_array_equal(made.pictures, whole.pictures)
    assert not np.array_equal(made.settling["distance"], whole.settling["distance"])


def waves(cycles: int, amount: NDArray[np.float64]) -> NDArray[np.float32]:
    """S×1×32×32: a grating of so many cycles, of a strength a step."""
    one = np.sin(2 * np.pi * cycles * np.arange(32) / 32)[None, :] * np.ones((32, 1))
    return (amount[:, None, None, None] * one).astype(np.float32)


def test_low_and_high_are_told_apart() -> None:
    early, late = np.array([0.5, 1, 1, 1, 1]), np.array([0, 0.2, 0.5, 0.95, 1])
    curves = settling(waves(2, early) + waves(10, late))
    assert curves["settled_low"] == [1]
    assert curves["settled_high"] == [3]
    np.testing.assert_allclose(curves["low"], 1 - early, atol=1e-5)
    np.testing.assert_allclose(curves["high"], 1 - late, atol=1e-5)
    np.testing.assert_allclose(curves["low_share"], early**2 / (early**2 + late**2), atol=1e-5)
    np.testing.assert_allclose(curves["distance"][0], np.hypot(0.5, 1) / np.hypot(1, 1), atol=1e-5)
    np.testing.assert_allclose(curves["change"][4], 0.05 / np.hypot(1, 1), atol=1e-5)
    assert (curves["collapsed"], curves["collapsed_at"]) == (0, -1)


def test_collapse_is_flat_or_not_finite_to_the_end() -> None:
    latents = waves(2, np.array([0.5, 1, 1, 1, 1]))
    flat = latents.copy()
    flat[3:] = 0.7
    assert (settling(flat)["collapsed"], settling(flat)["collapsed_at"]) == (1, 3)
    passing = latents.copy()
    passing[2] = 0
    assert settling(passing)["collapsed"] == 0
    broken = latents.copy()
    broken[2:, 0, 3, 3] = np.nan
    curves = settling(broken)
    assert (curves["collapsed"], curves["collapsed_at"], curves["settled_low"]) == (1, 2, 5)
    assert np.isnan(curves["distance"]).all()
    assert np.isfinite(curves["spread"][:2]).all()


def test_a_model_that_ends_in_nothing_is_seen_to(engines: Engines) -> None:
    engine = engines("sd")
    unet = pipe_of(engine).unet
    handle = unet.register_forward_hook(lambda _m, _a, out: (out[0] * float("nan"),))
    try:
        with observing(STEPS) as made, pytest.raises(Exception, match="not finite"):
            make(engine)
    finally:
        handle.remove()
    assert made[0].settling["collapsed"] == 1
    assert made[0].settling["collapsed_at"] == 0


def test_settled_grid_and_evenly() -> None:
    assert settled(np.array([0.5, 0.05, 0.2, 0.1, 0], np.float32)) == 3
    assert settled(np.array([np.nan], np.float32)) == 1
    assert grid(48, 0.75) == (6, 8)
    assert grid(35, 9 / 13) == (5, 7)
    assert grid(47, 0.75) is None
    assert [evenly(*pair) for pair in ((5, 3), (50, 6), (2, 6), (7, 1), (0, 4), (4, 0))] == [
        (0, 2, 4), (0, 10, 20, 29, 39, 49), (0, 1), (6,), (), (),
    ]  # fmt: skip
