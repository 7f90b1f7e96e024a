"""Draws training samples: letters laid half-transparently over pieces of photographs, with the truth of how much they cover."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tasks.contracts import Pixels, Zone
from tasks.generation.unmix_background import Plane, Spread, spread_around
from tasks.generation.unmix_evidence import Overlay, behind_overlay, evidence

HEIGHT, WIDTH = 48, 88
_CHARACTERS = tuple("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-%&@©")


@dataclass(frozen=True, slots=True)
class Sample:
    """A covered piece of a photograph, what is assumed of its overlay, and the truth."""

    pixels: Pixels
    hole: Zone
    assumed: Overlay
    """Off the truth by as much as a fit is."""
    spread: Spread
    coverage: Plane
    truth: Overlay

    def evidence(self, last: Plane | None = None) -> NDArray[np.float32]:
        """H×W×FEATURES: what the network is given. last: H×W coverage from an earlier round."""
        behind, weight = behind_overlay(self.pixels, self.hole, ~self.hole, self.assumed, last)
        return evidence(self.pixels, self.hole, behind, weight, self.assumed, self.spread, last)

    def importance(self) -> Plane:
        """H×W, 0–3: by how much the recovered pixel is off for a small error of coverage, a share of it; 0 outside the hole."""
        clearness = 1 - np.float32(self.truth.opacity) * self.coverage
        contrast = np.abs(self.truth.colour - self.pixels).mean(axis=2) / clearness
        gain = np.float32(self.truth.opacity) * contrast / clearness
        return np.asarray(np.minimum(gain, 3) * self.hole, np.float32)


def pool_of(
    random: np.random.Generator, photographs: tuple[Pixels, ...], faces: tuple[str, ...], count: int
) -> list[Sample]:
    """`count` samples; those without letters or nearly all letters are drawn again."""
    pool: list[Sample] = []
    while len(pool) < count:
        drawn = _sample(random, photographs, faces)
        if drawn is not None:
            pool.append(drawn)
    return pool


def _sample(
    random: np.random.Generator, photographs: tuple[Pixels, ...], faces: tuple[str, ...]
) -> Sample | None:
    beneath = _recoloured(random, _piece(random, photographs))
    channels = beneath.shape[2]
    truth = Overlay(float(random.uniform(0.15, 0.85)), _colour(random)[:channels])
    coverage = _lettering(random, faces)
    if coverage.max() < 0.9:
        return None
    alpha = (np.float32(truth.opacity) * coverage)[..., None]
    pixels, noise = _stored(random, np.clip((1 - alpha) * beneath + alpha * truth.colour, 0, 1))
    hole = _hole(random, coverage)
    if hole.mean() > 0.8:
        return None
    spread = spread_around(pixels, ~hole, 255, noise)
    return Sample(pixels, hole, _nearly(random, truth), spread, coverage, truth)


def _piece(random: np.random.Generator, photographs: tuple[Pixels, ...]) -> Pixels:
    """HEIGHT×WIDTH×3, at a scale of 0.75 to 1.3."""
    photograph = photographs[random.integers(len(photographs))]
    scale = float(random.choice([1, 1, 0.75, 1.3]))
    height, width = int(HEIGHT / scale) + 1, int(WIDTH / scale) + 1
    y = random.integers(0, photograph.shape[0] - height)
    x = random.integers(0, photograph.shape[1] - width)
    if scale == 1:
        piece = photograph[y : y + HEIGHT, x : x + WIDTH]
    else:
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        cut = photograph[y : y + height, x : x + width]
        piece = np.asarray(cv2.resize(cut, (WIDTH, HEIGHT), interpolation=how), np.float32)
    return piece[:, ::-1] if random.random() < 0.5 else piece


def _recoloured(random: np.random.Generator, piece: Pixels) -> Pixels:
    """Two-coloured, with channels exchanged, negative or grey at times; H×W×3 or H×W×1, in steps of 1/255."""
    grey = piece.mean(axis=2, keepdims=True)
    if random.random() < 0.4:
        dark, light = random.uniform(0, 0.3, 3), random.uniform(0.5, 1, 3)
        piece = np.asarray(dark + grey * (light - dark), np.float32)
    elif random.random() < 0.3:
        piece = piece[..., random.permutation(3)]
    if random.random() < 0.15:
        piece = 1 - piece
    piece = np.asarray(np.rint(np.clip(piece, 0, 1) * 255) / 255, np.float32)
    if random.random() < 0.15:
        piece = piece.mean(axis=2, keepdims=True)
    return np.asarray(piece, np.float32)


def _colour(random: np.random.Generator) -> NDArray[np.float32]:
    """Of an overlay: white mostly, black, grey or any."""
    kind = random.random()
    if kind < 0.4:
        colour = np.ones(3)
    elif kind < 0.55:
        colour = np.zeros(3)
    elif kind < 0.65:
        colour = np.full(3, random.random())
    else:
        colour = random.random(3)
    return colour.astype(np.float32)


def _lettering(random: np.random.Generator, faces: tuple[str, ...]) -> Plane:
    """HEIGHT×WIDTH, 0–1: a line of letters, two when small; turned or softened at times."""
    picture = Image.new("L", (WIDTH, HEIGHT), 0)
    size = int(random.integers(13, 52))
    face = ImageFont.truetype(faces[random.integers(len(faces))], size, layout_engine=ImageFont.Layout.BASIC)
    draw = ImageDraw.Draw(picture)
    text = "".join(random.choice(_CHARACTERS, 14))
    place = (int(random.integers(-20, 4)), HEIGHT // 2 + int(random.integers(-6, 6)))
    stroke = int(random.choice([0, 0, 0, 1, 2]))
    draw.text(place, text, fill=255, font=face, anchor="lm", stroke_width=stroke)
    if size < 22:
        place = (int(random.integers(-20, 4)), HEIGHT // 2 + int(random.integers(16, 22)))
        draw.text(place, text[::-1], fill=255, font=face, anchor="lm")
    return _disturbed(random, np.asarray(picture, np.float32) / np.float32(255))


def _disturbed(random: np.random.Generator, coverage: Plane) -> Plane:
    kind = random.random()
    if kind < 0.3:
        turn = cv2.getRotationMatrix2D(
            (WIDTH / 2, HEIGHT / 2), random.uniform(-25, 25), random.uniform(0.9, 1.1)
        )
        turn = turn + np.pad(random.uniform(-0.5, 0.5, (2, 1)), ((0, 0), (2, 0)))
        coverage = np.clip(cv2.warpAffine(coverage, turn, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC), 0, 1)
    elif kind < 0.4:
        coverage = np.asarray(cv2.GaussianBlur(coverage, (0, 0), random.uniform(0.3, 0.7)), np.float32)
    return np.asarray(coverage, np.float32)


def _stored(random: np.random.Generator, pixels: Pixels) -> tuple[Pixels, float]:
    """As a file of 8 bits gives it back, JPEG at times; and the standard deviation of that file's error, 0–1."""
    levels = np.rint(pixels * 255).astype(np.uint8)
    noise = 0.0
    if random.random() < 0.35:
        quality = int(random.integers(82, 97))
        levels = _through_jpeg(levels, quality)
        noise = (100 - quality) / 100 * 0.06
    return levels.astype(np.float32) / np.float32(255), noise


def _through_jpeg(levels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    file = io.BytesIO()
    picture = Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels)
    picture.save(file, "JPEG", quality=quality, subsampling=2 if quality < 92 else 0)
    with Image.open(file) as again:
        return np.asarray(again, np.uint8).reshape(levels.shape)


def _hole(random: np.random.Generator, coverage: Plane) -> Zone:
    """The letters and up to 3 px more, as a detector marks them."""
    hole = coverage > (1e-3 if random.random() < 0.8 else 0.02)
    grown = int(random.integers(0, 4))
    if grown:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grown + 1,) * 2)
        hole = cv2.dilate(hole.astype(np.uint8), disc) > 0
    return np.asarray(hole, np.bool_)


def _nearly(random: np.random.Generator, truth: Overlay) -> Overlay:
    opacity = float(np.clip(truth.opacity * (1 + random.normal(0, 0.02)), 0.1, 0.9))
    colour = np.clip(truth.colour + random.normal(0, 0.015, len(truth.colour)), 0, 1)
    return Overlay(opacity, colour.astype(np.float32))
