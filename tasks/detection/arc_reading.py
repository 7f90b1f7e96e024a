"""A line on an arc read along it: the band is unrolled into a straight strip, and what is read there lies on the arc."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.detection.arc import Arc, BentLine, bent_line
from tasks.detection.arc_fit import BENT, settled

SOME = 4
"""Letters that a line must have to be told bent, and to be believed once it was read unrolled."""
SURE = 0.75
"""Mean confidence of the reading along the arc."""
_ROOM = 1.5
"""Unrolled before and after, above and below the letters, in their heights."""
_TALL = (32.0, 64.0)
"""px that letters are shown at least, up to twice their size, and at most."""
_ROUNDS = 3
"""Readings of one arc: it may go on beyond what was shown, or lie askew."""
_CUT = 0.3
"""Letter heights from the end of what was shown: the text may go on."""
_ASKEW = 0.3
"""Letter heights that the text may be off its circle before it is unrolled anew."""
_BOWED = 0.15
"""And off the circle that their lettering fits best."""
_SAME_ROW = 0.6
"""Letter heights off the middle of the strip: other rows are not of this line."""
_ALIKE, _STEP = 1.6, 0.4
"""How much taller the next box of a line may be, and how far off its own height it may begin."""

Bytes3 = NDArray[np.uint8]
Plane = NDArray[np.float32]
Read = Callable[[Bytes3], Sequence[TextLine]]
Ends = NDArray[np.float64]
"""2×2×2: the first and the last end of a box, of each the two corners, along and across."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was read on a strip, in places along and across its arc, px."""

    ends: NDArray[np.float64]
    """n×2×2×2: of each box the first and last end, of each the two corners, along and across."""
    text: str
    score: float
    """Mean confidence of a letter."""
    found: float

    @property
    def middles(self) -> NDArray[np.float64]:
        """2n×2: midway between the corners of each end."""
        return np.asarray(self.ends.mean(axis=2).reshape(-1, 2))

    @property
    def tall(self) -> float:
        """Height of the boxes, the longer ones counting for more."""
        tall = np.ptp(self.ends[..., 1], axis=2).mean(axis=1)
        return float(np.average(tall, weights=np.ptp(self.ends[..., 0].mean(axis=2), axis=1) + 1))


def read_along(image: Bytes3, chances: Plane, arc: Arc, read: Read) -> BentLine | None:
    """What is read on the arc; None where it is no text, hardly read, or straight after all.

    image: H×W×3 uint8 RGB, unchanged; chances: H×W, 0–1, probability of lettering, which the circle is held against once the
    text's ends are known; read: the reader, for the strips. At most three strips are read."""
    size, best = (image.shape[1], image.shape[0]), None
    for left in reversed(range(_ROUNDS)):
        half = min(arc.length / 2 + _ROOM * arc.height, math.pi * arc.radius)
        seen = _seen(image, arc, half, read)
        if seen is None:
            break
        more = _ROOM * arc.height * _goes_on(seen, half, arc)
        askew = float(np.abs(seen.middles[:, 1]).max()) > _ASKEW * arc.height
        arc = _fitted(arc, seen)
        better = settled(chances, arc)
        best = _believed(arc, better, seen, size) or best
        off = _apart(arc, better) if better is not None else 0.0
        if not left or not (more.any() or askew or off > _BOWED * arc.height):
            break
        arc = better or arc
        ahead = arc.way * float(more[1] - more[0]) / 2 / arc.radius
        arc = replace(arc, length=arc.length + float(more.sum()), turn=arc.turn + ahead)
    return best


def _believed(arc: Arc, better: Arc | None, seen: _Seen, size: tuple[int, int]) -> BentLine | None:
    """The line, if enough of it was read surely, and if its lettering is bent by itself too."""
    if len("".join(seen.text.split())) < SOME or seen.score < SURE:
        return None
    if better is None or min(arc.rise, better.rise) < BENT * arc.height:
        return None
    return bent_line(arc, seen.text, seen.score, seen.found, size)


def _seen(image: Bytes3, arc: Arc, half: float, read: Read) -> _Seen | None:
    """What the reader finds in the middle row of the unrolled strip; None for nothing."""
    scale = min(max(_TALL[0] / arc.height, 1.0), 2.0) * min(_TALL[1] / arc.height, 1.0)
    tall = min(_ROOM * arc.height, arc.radius - 1)
    boxes: list[tuple[Ends, TextLine]] = []
    for line in read(np.ascontiguousarray(arc.strip(image, half, tall, scale))):
        corners = np.asarray(line.polygon, np.float64) / scale - (half, tall)
        ends = corners[np.argsort(corners[:, 0], kind="stable")].reshape(2, 2, 2)
        if line.text and abs(float(ends[..., 1].mean())) < _SAME_ROW * arc.height:
            boxes.append((ends, line))
    if not boxes:
        return None
    row = _row(boxes)
    counts = [len("".join(line.text.split())) for _, line in row]
    score = float(np.average([line.score for _, line in row], weights=counts))
    text = " ".join(line.text for _, line in row)
    return _Seen(np.stack([ends for ends, _ in row]), text, score, min(line.found for _, line in row))


def _row(boxes: Sequence[tuple[Ends, TextLine]]) -> list[tuple[Ends, TextLine]]:
    """The longest box and those that go on from it on either side, in its line and of its height; in reading order."""
    order = sorted(boxes, key=lambda box: float(box[0][..., 0].mean()))
    lead = max(range(len(order)), key=lambda n: float(np.ptp(order[n][0][..., 0])))
    first = last = lead
    while first > 0 and _follows(order[first - 1][0], order[first][0]):
        first -= 1
    while last + 1 < len(order) and _follows(order[last][0], order[last + 1][0]):
        last += 1
    return order[first : last + 1]


def _follows(before: Ends, after: Ends) -> bool:
    """Whether a box goes on where another ends."""
    tall = [float(np.ptp(ends[..., 1], axis=1).mean()) for ends in (before, after)]
    gap, step = after[0].mean(axis=0) - before[1].mean(axis=0)
    least = min(tall)
    return bool(max(tall) < _ALIKE * least and abs(step) < _STEP * least and abs(gap) < _ROOM * least)


def _goes_on(seen: _Seen, half: float, arc: Arc) -> NDArray[np.bool_]:
    """Whether the text may go on before and after what was shown; never on a full circle."""
    along = seen.ends[..., 0]
    cut = half - _CUT * arc.height
    whole = half >= math.pi * arc.radius - 1
    return np.array([along.min() < -cut and not whole, along.max() > cut and not whole])


def _fitted(arc: Arc, seen: _Seen) -> Arc:
    """The arc about what was read: its circle through the middles of the boxes, as far as they reach."""
    spots = np.concatenate([seen.middles, seen.ends.mean(axis=(1, 2))])
    x, y = arc.points(spots[:, 0].astype(np.float32), spots[:, 1].astype(np.float32))
    system = np.stack([2 * x, 2 * y, np.ones_like(x)], axis=1).astype(np.float64)
    origin = np.array([arc.centre[0], arc.centre[1], 0.0])
    moved = system - np.array([2 * origin[0], 2 * origin[1], 0.0])
    squares = (x - origin[0]) ** 2 + (y - origin[1]) ** 2
    right, down, rest = np.linalg.lstsq(moved, squares.astype(np.float64), rcond=None)[0]
    radius = math.sqrt(max(float(rest + right**2 + down**2), 1.0))
    circle = replace(arc, centre=(arc.centre[0] + float(right), arc.centre[1] + float(down)), radius=radius)
    if not 0.5 * arc.radius < radius < 3 * arc.radius:
        circle = arc
    along = circle.places(x, y)[0]
    first, last = float(along.min()), float(along.max())
    turn = circle.turn + circle.way * (first + last) / 2 / circle.radius
    return replace(circle, turn=turn, length=last - first, height=seen.tall)


def _apart(first: Arc, second: Arc) -> float:
    """How far the second's circle rises or falls against the first's between the ends and the middle, px."""
    along = np.array([-0.5, 0.0, 0.5], np.float32) * np.float32(first.length)
    across = second.places(*first.points(along, np.zeros_like(along)))[1]
    return float(np.ptp(across))
