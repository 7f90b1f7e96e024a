"""Lays words over a crop: solid or see-through, outlined, shadowed, on plates, repeated as watermarks; and what is no word."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from flows.training.overlay_letters.grounds import NEITHER, OVERLAY, UNSAID, Labels
from flows.training.overlay_letters.lettering import any_way
from flows.training.overlay_letters.texts import text_for
from flows.training.text_origin.files import Levels3
from flows.training.text_origin.lettering import Coverage, Lettering
from flows.training.text_origin.tones import contrary, ink_on

SMALLEST, LARGEST = 9.0, 120.0
"""Type sizes, px."""
UNSEEN = 5.0
"""Levels: lettering that changes the picture by less, on average, is not asked for."""
_WIDE, _RING = 5, 9
"""Lettering counts 2 px about itself; what is 2 to 4 px away may be called either."""


@dataclass(frozen=True, slots=True)
class Style:
    """How words are laid over."""

    opacity: float
    outline: bool
    hollow: bool
    shadow: float
    glow: float
    plate: bool


def overlaid(random: np.random.Generator, base: Levels3, labels: Labels, faces: tuple[str, ...]) -> None:
    """Changes `base` and `labels`: one to three lines of words, or one line many times over."""
    style, face = _style(random), _face(random, faces)
    size = int(np.exp(random.uniform(np.log(SMALLEST), np.log(LARGEST))))
    words = any_way(face, size, text_for(face, random), random)
    corner = _anywhere(random, base, words)
    if random.random() < 0.08 and style.opacity < 0.9:
        _repeated(random, base, labels, words, style)
        return
    ink = _laid(random, base, labels, words, corner, style, None)
    for _ in range(int(random.choice([0, 1, 2], p=[0.6, 0.3, 0.1]))):
        step = round(size * float(random.uniform(1.0, 1.6)))
        corner = corner[0] + int(random.integers(-size, size + 1)), corner[1] + step
        size = max(int(size * float(random.choice([1.0, 1.0, 0.5, 0.7]))), int(SMALLEST))
        words = any_way(face, size, text_for(face, random), random)
        _laid(random, base, labels, words, corner, style, ink)


def _face(random: np.random.Generator, faces: tuple[str, ...]) -> str:
    """Files of Chinese are few, and are chosen as often as a tenth of all."""
    chinese = [face for face in faces if "wqy" in face.lower()]
    if chinese and random.random() < 0.1:
        return str(random.choice(np.asarray(chinese)))
    return str(random.choice(np.asarray(faces)))


def _style(random: np.random.Generator) -> Style:
    way, opacity = random.random(), 1.0
    if random.random() < 0.6:
        opacity = float(random.uniform(0.12, 0.85))
    return Style(
        opacity, random.random() < 0.8, random.random() < 0.06,
        float(random.uniform(0.3, 0.9)) if way < 0.18 else 0.0,
        float(random.uniform(0.3, 0.9)) if 0.18 <= way < 0.26 else 0.0, 0.26 <= way < 0.4,
    )  # fmt: skip


def _anywhere(random: np.random.Generator, base: Levels3, words: Lettering) -> tuple[int, int]:
    """A corner, x and y, such that much of the words is seen where they fit at all."""
    at = []
    for room, length in zip(base.shape[1::-1], words.letters.shape[::-1], strict=True):
        low, high = sorted((0, room - length))
        at.append(int(random.integers(low - length // 6, high + length // 6 + 1)))
    return at[0], at[1]


def _placed(cover: Coverage, corner: tuple[int, int], shape: tuple[int, ...]) -> Coverage:
    """The coverage on a page of `shape`, cut off at its edges."""
    page = np.zeros(shape[:2], np.float32)
    x, y = corner
    h, w = cover.shape
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, shape[1]), min(y + h, shape[0])
    if x0 < x1 and y0 < y1:
        page[y0:y1, x0:x1] = cover[y0 - y : y1 - y, x0 - x : x1 - x]
    return page


def _laid(
    random: np.random.Generator, base: Levels3, labels: Labels, words: Lettering, corner: tuple[int, int],
    style: Style, ink: Levels3 | None,
) -> Levels3 | None:  # fmt: skip
    letters, wide = (_placed(part, corner, base.shape) for part in (words.letters, words.outlined))
    solid = letters > 0.3
    if solid.sum() < 30:
        return ink
    before = base.copy()
    if style.plate:
        ink = _plate(random, base, labels, letters)
    ground = base[solid].mean(axis=0)
    ink = ink_on(ground, random, float(random.choice([12, 25, 60]))) if ink is None else ink
    aside = _around(random, base, wide, style, ink)
    if style.outline and words.outlined is not words.letters:
        rim = contrary(ink) if random.random() < 0.7 else ink_on(ink, random, 60)
        _mix(base, wide * np.float32(style.opacity), rim)
        if style.hollow:
            base[:] = base + letters[..., None] * (before - base)
    else:
        wide = letters
    if not style.hollow or wide is letters:
        tone = _gradient(random, ink, base) if random.random() < 0.05 else ink
        _mix(base, letters * np.float32(style.opacity), tone)
    _told(labels, wide, aside, np.abs(base - before).mean(axis=2))
    return ink


def _told(labels: Labels, cover: Coverage, aside: Coverage, changed: Coverage) -> None:
    """Labels the words; unsaid where a person would hardly see them, and on shadows."""
    solid = cover > 0.35
    if not solid.any():
        return
    labels[aside > 0.12] = UNSAID
    ring, near = (cv2.dilate(solid.astype(np.uint8), np.ones((n, n), np.uint8)) > 0 for n in (_RING, _WIDE))
    labels[ring] = UNSAID
    if float(changed[solid].mean()) >= UNSEEN:
        labels[near] = OVERLAY


def _around(
    random: np.random.Generator, base: Levels3, cover: Coverage, style: Style, ink: Levels3
) -> Coverage:
    """Draws a shadow or a glow; returns where."""
    if style.shadow:
        dx, dy = (int(v) for v in random.integers(1, 6, 2))
        moved = np.asarray(
            cv2.warpAffine(cover, np.array([[1, 0, dx], [0, 1, dy]], np.float32), cover.shape[::-1])
        )
        soft = np.asarray(cv2.GaussianBlur(moved, (0, 0), float(random.uniform(0.4, 4))), np.float32)
        return _mix(base, soft * np.float32(style.shadow * style.opacity), np.zeros(3, np.float32))
    if style.glow:
        halo = np.asarray(cv2.GaussianBlur(cover, (0, 0), float(random.uniform(1, 5))), np.float32)
        return _mix(base, np.minimum(halo * np.float32(1.6), 1) * np.float32(style.glow), contrary(ink))
    return np.zeros(cover.shape, np.float32)


def _mix(base: Levels3, cover: Coverage, colour: Levels3) -> Coverage:
    base += cover[..., None] * (colour - base)
    return cover


def _gradient(random: np.random.Generator, ink: Levels3, base: Levels3) -> Levels3:
    other = ink_on(ink, random, 30)
    share = np.linspace(0, 1, base.shape[0], dtype=np.float32)[:, None, None]
    return np.asarray(ink + (other - ink) * share, np.float32)


def _plate(random: np.random.Generator, base: Levels3, labels: Labels, letters: Coverage) -> Levels3:
    """A plate or a band behind the words; the ink for them."""
    ys, xs = np.nonzero(letters > 0.3)
    pad = int(random.uniform(0.1, 0.6) * min(np.ptp(ys) + 1, np.ptp(xs) + 1)) + 2
    first, last = (int(xs.min()) - pad, int(ys.min()) - pad), (int(xs.max()) + pad, int(ys.max()) + pad)
    page = np.zeros(letters.shape, np.float32)
    form = random.random()
    if form < 0.2:
        middle = (first[0] + last[0]) // 2, (first[1] + last[1]) // 2
        axes = ((last[0] - first[0]) * 6 // 10, (last[1] - first[1]) * 7 // 10)
        cv2.ellipse(page, middle, axes, 0, 0, 360, (1.0,), -1, cv2.LINE_AA)
    elif form < 0.45:
        page[max(first[1], 0) : max(last[1], 0)] = 1
    else:
        cv2.rectangle(page, first, last, (1.0,), -1)
    colour = ink_on(np.full(3, 128, np.float32), random, 0)
    opacity = float(random.choice([1.0, 1.0, random.uniform(0.3, 0.9)]))
    _mix(base, page * np.float32(opacity), colour)
    if opacity > 0.8:
        labels[page > 0.5] = NEITHER  # what was drawn there is hidden
    return ink_on(colour, random, 50)


def _repeated(
    random: np.random.Generator, base: Levels3, labels: Labels, words: Lettering, style: Style
) -> None:
    """The same words over and over, as watermarks are."""
    height, width = words.letters.shape
    over, down = (int(v * random.uniform(1.0, 1.8)) + 4 for v in (width, height))
    start = (-int(random.integers(0, over)), -int(random.integers(0, down)))
    cover = np.zeros(base.shape[:2], np.float32)
    for row, y in enumerate(range(start[1], base.shape[0], down)):
        for x in range(start[0] - (row % 2) * over // 2, base.shape[1], over):
            cover = np.maximum(cover, _placed(words.letters, (x, y), base.shape))
    solid = cover > 0.3
    if solid.sum() < 30:
        return
    before = base.copy()
    _mix(base, cover * np.float32(style.opacity), ink_on(base[solid].mean(axis=0), random, 25))
    _told(labels, cover, np.zeros_like(cover), np.abs(base - before).mean(axis=2))


def shapes(random: np.random.Generator, base: Levels3) -> None:
    """Changes `base`: lines, boxes, rings and arrows as editors draw them, which are no lettering."""
    side, page = base.shape[0], np.zeros(base.shape[:2], np.float32)
    for _ in range(int(random.integers(1, 5))):
        first, last = (tuple(int(v) for v in random.integers(-20, side + 20, 2)) for _ in range(2))
        thick = int(random.choice([1, 1, 2, 3, 6, -1]))
        way = int(random.integers(0, 4))
        if way == 0:
            cv2.line(page, first, last, (1.0,), max(thick, 1), cv2.LINE_AA)
        elif way == 1:
            cv2.rectangle(page, first, last, (1.0,), thick, cv2.LINE_AA)
        elif way == 2:
            cv2.circle(page, first, int(random.integers(3, side // 2)), (1.0,), thick, cv2.LINE_AA)
        else:
            cv2.arrowedLine(page, first, last, (1.0,), max(thick, 1), cv2.LINE_AA)
    ink = ink_on(base.mean(axis=(0, 1)), random, 30)
    _mix(base, page * np.float32(random.choice([1.0, random.uniform(0.2, 0.9)])), ink)
