"""Where a pipeline's parts lie while it runs, and how large a picture its autoencoder takes in one piece."""

from __future__ import annotations

import logging
from typing import Any

_log = logging.getLogger(__name__)

OFFLOADS = ("none", "model", "sequential", "group")
"""All parts on the device; or in main memory until needed: one network at a time, one layer at a time (slow, least memory),
or a group of layers at a time, the next fetched while one works."""


def placed(pipe: Any, device: str, offload: str) -> Any:
    """The pipeline, ready to run on `device`.

    offload: one of `OFFLOADS`. On a CPU there is nowhere to fetch from: any of them is the same as `none`, which is logged, so
    that a plan made for a GPU runs here too and gives what it gives without. Hooks are of the pipeline alone: not thread-safe."""
    if device == "cpu" or offload == "none":
        if offload != "none":
            _log.info("offload %r does nothing on a CPU: all parts are in main memory", offload)
        return pipe.to(device)
    return offloaded(pipe, device, offload)


def offloaded(pipe: Any, device: str, offload: str) -> Any:
    """The same with the hooks that fetch each part when it is needed, on any device."""
    import torch

    if offload == "model":
        pipe.enable_model_cpu_offload(device=device)
    elif offload == "sequential":
        pipe.enable_sequential_cpu_offload(device=device)
    else:
        streams = device.startswith("cuda")
        pipe.enable_group_offload(torch.device(device), offload_type="leaf_level", use_stream=streams)
    return pipe


def decode_in_tiles(pipe: Any, side: int, over: int) -> None:
    """Have the autoencoder work in overlapping tiles where a picture's longer side, px, is over `over`; 0 = never.

    Memory then stays that of a tile; colours may differ a little from tile to tile, which is why a picture that fits is
    never cut. Slicing, which takes the pictures of a batch one by one, has nothing to do: no batch is ever formed."""
    vae = getattr(pipe, "vae", None)
    if vae is None or not hasattr(vae, "enable_tiling"):
        return
    if over and side > over:
        vae.enable_tiling()
    else:
        vae.disable_tiling()
