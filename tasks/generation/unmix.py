"""Takes a semi-transparent overlay off: the pixels beneath come back, with their noise, instead of being invented."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Zone
from tasks.generation.unmix_background import Plane, Spread, spread_around
from tasks.generation.unmix_calm import calmed
from tasks.generation.unmix_evidence import Overlay, behind_overlay, measured_coverage, roughness, uncovered
from tasks.generation.unmix_fit import Fit, fitted, pairs_of, plate_fit
from tasks.generation.unmix_guess import guesses
from tasks.generation.unmix_judge import DENSEST, SHADOW, doubt_about
from tasks.generation.unmix_layout import laid_out
from tasks.generation.unmix_solid import RIM, depth_in, is_solid, lettering

_MARGIN = 16
_CORE, _CLEAR = 0.96, 0.03
_ROUNDS = 2
_LAYOUTS = 3
_SAME = 0.85
"""Of the covered pixels of two layouts in common, from which they are one."""
_RIMS = (1, 0)
_WRITTEN = 0.6
"""Of a plate: what is written all over is heavy letters rather than a plate."""
_HARDLY = 3.0
"""Log-likelihood over opaque ink below which letters are not looked at again."""
_LEAST = 0.08
"""Of the mask: less is some specks of the picture's own."""
_STILL = 0.006
LARGEST_ERROR = 0.05
"""Standard deviation, 0–1, up to which a recovered pixel is trusted."""


@dataclass(frozen=True, slots=True)
class Unmixed:
    """What was under a semi-transparent overlay. All arrays have the crop's height and width."""

    pixels: Pixels
    """H×W×C, 0–1: the crop with the overlay taken off where `trusted`, equal to the crop elsewhere."""
    trusted: Zone
    """Pixels of the hole whose recovery is reliable; the rest of the hole is still to be filled."""
    alpha: Plane
    """H×W, 0–1: opacity times coverage; 0 outside the hole."""
    colour: NDArray[np.float32]
    """C, 0–1: of the overlay."""
    opacity: float
    residual: float
    """How far recovered pixels are off their neighbours, over how far the picture's own pixels are at that distance: about 1."""
    reason: str
    """Why part of the hole is not trusted; empty when all of it is."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The part of a picture about a hole."""

    pixels: Pixels
    hole: Zone
    mask: Zone
    """Of the hole: where the overlay is thought to be."""
    known: Zone
    inner: Zone
    """Of the hole: deep inside a plate, where it covers fully. Empty for letters."""
    spread: Spread
    noise: float
    """Standard deviation of a pixel of the file, 0–1."""
    lossy: bool


@dataclass(frozen=True, slots=True)
class Solution:
    """An overlay found in a scene."""

    scene: Scene
    """Its hole is the overlay and its rim alone."""
    fit: Fit
    coverage: Plane
    written: Zone
    """What stands on a plate."""
    residual: float = 0.0


def unmix(
    crop: Pixels,
    hole: Zone,
    others: Zone | None = None,
    *,
    levels: int,
    noise: float = 0.0,
    line: Zone | None = None,
) -> Unmixed | None:
    """The pixels beneath the overlay that covers `hole`, or None where they cannot be had and must be invented.

    crop: H×W×C float32, 0–1, in the file's encoding, with some surroundings; hole: H×W, holds the overlay and at most
    a few pixels more; line: H×W, where letters that the hole misses may be; others: H×W, what to learn nothing from;
    levels: integer that stands for 1.0; noise: standard deviation of a lossy file's error, 0–1 (`noise_of_tables`). None for
    opaque overlays, for text of several colours, for flat surroundings and whenever the model I = (1 − α)·B + α·c does not
    explain the pixels. Inputs are left unchanged."""
    whole = hole if line is None else hole | line
    known = ~whole if others is None else ~(whole | others)
    if not hole.any() or known.sum() < 64:
        return None
    window = _window(whole)
    scene = _scene(crop[window], whole[window], hole[window], known[window], levels, noise)
    for begun in _begun(scene):
        found = _solved(*begun)
        doubt, residual = _doubt(found)
        if doubt == SHADOW:
            return None
        if found is not None and not doubt:
            return _placed(crop, window, scene.hole, replace(found, residual=residual))
    return None


def _begun(scene: Scene) -> Iterator[tuple[Scene, Fit, Plane | None]]:
    """What to begin with, the likeliest first: letters found in the hole, then the hole as a plate."""
    tried: list[Plane] = []
    for overlay in guesses(scene.pixels, scene.hole, scene.mask, scene.known, scene.spread, scene.noise):
        begun = _narrowed(scene, overlay)
        if begun is not None and not any(_same(begun[2], layout) for layout in tried):
            tried.append(begun[2])
            yield begun
    depth = depth_in(scene.mask)
    if is_solid(scene.mask, depth):
        plate = replace(scene, hole=scene.mask, inner=scene.mask & (depth > RIM))
        fit = plate_fit(plate.pixels, plate.inner, plate.known, plate.spread, plate.noise)
        if fit is not None:
            yield plate, fit, None


def _same(one: Plane, other: Plane) -> bool:
    both = ((one > 0) & (other > 0)).sum()
    return bool(both > _SAME * ((one > 0) | (other > 0)).sum())


def _doubt(found: Solution | None) -> tuple[str, float]:
    if found is None:
        return "no overlay", 0.0
    near = found.scene
    hole = near.hole & ~found.written
    return doubt_about(near.pixels, hole, near.known, found.fit, found.coverage, near.spread, near.noise)


def _window(hole: Zone) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    return (
        slice(max(int(rows[0]) - _MARGIN, 0), int(rows[-1]) + _MARGIN + 1),
        slice(max(int(columns[0]) - _MARGIN, 0), int(columns[-1]) + _MARGIN + 1),
    )


def _scene(pixels: Pixels, hole: Zone, mask: Zone, known: Zone, levels: int, noise: float) -> Scene:
    rounding = 1 / levels / 12**0.5
    spread = spread_around(pixels, known, levels, noise)
    return Scene(
        pixels, hole, mask, known, np.zeros_like(hole), spread, float(np.hypot(rounding, noise)), noise > 0
    )


def _narrowed(scene: Scene, begin: Overlay) -> tuple[Scene, Fit, Plane] | None:
    """The scene with the hole drawn in to the overlay and its rim, and the overlay fitted to that; None for no overlay."""
    fit: Fit | None = None
    overlay = begin
    for _ in range(_LAYOUTS):
        layout = laid_out(scene.pixels, scene.hole, overlay, scene.spread)
        touched = cv2.dilate((layout > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        clear = scene.known | (scene.hole & ~touched)
        fit = fitted(pairs_of(scene.pixels, layout == 1, clear, scene.spread), scene.noise)
        if fit is None or fit.overlay.opacity > DENSEST or fit.over_opaque < _HARDLY:
            return None
        if _alike(overlay, fit.overlay):
            break
        overlay = fit.overlay
    if fit is None or (layout > 0).sum() < _LEAST * scene.mask.sum():
        return None
    hole = (cv2.dilate(touched.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & scene.hole
    depth = depth_in(hole)
    inner = hole & (depth > RIM) if is_solid(hole, depth) else np.zeros_like(hole)
    return replace(scene, hole=hole, known=scene.known | (scene.hole & ~hole), inner=inner), fit, layout


def _solved(scene: Scene, begin: Fit, layout: Plane | None) -> Solution | None:
    """The coverage of letters that are laid out; of a plate, colour and opacity again and what is written on it besides."""
    if layout is None:
        return _solved_plate(scene, begin)
    tried = (_rimmed(scene, begin.overlay, layout, rim) for rim in _RIMS)
    coverage = min(
        tried, key=lambda seen: roughness(scene.pixels, scene.hole, begin.overlay, seen, scene.spread)
    )
    core = (layout == 1) & (coverage > _CORE)
    clear = scene.known | (scene.hole & (cv2.dilate(layout, np.ones((3, 3), np.uint8)) == 0))
    fit = fitted(pairs_of(scene.pixels, core, clear, scene.spread), scene.noise) or begin
    if not _alike(begin.overlay, fit.overlay):
        coverage = _rimmed(scene, fit.overlay, layout, _RIMS[0])
    return Solution(scene, fit, coverage, np.zeros_like(scene.hole))


def _rimmed(scene: Scene, overlay: Overlay, layout: Plane, rim: int) -> Plane:
    """Coverage measured at the letters' edges, `rim` px to each side; elsewhere the layout is sure. 0: measured everywhere."""
    box = np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)
    band = scene.hole & (cv2.dilate(layout, box) > cv2.erode(layout, box)) if rim else scene.hole
    coverage = layout
    for _ in range(_ROUNDS):
        behind = behind_overlay(scene.pixels, scene.hole, scene.known, overlay, coverage)
        coverage = np.where(
            band, measured_coverage(scene.pixels, band, behind, overlay, scene.spread), layout
        )
    return coverage


def _solved_plate(scene: Scene, begin: Fit) -> Solution | None:
    fit: Fit | None = begin
    coverage: Plane | None = None
    written = np.zeros_like(scene.hole)
    for _ in range(_ROUNDS):
        if fit is None:
            return None
        coverage = _covered(scene, fit.overlay, coverage)
        written = lettering(uncovered(scene.pixels, coverage, fit.overlay), scene.inner, scene.known)
        core = scene.hole & (coverage > _CORE) & ~written
        clear = scene.known | (scene.hole & (coverage < _CLEAR))
        last, fit = fit, fitted(pairs_of(scene.pixels, core, clear, scene.spread), scene.noise)
        if fit is not None and _alike(last.overlay, fit.overlay):
            break
    if fit is None or coverage is None or written.sum() > _WRITTEN * scene.inner.sum():
        return None
    return Solution(scene, fit, _covered(scene, fit.overlay, coverage), written)


def _alike(one: Overlay, other: Overlay) -> bool:
    near = abs(one.opacity - other.opacity) < _STILL
    return near and bool(np.abs(one.colour - other.colour).max() < 2 * _STILL)


def _covered(scene: Scene, overlay: Overlay, last: Plane | None) -> Plane:
    band = scene.hole & ~scene.inner
    behind = behind_overlay(scene.pixels, scene.hole, scene.known, overlay, last)
    seen = measured_coverage(scene.pixels, band, behind, overlay, scene.spread)
    return np.where(scene.inner, np.float32(1), seen)


def _placed(crop: Pixels, window: tuple[slice, slice], hole: Zone, found: Solution) -> Unmixed:
    scene, fit, coverage, written = found.scene, found.fit, found.coverage, found.written
    overlay = fit.overlay
    part_alpha = np.float32(overlay.opacity) * coverage
    clear = uncovered(scene.pixels, coverage, overlay)
    error = scene.noise / (1 - part_alpha)
    sure = (
        hole & ~written & (error < LARGEST_ERROR) & (np.abs(clear - np.clip(clear, 0, 1)).max(axis=2) < 0.1)
    )
    pixels, trusted, alpha = crop.copy(), np.zeros(crop.shape[:2], bool), np.zeros(crop.shape[:2], np.float32)
    if scene.lossy:
        clear = calmed(clear, scene.hole & ~written, coverage, overlay, scene.noise)
    np.copyto(pixels[window], np.clip(clear, 0, 1), where=sure[..., None])
    trusted[window], alpha[window] = sure, part_alpha
    reason = "" if bool(sure[hole].all()) else "noise or clipping grows too much where the overlay is dense"
    return Unmixed(pixels, trusted, alpha, overlay.colour, overlay.opacity, found.residual, reason)
