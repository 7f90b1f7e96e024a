"""Whether what is asked of a diffusion model's sampling can be carried out, before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping

from model_registry.card import Card
from model_registry.engines.diffusion_params import read_sampling
from model_registry.engines.diffusion_schedulers import check_scheduler
from model_registry.errors import EngineFault
from tasks.errors import BadRequest
from tasks.plan import Value


def check_sampling(stage: str, card: Card, params: Mapping[str, Value]) -> None:
    """BadRequest, with every fault and the nearest names, for values that no run could make right."""
    if card.runtime != "diffusers":
        return
    try:
        check_scheduler(read_sampling(card.defaults, params))
    except EngineFault as fault:
        raise BadRequest(f"{card.id}: {fault.message}", stage=stage, cure=fault.cure) from fault
