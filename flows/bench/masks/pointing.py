"""Objects outlined by the embedded segmenter from a loose box, and from one click in the middle of their thickest part."""

from __future__ import annotations

import time
from dataclasses import dataclass

import cv2
import numpy as np

from flows.bench.fill.fillers import Fillers
from flows.bench.masks.cases import Object
from model_registry.engines import wrap_objects
from model_registry.engines.segment_contract import Levels, ObjectPrompt
from tasks.contracts import Box, Raster, Zone
from tasks.detection.masks import Finders, build_mask
from tasks.errors import BadMask
from tasks.intents import MaskClick, MaskObjectBox

ENGINE = "grabcut"


@dataclass(frozen=True, slots=True)
class Pointed:
    """One outline."""

    way: str
    surface: str
    iou: float
    """0 where none was given."""
    refused: bool
    seconds: float


def pointed(one: Object, fillers: Fillers) -> list[Pointed]:
    """From a box 3 to 12 px too wide on each side, and from a click."""
    return [_outlined(one, "box", _box(one), fillers), _outlined(one, "click", _click(one.exact), fillers)]


def _box(one: Object) -> MaskObjectBox:
    x, y, w, h = cv2.boundingRect(one.exact.astype(np.uint8))
    side = one.exact.shape[0]
    left, top, right, bottom = (int(v) for v in np.random.default_rng(int(one.id[:3])).integers(3, 13, 4))
    box = (max(x - left, 0), max(y - top, 0), min(x + w + right, side), min(y + h + bottom, side))
    return MaskObjectBox(boxes=(box,))


def _click(exact: Zone) -> MaskClick:
    depth = cv2.distanceTransform(exact.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    y, x = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return MaskClick(on=((int(x), int(y)),))


def _outlined(one: Object, way: str, spec: MaskObjectBox | MaskClick, fillers: Fillers) -> Pointed:
    card = fillers.registry.get(ENGINE)

    def look(box: Box) -> Levels:
        return one.picture[box[1] : box[3], box[0] : box[2]]

    def segment(image: Levels, prompt: ObjectPrompt) -> Zone:
        with fillers.pool.lease(ENGINE) as engine:
            return wrap_objects.segment(card, engine, image, prompt, params={})

    begun = time.perf_counter()
    try:
        found = build_mask(spec, Raster(one.picture), finders=Finders(look, segment, lambda *_: ())) > 0
    except BadMask:
        return Pointed(way, one.surface, 0.0, True, time.perf_counter() - begun)
    shared = float((found & one.exact).sum() / (found | one.exact).sum())
    return Pointed(way, one.surface, shared, False, time.perf_counter() - begun)
