"""Schedulers by name, from an allow-list, each made fresh from the model's own noise schedule.

Names and papers: `ddim` (Song, Meng & Ermon, 2021), `dpm++` and `dpm++-sde` (DPM-Solver++, Lu et al., 2022; second order,
ODE and SDE), `euler` and `euler-ancestral` (Karras et al., 2022), `unipc` (Zhao et al., 2023), `lcm` (Luo et al., 2023;
for distilled models), `flow-euler` (rectified flow, Esser et al., 2024).
"""

from __future__ import annotations

import inspect
from typing import Any, NoReturn

from model_registry.engines.diffusion_params import Sampling, nearest
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

_UNSAID: dict[str, dict[str, bool]] = {"ddim": {"clip_sample": False, "set_alpha_to_one": False}}
"""Where the scheduler that a model was saved with does not say: that of pixels would cut latents off at 1."""

SCHEDULERS: tuple[str, ...] = (*_NOISE, *_FLOW)
"""Every known name. A rectified-flow model takes only `flow-euler`, every other model only the rest."""
TAKES: dict[str, frozenset[str]] = {
    "ddim": frozenset({"eta", "spacing"}),
    "dpm++": frozenset({"karras", "order", "spacing"}),
    "dpm++-sde": frozenset({"karras", "order", "spacing"}),
    "euler": frozenset({"karras", "spacing"}),
    "euler-ancestral": frozenset({"spacing"}),
    "unipc": frozenset({"karras", "order", "spacing"}),
    "lcm": frozenset({"spacing"}),
    "flow-euler": frozenset({"karras"}),
}
"""The parameters that each does something with."""
_SETTINGS = {"karras": "use_karras_sigmas", "order": "solver_order", "spacing": "timestep_spacing"}
"""Parameter of a call to the scheduler's own name for it; `eta` goes to the step and is `ddim`'s alone."""


def fresh_scheduler(own: Any, sampling: Sampling) -> Any:
    """A new scheduler for one call, so that no state passes from call to call.

    own: the scheduler the pipeline was saved with; left unchanged. sampling: its `scheduler` is one of `SCHEDULERS`, or empty
    for its own kind. Raises EngineFault, listing what fits, where a name is unknown or of the wrong family, or a parameter is
    not one of this scheduler's."""
    import diffusers

    kind: Any = type(own)
    settings: dict[str, str] = {}
    name = sampling.scheduler
    if name:
        _check_name(name, type(own).__name__)
        class_name, settings = {**_NOISE, **_FLOW}[name]
        kind = getattr(diffusers, class_name)
    asked = _asked(sampling)
    idle = [parameter for parameter in asked if not _takes(kind, parameter)]
    if idle:
        _refuse(name or kind.__name__, idle)
    given = {_SETTINGS[parameter]: value for parameter, value in asked.items() if parameter != "eta"}
    unsaid = {key: value for key, value in _UNSAID.get(name, {}).items() if key not in own.config}
    return kind.from_config(own.config, **unsaid, **settings, **given)


def check_scheduler(sampling: Sampling) -> None:
    """Raise EngineFault where the scheduler's name is unknown, naming the nearest, or it has no use for what it is given.

    Loads nothing: whether the model itself can do with it is found out when it runs."""
    name = sampling.scheduler
    if name and name not in SCHEDULERS:
        fault = f"scheduler `{name}` is unknown{nearest(name, SCHEDULERS)}"
        raise EngineFault(fault, cure=f"use one of {', '.join(SCHEDULERS)}")
    idle = [parameter for parameter in _asked(sampling) if name and parameter not in TAKES[name]]
    if idle:
        _refuse(name, idle)


def _asked(sampling: Sampling) -> dict[str, Any]:
    """The parameters of a scheduler that are not left at its own."""
    names = ("eta", *_SETTINGS)
    return {name: value for name in names if (value := getattr(sampling, name))}


def undistilled(pipe: Any, name: str) -> bool:
    """Whether `lcm` is asked of a model that was not distilled for it, and so cannot do with a few steps.

    A model is where its U-Net takes the guidance as a condition, or it was saved with that scheduler."""
    if name != "lcm" or type(pipe.scheduler).__name__ == "LCMScheduler":
        return False
    config = getattr(getattr(pipe, "unet", None), "config", None)
    return getattr(config, "time_cond_proj_dim", None) is None


def _check_name(name: str, own: str) -> None:
    known = _FLOW if own.startswith("FlowMatch") else _NOISE
    if name not in known:
        kind = "does not fit this model" if name in SCHEDULERS else f"is unknown{nearest(name, known)}"
        raise EngineFault(f"scheduler `{name}` {kind}", cure=f"use one of {', '.join(known)}")


def _takes(kind: Any, parameter: str) -> bool:
    """`eta` is given to every step, the rest when the scheduler is made."""
    taken = inspect.signature(kind.step if parameter == "eta" else kind.__init__).parameters
    return _SETTINGS.get(parameter, parameter) in taken


def _refuse(named: str, idle: list[str]) -> NoReturn:
    able = sorted(name for name, taken in TAKES.items() if taken.issuperset(idle))
    cure = f"leave it out; {', '.join(able)} do take it" if able else "leave it out"
    raise EngineFault(f"scheduler `{named}` takes no {', '.join(idle)}", cure=cure)
