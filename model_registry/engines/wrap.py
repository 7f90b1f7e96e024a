"""The one place that feeds engines pixels: fits pictures to cards, hides what must not leak, and checks what comes back.

Pictures are H×W×1 or H×W×3 float32, 0–1, and keep their channels; holes and zones H×W bool. Inputs are never changed and no
engine can write to the caller's arrays. Every function raises EngineOutOfMemory or EngineFault naming the engine; a picture
or hole of the wrong shape or type is the caller's own mistake and raises ValueError.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from model_registry.card import Card
from model_registry.engines.contract import (
    Blender,
    Engine,
    Enhancer,
    Filler,
    Generator,
    Hole,
    Params,
    Pixels,
    TextLine,
    TextReader,
    Upscaler,
)
from model_registry.engines.fit import as_given, as_rgb, padding_for
from model_registry.engines.guard import checked, guarded, merged_params, reject_black
from model_registry.engines.pieces import Piecework, enlarged
from model_registry.errors import EngineFault


def read_text(
    card: Card, engine: Engine, image_u8: NDArray[np.uint8], params: Params
) -> tuple[TextLine, ...]:
    """The lines of text in an H×W×1 or H×W×3 uint8 picture; polygons are clipped to the picture."""
    if image_u8.ndim != 3 or image_u8.shape[2] not in (1, 3) or image_u8.dtype != np.uint8:
        raise ValueError(f"a reader takes H×W×1 or H×W×3 uint8, not {image_u8.dtype} {image_u8.shape}")
    merged = merged_params(card, params)
    rgb = np.ascontiguousarray(np.broadcast_to(image_u8, (*image_u8.shape[:2], 3)))
    rgb = rgb.view()
    rgb.flags.writeable = False  # a large picture is not copied only to be read
    with guarded(card):
        lines = cast(TextReader, engine).read(rgb, params=merged)
        return tuple(_clipped(line, *image_u8.shape[:2]) for line in lines)


def fill(
    card: Card, engine: Engine, image: Pixels, hole: Hole, *, seed: int, prompt: str = "", params: Params
) -> Pixels:
    """`image` with its hole filled, bit-equal outside it.

    The engine is given the mean of the pixels outside in place of the hole's old content, so none of that can return."""
    _require(image, hole)
    merged = merged_params(card, params)
    if not hole.any():
        return image.copy()
    space = padding_for(card, *hole.shape)
    shown, where = space.pad(as_rgb(_without_hole(image, hole))), space.pad(hole)
    with guarded(card):
        filler = cast(Filler, engine)
        made = filler.fill(shown, where, seed=seed, prompt=prompt, params=merged)
    made = checked(card, made, shown.shape)
    _reject_black_fill(card, made, image, hole, space.crop(made)[hole])
    return _inside(image, as_given(space.crop(made), image.shape[2]), hole)


def generate(
    card: Card, engine: Engine, prompt: str, width: int, height: int, *, seed: int, params: Params
) -> Pixels:
    """A new height×width×3 picture; made larger where the card's sizes need it, and cropped about its centre."""
    if width < 1 or height < 1:
        raise ValueError(f"a picture of {width}×{height} pixels cannot be made")
    merged = merged_params(card, params)
    tall, wide = padding_for(card, height, width).padded
    with guarded(card):
        made = cast(Generator, engine).generate(prompt, wide, tall, seed=seed, params=merged)
    made = checked(card, made, (tall, wide, 3))
    reject_black(card, made, np.ones((1, 1, 3), np.float32))
    top, left = (tall - height) // 2, (wide - width) // 2
    return np.ascontiguousarray(made[top : top + height, left : left + width])


def upscale(card: Card, engine: Engine, image: Pixels, scale: int, *, params: Params) -> Pixels:
    """(H·scale)×(W·scale)×C: `image` enlarged by one of the card's scales, or cleaned at scale 1.

    What is over the card's largest size, or runs out of memory, is made in overlapping pieces (pieces.py)."""
    _require(image)
    merged = merged_params(card, params)
    if scale not in card.scales:
        offered = ", ".join(str(s) for s in card.scales) or "none"
        raise EngineFault(f"{card.id} does not scale by {scale}", cure=f"its scales: {offered}")

    def make(part: Pixels) -> Pixels:
        space = padding_for(card, *part.shape[:2])
        with guarded(card):
            shown = space.pad(as_rgb(part))
            made = cast(Upscaler, engine).upscale(shown, scale, params=merged)
        made = checked(card, made, (shown.shape[0] * scale, shown.shape[1] * scale, 3))
        reject_black(card, made, part)
        return as_given(space.crop(made, scale), image.shape[2])

    with guarded(card):
        most, step = card.size.maximum, card.size.multiple_of
        return enlarged(image, Piecework(card.id, scale, most, step, make, card.reach))


def blend(
    card: Card, engine: Engine, target: Pixels, source: Pixels, hole: Hole, zone: Hole, *, params: Params
) -> Pixels:
    """`source` joined to `target`, bit-equal to `target` outside `zone`, which must hold the whole hole.

    The engine is given a target without the hole's old content, so none of that can return."""
    _require(target, hole, zone)
    if source.shape != target.shape or source.dtype != np.float32:
        raise ValueError(f"the fill is {source.dtype} {source.shape}, the picture {target.shape}")
    if (hole & ~zone).any():
        raise ValueError("the write zone does not hold the whole hole: old content would stay")
    merged = merged_params(card, params)
    if not zone.any():
        return target.copy()
    space = padding_for(card, *hole.shape)
    under, over = space.pad(as_rgb(_without_hole(target, hole))), space.pad(as_rgb(source))
    with guarded(card):
        made = cast(Blender, engine).blend(under, over, space.pad(hole), space.pad(zone), params=merged)
    made = checked(card, made, under.shape)
    reject_black(card, made, np.minimum(target[~hole].max(initial=0), source).astype(np.float32))
    return _inside(target, as_given(space.crop(made), target.shape[2]), zone)


def enhance(card: Card, engine: Engine, image: Pixels, hole: Hole, *, seed: int, params: Params) -> Pixels:
    """A blended crop whose hole is given the grain and contrast of its surroundings, bit-equal outside the hole."""
    _require(image, hole)
    merged = merged_params(card, params)
    if not hole.any():
        return image.copy()
    space = padding_for(card, *hole.shape)
    shown, where = space.pad(as_rgb(image)), space.pad(hole)
    with guarded(card):
        made = cast(Enhancer, engine).enhance(shown, where, seed=seed, params=merged)
    made = checked(card, made, shown.shape)
    reject_black(card, made, image)
    return _inside(image, as_given(space.crop(made), image.shape[2]), hole)


def _require(image: Pixels, *areas: Hole) -> None:
    if image.ndim != 3 or image.shape[2] not in (1, 3) or not image.size or image.dtype != np.float32:
        raise ValueError(f"an engine takes H×W×1 or H×W×3 float32, not {image.dtype} {image.shape}")
    if not np.isfinite(image).all():
        raise ValueError("the picture holds values that are not finite")
    for area in areas:
        if area.shape != image.shape[:2] or area.dtype != np.bool_:
            raise ValueError(f"a hole of {area.dtype} {area.shape} does not fit a picture of {image.shape}")


def _without_hole(image: Pixels, hole: Hole) -> Pixels:
    """A copy whose hole holds the mean of the pixels outside it; mid grey when there are none."""
    known = image[~hole]
    mean = known.mean(axis=0, dtype=np.float64) if known.size else np.full(image.shape[2], 0.5)
    out = image.copy()
    out[hole] = mean.astype(np.float32)
    return out


def _inside(original: Pixels, made: Pixels, area: Hole) -> Pixels:
    """`made` where `area` is true; elsewhere the original's own bits."""
    out = original.copy()
    np.copyto(out, made, where=area[..., None])
    return out


def _reject_black_fill(card: Card, made: Pixels, image: Pixels, hole: Hole, filled: Pixels) -> None:
    """A picture that is black all over, or a black fill where no pixel of the surroundings is that dark."""
    known = image[~hole]
    reject_black(card, made, known)
    if known.size and float(known.max(axis=-1).min()) > 1 / 255:
        reject_black(card, filled, known)


def _clipped(line: TextLine, height: int, width: int) -> TextLine:
    corners = [(min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))) for x, y in line.polygon]
    return replace(line, polygon=tuple(corners))
