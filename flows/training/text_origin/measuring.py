"""Measures the lines of training pictures: what a photograph itself holds as a reader boxes it, what is drawn as it would."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from flows.training.text_origin.boxes import Corners
from flows.training.text_origin.samples import Drawn, drawn, stored_again
from flows.training.text_origin.sources import Photograph
from model_registry.engines.contract import TextLine, TextReader
from model_registry.engines.load import load_engine
from model_registry.registry import Registry
from tasks.detection.origin_features import features
from tasks.detection.origin_ink import letters_in, piece_of
from tasks.detection.origin_picture import surface_of
from tasks.errors import BadRequest

READER = "rapidocr"
PARAMS = {"min_score": 0.0, "enlarge": 1.2, "box_score": 0.5, "unclip": 1.6, "max_side": 2000}
LOWEST = 5.0
"""Height of a box, px, below which nothing is to be told."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sample:
    """A box in a drawn picture."""

    photograph: str
    overlay: bool
    own: bool
    """Of the photograph itself, not drawn here."""
    row: Mapping[str, float]


def read(pictures: Sequence[Photograph]) -> list[Photograph]:
    """The photographs with all that the reader takes for text in them."""
    registry = Registry.load()
    card = registry.get(READER)
    reader = load_engine(card, registry.folder_of(READER))
    assert isinstance(reader, TextReader)
    params = dict(card.defaults) | PARAMS
    found = []
    for picture in pictures:
        lines = reader.read(picture.pixels, params=params)
        boxes = tuple(np.asarray(line.polygon, np.float64) for line in lines)
        found.append(replace(picture, boxes=boxes))
    _log.info("%d boxes in %d photographs", sum(len(p.boxes) for p in found), len(found))
    return found


def keep(pictures: Sequence[Photograph], file: Path) -> None:
    """Writes the photographs' boxes, by name, exactly."""
    found = {p.name: [box.ravel().tolist() for box in p.boxes] for p in pictures}
    file.write_text(json.dumps(found, separators=(",", ":")).replace("],", "],\n") + "\n", encoding="utf-8")


def boxed(pictures: Sequence[Photograph], file: Path) -> list[Photograph]:
    """The photographs with the boxes that `keep` wrote. Raises BadRequest for one that the file does not know."""
    known: dict[str, list[list[float]]] = json.loads(file.read_text(encoding="utf-8"))
    missing = [picture.name for picture in pictures if picture.name not in known]
    if missing:
        raise BadRequest(f"{file.name} knows nothing of {missing[0]}", cure="name a new file with --boxes")
    return [
        replace(picture, boxes=tuple(np.array(box, np.float64).reshape(-1, 2) for box in known[picture.name]))
        for picture in pictures
    ]


def samples(
    pictures: Sequence[Photograph], faces: tuple[str, ...], count: int, seed: int
) -> Iterator[Sample]:
    """The lines of `count` drawn pictures, the n-th drawn from (seed, n), and of every other of them stored once more.

    Photographs that hold something of their own are taken three times as often."""
    often = np.array([3.0 if picture.boxes else 1.0 for picture in pictures])
    for n in range(count):
        random = np.random.default_rng([seed, n])
        picture = pictures[int(random.choice(len(pictures), p=often / often.sum()))]
        made = drawn(random, picture, faces)
        yield from _samples(picture.name, made)
        if n % 2 == 0:
            yield from _samples(picture.name, stored_again(random, made))
        if n % 100 == 99:
            _log.info("%d of %d pictures", n + 1, count)


def _samples(name: str, made: Drawn) -> Iterator[Sample]:
    height, width = made.picture.shape[:2]
    lines = [_line(one.corners, (width, height)) for one in made.lines]
    surface = surface_of(made.picture, lines)
    for one, line in zip(made.lines, lines, strict=True):
        if _height(one.corners) < LOWEST:
            continue
        piece = piece_of(made.picture, line, lines)
        letters = letters_in(piece) if piece is not None else None
        if piece is not None and letters is not None:
            yield Sample(name, one.kind == "overlay", one.own, features(line, piece, letters, surface))


def _line(corners: Corners, size: tuple[int, int]) -> TextLine:
    return TextLine(tuple((float(x), float(y)) for x, y in np.clip(corners, 0, size)), "", 1.0)


def _height(corners: Corners) -> float:
    return float(np.linalg.norm(corners[3] - corners[0]))
