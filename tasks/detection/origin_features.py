"""What is measured of a text line to tell how it came into the picture: edges, ink, grain, ground, place."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.contracts import Zone
from tasks.detection.origin_edges import abruptness
from tasks.detection.origin_ink import Letters, Piece
from tasks.detection.origin_picture import Surface, fine, spread
from tasks.detection.strokes_background import Plane

NAN = float("nan")
_FEW = 16
_BINS = 8
_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
Row = dict[str, float]


def features(line: TextLine, piece: Piece, letters: Letters, surface: Surface) -> Row:
    """Name to value, NaN where it cannot be told. Neither the text nor the reader's confidence is among them."""
    grey = np.asarray(piece.levels @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)
    away = np.asarray(cv2.distanceTransform((~letters.ink).astype(np.uint8), cv2.DIST_L2, 3), np.float32)
    ground = piece.inside & (away > 2.5)
    parts: tuple[Callable[[], Row], ...] = (
        lambda: _edges(letters, piece, surface, grey),
        lambda: _halo(letters, piece, away),
        lambda: _ink(letters, piece, grey),
        lambda: _grain(letters, piece, surface, grey, ground, away),
        lambda: _shading(letters, piece, grey, ground),
        lambda: _ground(letters, piece, surface, grey, ground),
        lambda: _strokes(letters, piece),
        lambda: _place(line, surface, piece),
    )
    row: Row = {}
    for part in parts:
        row |= part()
    return row


def _edges(letters: Letters, piece: Piece, surface: Surface, grey: Plane) -> Row:
    share, rise = abruptness(letters.rise)
    rim = cv2.morphologyEx(letters.ink.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    at = share[rim & (rise > letters.contrast * 0.6)]
    q10, q25, q50, q75, q90 = _quantiles(at, (10, 25, 50, 75, 90))
    nearby, near_rise = abruptness(grey)
    between = piece.inside & (letters.rise > 0.2 * letters.contrast) & (letters.rise < 0.8 * letters.contrast)
    outline = (
        cv2.morphologyEx(letters.ink.astype(np.uint8), cv2.MORPH_DILATE, _CROSS).astype(np.bool_)
        & ~letters.ink
    )
    strip = cv2.dilate(rim.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    fine_x, fine_y = _fineness(letters.rise, strip)
    fine_beside = max(_fineness(grey, piece.around & (near_rise > 25)))
    others = _sampled(nearby[piece.around & (near_rise > 25)])
    beside = float(np.median(others)) if others.size > 30 else NAN
    return {
        "edge_low": q10, "edge_quarter": q25, "edge": q50, "edge_high": q75, "edge_top": q90, "edge_spread": q75 - q25,
        "edge_beside": beside, "edge_over_beside": q50 - beside, "edge_over_picture": q50 - surface.sharp,
        "edge_over_sharpest": q50 - surface.sharpest, "picture_sharp": surface.sharp,
        "edge_fine": max(fine_x, fine_y), "edge_fine_least": min(fine_x, fine_y), "edge_fine_beside": max(fine_x, fine_y) - fine_beside,
        "edge_full": float((at > 0.8).mean()) if at.size >= _FEW else NAN,
        "half_tones": float(between.sum()) / max(float(outline.sum()), 1.0),
    }  # fmt: skip


def _halo(letters: Letters, piece: Piece, away: Plane) -> Row:
    """Brightness just outside the letters against a little farther out, as shares of the contrast."""
    seen = piece.inside | piece.around
    near, far = seen & (away > 1.5) & (away < 3.2), seen & (away >= 4) & (away < 8)
    if near.sum() < _FEW or far.sum() < _FEW:
        return {"halo": NAN, "band_even": NAN}
    close, beyond = _sampled(letters.rise[near]), _sampled(letters.rise[far])
    step = float(np.median(close) - np.median(beyond)) / letters.contrast
    return {"halo": step, "band_even": _log_ratio(spread(close), spread(beyond))}


def _ink(letters: Letters, piece: Piece, grey: Plane) -> Row:
    inks = _sampled(piece.levels[letters.core])
    middle = np.median(inks, axis=0)
    off = np.abs(inks - middle).max(axis=1)
    rise = _sampled(letters.rise[letters.core])
    return {
        "contrast": letters.contrast, "lead": letters.lead, "ink_share": float(letters.ink[piece.inside].mean()),
        "core_share": float(letters.core.sum()) / max(float(letters.ink.sum()), 1),
        "ink_even": spread(rise) / letters.contrast, "ink_spread": spread(_sampled(grey[letters.core])),
        "ink_same3": float((off <= 3).mean()), "ink_same10": float((off <= 10).mean()),
        "ink_least": float(middle.min()), "ink_most": float(middle.max()), "ink_vivid": float(np.ptp(middle)),
        "ink_pure": float(np.minimum(middle, 255 - middle).mean()),
        "rise_top": float(np.percentile(rise, 90)) / letters.contrast,
    }  # fmt: skip


def _grain(letters: Letters, piece: Piece, surface: Surface, grey: Plane, ground: Zone, away: Plane) -> Row:
    detail = fine(grey)
    deep = cv2.erode(letters.core.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.bool_)
    in_ink = _rough(detail, deep)
    in_ground, beside = _rough(detail, ground), _rough(detail, piece.around & (away > 3))
    blue = piece.levels[..., 2] - grey
    return {
        "grain_ink": in_ink, "grain_ground": in_ground, "grain_beside": beside, "grain_picture": surface.grain,
        "grain_ink_ground": _log_ratio(in_ink, in_ground), "grain_ink_beside": _log_ratio(in_ink, beside),
        "grain_ink_picture": _log_ratio(in_ink, surface.grain), "grain_ink_detail": _log_ratio(in_ink, surface.detail),
        "grain_ground_beside": _log_ratio(in_ground, beside),
        "ink_smooth": float((np.abs(detail[deep]) < 0.6).mean()) if deep.sum() >= _FEW else NAN,
        "ground_smooth": float((np.abs(detail[ground]) < 0.6).mean()) if ground.sum() >= _FEW else NAN,
        "grain_ink_low": float(np.percentile(np.abs(detail[deep]), 25)) if deep.sum() >= _FEW else NAN,
        "grain_low_picture": _log_ratio(float(np.percentile(np.abs(detail[deep]), 25)), surface.grain) if deep.sum() >= _FEW else NAN,
        "chroma_ink_ground": _log_ratio(spread(_sampled(blue[letters.core])), spread(_sampled(blue[ground]))),
    }  # fmt: skip


def _shading(letters: Letters, piece: Piece, grey: Plane, ground: Zone) -> Row:
    """Whether the ink changes along the line as the ground does: light does that to both, an overlay stays the same."""
    height, width = piece.inside.shape
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    place = xs * np.float32(piece.along[0]) + ys * np.float32(piece.along[1])
    low, high = float(place[piece.inside].min()), float(place[piece.inside].max())
    bins = np.clip(((place - low) / max(high - low, 1e-6) * _BINS).astype(np.int32), 0, _BINS - 1)
    pairs = []
    for n in range(_BINS):
        here = bins == n
        ink, behind = grey[letters.core & here], grey[ground & here]
        if ink.size >= 6 and behind.size >= 6:
            pairs.append((float(np.median(ink)), float(np.median(behind))))
    if len(pairs) < 3:
        return {"shade_ink": NAN, "shade_ground": NAN, "shade_slope": NAN, "shade_fit": NAN}
    inks, grounds = np.asarray(pairs).T
    slope = float(np.cov(inks, grounds)[0, 1] / max(float(grounds.var(ddof=1)), 1.0))
    fit = float(np.corrcoef(inks, grounds)[0, 1]) if inks.std() > 0.1 and grounds.std() > 0.1 else 0.0
    return {
        "shade_ink": float(inks.std()) / letters.contrast, "shade_ground": float(grounds.std()) / letters.contrast,
        "shade_slope": float(np.clip(slope, -3, 3)), "shade_fit": fit,
    }  # fmt: skip


def _ground(letters: Letters, piece: Piece, surface: Surface, grey: Plane, ground: Zone) -> Row:
    around = _sampled(piece.levels[piece.around])
    behind = _sampled(piece.levels[ground if ground.sum() >= _FEW else piece.inside & ~letters.ink])
    if behind.shape[0] < _FEW or around.shape[0] < _FEW:
        names = (
            "ground_spread",
            "around_spread",
            "ground_step",
            "ground_border",
            "ground_flat",
            "around_flat",
            "ground_light",
        )
        return dict.fromkeys(names, NAN)
    middle, outer = np.median(behind, axis=0), np.median(around, axis=0)
    return {
        "ground_spread": spread(_sampled(grey[ground])) / letters.contrast, "around_spread": spread(_sampled(grey[piece.around])) / letters.contrast,
        "ground_step": float(np.abs(middle - outer).max()), "ground_border": float(np.abs(middle - surface.border).max()),
        "ground_flat": float((np.abs(behind - middle).max(axis=1) <= 6).mean()),
        "around_flat": float((np.abs(around - outer).max(axis=1) <= 6).mean()),
        "ground_light": float(middle.mean()), "picture_plain": surface.plain,
        "border_light": float(surface.border.mean()),
    }  # fmt: skip


def _strokes(letters: Letters, piece: Piece) -> Row:
    depth = cv2.distanceTransform(letters.ink.astype(np.uint8), cv2.DIST_L2, 3)
    ridge = (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)) - 1e-6) & letters.ink
    widths = depth[ridge]
    count, _, stats, _ = cv2.connectedComponentsWithStats(letters.ink.astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA] if count > 1 else np.ones(1)
    mean = float(widths.mean()) if widths.size else NAN
    length = float(piece.inside.sum()) / max(piece.height, 1) ** 2
    return {
        "stroke_width": mean, "stroke_even": float(widths.std()) / mean if widths.size else NAN,
        "stroke_height": mean / piece.height, "pieces": count / max(length, 0.2),
        "specks": float((areas < 0.02 * piece.height**2).mean()),
    }  # fmt: skip


def _place(line: TextLine, surface: Surface, piece: Piece) -> Row:
    corners = np.asarray(line.polygon, np.float64)
    angle = math.degrees(math.atan2(piece.along[1], piece.along[0]))
    off = abs((angle + 45) % 90 - 45)
    height, width = surface.size
    middle = corners.mean(axis=0)
    edge = min(
        corners[:, 0].min(), corners[:, 1].min(), width - corners[:, 0].max(), height - corners[:, 1].max()
    )
    rows = piece.inside & True
    return {
        "angle": off, "letter_height": piece.height, "relative_height": piece.height / min(height, width),
        "length": float(rows.sum()) / max(piece.height, 1) ** 2, "to_edge": float(edge) / min(height, width),
        "centred": abs(float(middle[0]) / width - 0.5), "level": float(middle[1]) / height,
    }  # fmt: skip


def _sampled(values: NDArray[np.float32], most: int = 3000) -> NDArray[np.float32]:
    """Every n-th, so that there are not many more than `most`."""
    return values[:: max(values.shape[0] // most, 1)]


def _fineness(plane: Plane, where: Zone) -> tuple[float, float]:
    """Share of the finest frequencies in the change along x and y: second differences against first ones."""
    found = []
    for across in (plane, plane.T):
        chosen = (where if across is plane else where.T)[:, 1:-1]
        second = np.abs(across[:, 2:] - 2 * across[:, 1:-1] + across[:, :-2])[chosen]
        first = np.abs(across[:, 2:] - across[:, :-2])[chosen]
        found.append(float(second.sum() / max(float(first.sum()), 1e-3)) if chosen.sum() >= _FEW else NAN)
    return found[0], found[1]


def _rough(detail: Plane, where: Zone) -> float:
    return float(np.abs(detail[where]).mean()) if where.sum() >= _FEW else NAN


def _log_ratio(first: float, second: float) -> float:
    return (
        math.log((first + 0.25) / (second + 0.25)) if math.isfinite(first) and math.isfinite(second) else NAN
    )


def _quantiles(values: NDArray[np.float32], which: tuple[int, ...]) -> tuple[float, ...]:
    if values.size < _FEW:
        return (NAN,) * len(which)
    return tuple(float(v) for v in np.percentile(values, which))
