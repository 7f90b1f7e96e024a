"""Scores edited pictures against the catalogue's known truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2

from flows.demo.baseline import baseline_psnr, eight_bit, resized
from flows.demo.catalogue import Catalogue, Item
from flows.demo.files import Levels, decode
from flows.demo.measures import Zone, boxes_zone, changed_outside, near, psnr
from flows.demo.split import Side
from tasks.contracts import Box
from tasks.intents import IntentKind

FAR: Final = 12
"""px from the true overlay (or the mask the person gave) beyond which no edit has any business."""


@dataclass(frozen=True, slots=True)
class Score:
    """What was measured of one item. PSNR in dB inside the true overlay, or of the whole without one."""

    id: str
    title: str
    intent: IntentKind
    split: Side | None
    input_psnr: float | None = None
    """Doing nothing; of an upscale: bicubic."""
    baseline_psnr: float | None = None
    """rapidocr's boxes (or the mask) and Telea; of an upscale: Lanczos; of a clean: non-local means."""
    psnr: float | None = None
    changed_outside_zones: int | None = None
    """Pixels changed outside the reported write zones; None where that cannot be told."""
    changed_far: int | None = None
    """Pixels changed more than FAR px away from the true overlay and the given mask."""
    note: str = ""
    """`by block`: changes counted outside whole JPEG blocks; `lossy`: not comparable; `whole`: all of it."""

    @property
    def gain(self) -> float | None:
        """dB over the plain script."""
        if self.psnr is None or self.baseline_psnr is None:
            return None
        return self.psnr - self.baseline_psnr


def score(
    catalogue: Catalogue, outputs: Mapping[str, Path], zones: Mapping[str, Sequence[Box]]
) -> list[Score]:
    """One score an item, in the catalogue's order.

    outputs: item id to the edited file; zones: item id to the boxes of its write zones, in pixels of the
    picture as displayed. Either may lack an item."""
    plain = baseline_psnr(catalogue)
    scores = []
    for item in catalogue.items:
        if item.bad:
            scores.append(Score(item.id, item.title, item.intent, None, note="bad file"))
        else:
            scores.append(_one(catalogue, item, outputs.get(item.id), zones.get(item.id, ()), plain[item.id]))
    return scores


def _one(
    catalogue: Catalogue, item: Item, output: Path | None, boxes: Sequence[Box], plain: float | None
) -> Score:
    source = decode(catalogue.path(item.image).read_bytes())
    truth = decode(catalogue.path(item.truth).read_bytes())
    overlay = _zone(catalogue, item.overlay)
    ours, outside, far, note = None, None, None, "no output"
    if output is not None:
        data = output.read_bytes()
        ours = psnr(decode(data), truth, overlay)
        outside, far, note = _changes(catalogue, item, source, data, list(boxes))
        note = note if ours is not None else "size differs from the truth"
    start = _doing_nothing(item, source, truth, overlay)
    return Score(item.id, item.title, item.intent, item.split, start, plain, ours, outside, far, note)


def _doing_nothing(item: Item, source: Levels, truth: Levels, overlay: Zone | None) -> float | None:
    if item.intent == "upscale":
        return psnr(resized(eight_bit(source), item.scale, cv2.INTER_CUBIC), truth)
    return psnr(source, truth, overlay)


def _changes(
    catalogue: Catalogue, item: Item, source: Levels, output: bytes, boxes: list[Box]
) -> tuple[int | None, int | None, str]:
    overlay = _zone(catalogue, item.overlay)
    if overlay is None:
        return None, None, "whole"
    asked = _zone(catalogue, item.mask)
    edit = overlay if asked is None else overlay | asked
    written = boxes_zone(boxes, overlay.shape)
    outside, far = changed_outside(source, output, (written, near(edit, FAR)))
    if outside is None:
        return outside, far, "lossy"
    return outside, far, "by block" if output[:2] == b"\xff\xd8" else ""


def _zone(catalogue: Catalogue, relative: str) -> Zone | None:
    return decode(catalogue.path(relative).read_bytes())[..., 0] > 127 if relative else None
