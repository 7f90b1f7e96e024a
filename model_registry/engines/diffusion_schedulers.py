"""Schedulers by name, from an allow-list, each made fresh from the model's own noise schedule.

Names and papers: `ddim` (Song, Meng & Ermon, 2021), `dpm++` and `dpm++-sde` (DPM-Solver++, Lu et al., 2022; second order,
ODE and SDE), `euler` and `euler-ancestral` (Karras et al., 2022), `unipc` (Zhao et al., 2023), `lcm` (Luo et al., 2023;
for distilled models), `flow-euler` (rectified flow, Esser et al., 2024).
"""

from __future__ import annotations

from typing import Any

from model_registry.errors import EngineFault

_NOISE: dict[str, tuple[str, dict[str, str]]] = {
    "ddim": ("DDIMScheduler", {}),
    "dpm++": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++"}),
    # The multistep SDE solver draws from the call's generator; DPMSolverSDEScheduler keeps a noise source of its own.
    "dpm++-sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
}
_FLOW: dict[str, tuple[str, dict[str, str]]] = {"flow-euler": ("FlowMatchEulerDiscreteScheduler", {})}

SCHEDULERS: tuple[str, ...] = (*_NOISE, *_FLOW)
"""Every known name. A rectified-flow model takes only `flow-euler`, every other model only the rest."""


def fresh_scheduler(own: Any, name: str) -> Any:
    """A new scheduler for one call, so that no state passes from call to call.

    own: the scheduler the pipeline was saved with; left unchanged. name: one of `SCHEDULERS`, or empty for its own kind.
    Raises EngineFault, listing the names that fit, where `name` is unknown or of the wrong family."""
    if not name:
        return type(own).from_config(own.config)
    known = _FLOW if type(own).__name__.startswith("FlowMatch") else _NOISE
    if name not in known:
        kind = "does not fit this model" if name in SCHEDULERS else "is unknown"
        raise EngineFault(f"scheduler `{name}` {kind}", cure=f"use one of {', '.join(known)}")
    import diffusers

    class_name, settings = known[name]
    return getattr(diffusers, class_name).from_config(own.config, **settings)
