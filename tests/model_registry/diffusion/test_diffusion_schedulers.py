"""Schedulers by name: what each takes agrees with diffusers itself, latents are never clipped, and who is distilled is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from model_registry.engines.diffusion_params import Sampling, read_sampling
from model_registry.engines.diffusion_remarks import unknown_words
from model_registry.engines.diffusion_schedulers import (
    SCHEDULERS,
    TAKES,
    check_scheduler,
    fresh_scheduler,
    undistilled,
)
from model_registry.errors import EngineFault

ASKED: dict[str, Any] = {"eta": 0.5, "karras": True, "order": 1, "spacing": "linspace"}
SETTING = {"karras": "use_karras_sigmas", "order": "solver_order", "spacing": "timestep_spacing"}


def own(name: str) -> Any:
    """A scheduler such as a model of the name's family is saved with."""
    import diffusers

    if name == "flow-euler":
        made: Any = diffusers.FlowMatchEulerDiscreteScheduler
        return made()
    made = diffusers.DPMSolverMultistepScheduler
    return made(beta_schedule="scaled_linear", prediction_type="v_prediction", timestep_spacing="trailing")


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("parameter", ASKED)
def test_what_a_scheduler_takes_is_known_without_loading_and_is_what_it_gets(
    name: str, parameter: str
) -> None:
    sampling = Sampling(scheduler=name, **{parameter: ASKED[parameter]})
    if parameter in TAKES[name]:
        check_scheduler(sampling)
        made = fresh_scheduler(own(name), sampling)
        if parameter in SETTING:
            assert made.config[SETTING[parameter]] == ASKED[parameter]
        return
    for refuse in (lambda: check_scheduler(sampling), lambda: fresh_scheduler(own(name), sampling)):
        with pytest.raises(EngineFault, match=f"takes no {parameter}"):
            refuse()


def test_the_models_own_kind_keeps_its_settings_and_takes_what_it_can() -> None:
    plain = fresh_scheduler(own(""), Sampling())
    assert dict(plain.config) == dict(own("").config)
    assert fresh_scheduler(own(""), Sampling(order=3)).config.solver_order == 3
    with pytest.raises(EngineFault, match="takes no eta"):
        fresh_scheduler(own(""), Sampling(eta=1.0))


def test_latents_are_never_cut_off_at_one() -> None:
    """Ddim's own default would, where the model was saved with a scheduler that does not say."""
    import diffusers

    for name in ("ddim", "lcm"):
        made = fresh_scheduler(own(name), Sampling(scheduler=name))
        assert not made.config.clip_sample
        assert made.config.prediction_type == "v_prediction"
    kind: Any = diffusers.DDIMScheduler
    said = kind(clip_sample=True)
    assert fresh_scheduler(said, Sampling(scheduler="ddim")).config.clip_sample


@pytest.mark.parametrize(
    ("pipe", "distilled"),
    [
        (SimpleNamespace(scheduler=own(""), unet=SimpleNamespace(config=SimpleNamespace())), False),
        (
            SimpleNamespace(
                scheduler=own(""), unet=SimpleNamespace(config=SimpleNamespace(time_cond_proj_dim=256))
            ),
            True,
        ),
        (SimpleNamespace(scheduler=fresh_scheduler(own("lcm"), Sampling(scheduler="lcm"))), True),
    ],
    ids=["plain", "takes guidance as a condition", "saved with lcm"],
)
def test_a_model_distilled_for_few_steps_is_known(pipe: Any, distilled: bool) -> None:
    assert undistilled(pipe, "lcm") is not distilled
    assert not undistilled(pipe, "ddim")


def test_words_cut_into_pieces_are_unknown_only_to_models_of_whole_words() -> None:
    class Pieces:
        unk_token_id = 9

        def __call__(self, word: str, **_: Any) -> Any:
            return SimpleNamespace(input_ids={"oak": [1], "vase": [2, 3], "äh": [2, 9]}[word])

    assert unknown_words((Pieces(),), "An oak vase, OAK of the äh 12") == ("äh",)
    assert unknown_words((Pieces(),), "An oak vase, OAK of the äh 12", whole=True) == ("vase", "äh")
    assert unknown_words((), "vase") == ()


def test_a_parameter_that_is_nearly_right_is_answered_with_the_nearest() -> None:
    with pytest.raises(EngineFault, match=r"unknown parameter `guidence`; nearest: guidance"):
        read_sampling({"guidance": 3.0, "steps": 4}, {"guidence": 4.0})
