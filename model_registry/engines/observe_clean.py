"""The clean latent that a denoiser expects at a step, taken from the scheduler or worked out as it does."""

from __future__ import annotations

from typing import Any

from torch import Tensor


def predicted_clean(
    scheduler: Any, output: Tensor, timestep: Any, sample: Tensor, result: Any
) -> tuple[Tensor, str]:
    """The estimate of x₀ behind one step, and how it was had; the scheduler is looked at after the step, and only looked at.

    output, sample: what `step` was given; result: what it returned. Raises LookupError where this scheduler's is unknown.
    Read off where the scheduler reports it (DDIM, Euler, ancestral Euler, LCM) or keeps it (DPM-Solver++, UniPC in data
    prediction); else x₀ = x − σv for rectified flow (Liu et al., 2023), or from ε, v or x as the model predicts
    (Ho et al., 2020; Salimans & Ho, 2022)."""
    reported = _reported(result)
    if reported is not None and reported.shape == sample.shape:
        return reported, "as the scheduler reports it"
    if _keeps_clean(scheduler) and scheduler.model_outputs[-1] is not None:
        return scheduler.model_outputs[-1], "as the multistep scheduler keeps it"
    if type(scheduler).__name__.startswith("FlowMatchEuler"):
        sigma = scheduler.sigmas[scheduler.step_index - 1].to(sample.device, sample.dtype)
        return sample - sigma * output, "worked out from the flow's velocity"
    alphas = getattr(scheduler, "alphas_cumprod", None)
    if alphas is None:
        raise LookupError(f"{type(scheduler).__name__} does not say which clean latent it expects")
    return _from_prediction(scheduler, output, timestep, sample), "worked out from the model's output"


def _reported(result: Any) -> Tensor | None:
    if isinstance(result, tuple):
        return result[1] if len(result) > 1 and isinstance(result[1], Tensor) else None
    reported = getattr(result, "pred_original_sample", None)
    return reported if isinstance(reported, Tensor) else None


def _keeps_clean(scheduler: Any) -> bool:
    if not getattr(scheduler, "model_outputs", None):
        return False
    config = scheduler.config
    return "++" in config.get("algorithm_type", "") or bool(config.get("predict_x0", False))


def _from_prediction(scheduler: Any, output: Tensor, timestep: Any, sample: Tensor) -> Tensor:
    alpha: Tensor = scheduler.alphas_cumprod[int(timestep)].to(sample.device, sample.dtype)
    kind = scheduler.config.get("prediction_type", "epsilon")
    if kind == "epsilon":
        return (sample - (1 - alpha).sqrt() * output) / alpha.sqrt()
    if kind == "v_prediction":
        return alpha.sqrt() * sample - (1 - alpha).sqrt() * output
    if kind == "sample":
        return output
    raise LookupError(f"a model that predicts `{kind}` is not known")
