"""Pictures larger than a U-Net was made for: it looks through overlapping windows, whose noise predictions are averaged.

MultiDiffusion (Bar-Tal, Yariv, Lipman and Dekel, 2023): every denoising step is taken on the whole picture, so that windows
cannot drift apart. Here the mean is weighted towards a window's middle, and the grid of windows moves by half a stride from
step to step, so that no border lies twice in one place. Works inside any pipeline whose U-Net is called with latents of
B×C×H×W, whatever its scheduler. Nothing is drawn: the same latents give the same bytes. Memory is that of one window, besides
the latents and the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from model_registry.errors import EngineFault

OVERLAP = 0.25
"""Share of a window's side that its neighbour sees too."""
WHOLE = 2**28
"""Bytes of the autoencoder's widest layer, up to which it takes a picture at once; more is taken in tiles."""
TILE = 64
"""Side of an autoencoder's tile, cells."""
Tensor = Any


def starts(length: int, window: int, turn: int = 0) -> list[int]:
    """Where windows begin along a side, in cells: evenly spread from end to end, OVERLAP or more of each shared.

    turn: at odd ones the inner windows lie half a stride further on, with one more at the end."""
    if length <= window:
        return [0]
    stride = max(int(window * (1 - OVERLAP)), 1)
    count = -(-(length - window) // stride)
    places = [round(i * (length - window) / count) for i in range(count + 1)]
    if turn % 2 == 0:
        return places
    return [0, *((a + b) // 2 for a, b in pairwise(places)), length - window]


def spread(
    given: Tensor, window: int, act: Callable[[Tensor], Tensor], *, enlarges: int = 1, cell: int = 1, turn: int = 0
) -> Tensor:  # fmt: skip
    """`act` done on every window of `given` (B×C×H×W) and averaged, in the order of reading.

    act: B×C×h×w to B×C'×(h·enlarges/cell)×(w·enlarges/cell). cell: windows begin and end on whole cells of so many places;
    H, W and `window` are multiples of it. Returns B×C'×(H·enlarges/cell)×(W·enlarges/cell)."""
    import torch

    height, width = (side // cell for side in given.shape[-2:])
    total: Tensor = None
    weights = torch.zeros(height * enlarges, width * enlarges, dtype=torch.float32, device=given.device)
    for top in starts(height, window // cell, turn):
        for left in starts(width, window // cell, turn):
            place = (..., slice(top * cell, top * cell + window), slice(left * cell, left * cell + window))
            piece = act(given[place])
            y, x, (h, w) = top * enlarges, left * enlarges, piece.shape[-2:]
            if total is None:
                shape = (*piece.shape[:2], *weights.shape)
                total = torch.zeros(shape, dtype=torch.float32, device=given.device)
            weight = _bell(h, piece.device)[:, None] * _bell(w, piece.device)[None, :]
            total[..., y : y + h, x : x + w] += piece.float() * weight
            weights[y : y + h, x : x + w] += weight
    return (total / weights).to(piece.dtype)


def _bell(length: int, device: Any) -> Tensor:
    """A raised cosine that is over 0 everywhere and symmetric."""
    import torch

    at = (torch.arange(length, dtype=torch.float32, device=device) + 0.5) / length
    return 0.5 - 0.5 * torch.cos(2 * torch.pi * at) + 1e-3


@contextmanager
def windowed(pipe: Any, window: int) -> Iterator[None]:
    """Within it the pipeline's U-Net and autoencoder look through windows where latents are larger than they take at once.

    window: side of the U-Net's windows, px; 0 = nothing is changed. Raises EngineFault for a pipeline without a U-Net."""
    if not window:
        yield
        return
    if getattr(pipe, "unet", None) is None:
        fault = f"a {type(pipe).__name__} cannot be run in windows: it has no U-Net"
        raise EngineFault(fault, cure="leave out `windowed_side`, or choose another engine")
    scale = int(pipe.vae_scale_factor)
    with _put(pipe.unet, "forward", _through_windows(pipe.unet.forward, max(window // scale, 1))):
        most = WHOLE // (4 * int(pipe.vae.config.block_out_channels[0]))
        decode = _put(pipe.vae, "decode", _decoding(pipe.vae.decode, scale, most))
        encode = _put(pipe.vae, "encode", _encoding(pipe.vae.encode, scale, most))
        with decode, encode:
            yield


@contextmanager
def _put(module: Any, name: str, method: Callable[..., Any]) -> Iterator[None]:
    """An instance's own method in place of what it had; afterwards exactly as before."""
    had = name in vars(module)
    before = vars(module).get(name)
    setattr(module, name, method)
    try:
        yield
    finally:
        delattr(module, name)
        if had:
            setattr(module, name, before)


def _through_windows(forward: Callable[..., Any], window: int) -> Callable[..., Any]:
    turns = iter(range(10**9))

    def looked(sample: Tensor, timestep: Any, *more: Any, **named: Any) -> Any:
        if max(sample.shape[-2:]) <= window:
            return forward(sample, timestep, *more, **named)
        plain = {**named, "return_dict": False}
        predicted = spread(
            sample, window, lambda piece: forward(piece, timestep, *more, **plain)[0], turn=next(turns)
        )  # fmt: skip
        return (predicted,) if named.get("return_dict") is False else SimpleNamespace(sample=predicted)

    return looked


def _decoding(decode: Callable[..., Any], scale: int, most: int) -> Callable[..., Any]:
    """most: pixels that are taken at once."""

    def decoded(latents: Tensor, *more: Any, return_dict: bool = True, **named: Any) -> Any:
        if latents.shape[-2] * latents.shape[-1] * scale**2 <= most:
            return decode(latents, *more, return_dict=return_dict, **named)
        made = spread(
            latents, TILE, lambda piece: decode(piece, *more, return_dict=False, **named)[0], enlarges=scale
        )  # fmt: skip
        return SimpleNamespace(sample=made) if return_dict else (made,)

    return decoded


def _encoding(encode: Callable[..., Any], scale: int, most: int) -> Callable[..., Any]:
    """Latents are the mean of what the encoder finds: nothing is drawn, so that tiles agree where they overlap."""

    def encoded(picture: Tensor, *_more: Any, **_named: Any) -> Any:
        if picture.shape[-2] * picture.shape[-1] <= most:
            return SimpleNamespace(latents=encode(picture).latent_dist.mode())
        found = spread(
            picture, TILE * scale, lambda piece: encode(piece).latent_dist.mode(), cell=scale
        )  # fmt: skip
        return SimpleNamespace(latents=found)

    return encoded
