"""Trains the model of text origins: `python -m flows.training.text_origin.train --out FILE --photographs FOLDER…`."""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.training.text_origin.boost import Recipe, bagged, binned
from flows.training.text_origin.samples import Bytes3, Drawn, drawn, kind_of, stored_again
from flows.training.text_origin.sources import photographs, typefaces
from model_registry.engines.contract import TextLine, TextReader
from model_registry.engines.load import load_engine
from model_registry.registry import Registry
from tasks.detection.origin_features import features
from tasks.detection.origin_ink import letters_in, piece_of
from tasks.detection.origin_model import Model, packed
from tasks.detection.origin_picture import surface_of

READER = "rapidocr"
PARAMS = {"min_score": 0.0, "enlarge": 1.2}
SIGNS: Mapping[str, int] = {
    "edge": 1, "edge_low": 1, "edge_quarter": 1, "edge_high": 1, "edge_top": 1, "edge_full": 1, "edge_over_picture": 1,
    "edge_over_beside": 1, "edge_over_sharpest": 1, "half_tones": -1, "ink_same3": 1, "ink_same10": 1, "ink_pure": -1, "angle": -1,
}  # fmt: skip
"""What is known beforehand: crisper, more even and more level never speaks for print."""
TELLTALE = frozenset({
    "relative_height", "letter_height", "length", "level", "centred", "to_edge", "picture_plain", "border_light",
    "ink_vivid", "ink_most", "ink_least", "pieces", "ground_light",
})  # fmt: skip
"""Left out: they would tell how training pictures were drawn, not how text gets into pictures."""
MOST = 12
OWN = 3.0
"""How much more a line that was in the photograph itself counts: it is the real thing."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sample:
    """A reader's line in a drawn picture."""

    photograph: str
    overlay: bool
    own: bool
    """Of the photograph itself, not drawn here."""
    row: Mapping[str, float]


def samples(
    pictures: Sequence[tuple[str, Bytes3]], faces: tuple[str, ...], count: int, seed: int
) -> Iterator[Sample]:
    """What the reader finds in `count` drawn pictures, and in every other of them stored once more."""
    registry = Registry.load()
    card = registry.get(READER)
    reader = load_engine(card, registry.folder_of(READER))
    assert isinstance(reader, TextReader)
    for n in range(count):
        random = np.random.default_rng([seed, n])
        name, picture = pictures[int(random.integers(len(pictures)))]
        made = drawn(random, picture, faces)
        lines = reader.read(made.picture, params=dict(card.defaults) | PARAMS)
        yield from _samples(name, made, lines)
        if n % 2 == 0:
            yield from _samples(name, *stored_again(random, made, lines))
        if n % 50 == 49:
            _log.info("%d of %d pictures", n + 1, count)


def _samples(name: str, made: Drawn, lines: Sequence[TextLine]) -> Iterator[Sample]:
    surface = surface_of(made.picture, lines)
    for line in lines:
        kind = kind_of(line, made.truth)
        piece = piece_of(made.picture, line, lines)
        letters = letters_in(piece) if piece is not None else None
        if kind is not None and piece is not None and letters is not None:
            own = all(kind_of(line, ((box, "overlay"),)) == "scene" for box, _ in made.truth)
            yield Sample(name, kind == "overlay", own, features(line, piece, letters, surface))


def fitted(found: Sequence[Sample], recipe: Recipe, threshold: float) -> Model:
    """Both kinds weigh the same."""
    names = tuple(sorted({name for sample in found for name in sample.row} - TELLTALE))
    table = np.array([[sample.row.get(name, np.nan) for name in names] for sample in found])
    truth = np.array([float(sample.overlay) for sample in found])
    weight = _weights(found)
    return Model(bagged(binned(names, table), truth, weight, recipe, SIGNS), threshold)


def _weights(found: Sequence[Sample]) -> NDArray[np.float64]:
    """Both kinds weigh the same; of one photograph no more than MOST lines of a kind count in full; its own thrice."""
    counts = Counter((sample.photograph, sample.overlay) for sample in found)
    weight = np.array([min(1.0, MOST / counts[sample.photograph, sample.overlay]) for sample in found])
    weight *= np.where([sample.own for sample in found], OWN, 1.0)
    overlay = np.array([sample.overlay for sample in found])
    for kind in (overlay, ~overlay):
        weight[kind] *= len(found) / 2 / weight[kind].sum()
    return np.asarray(weight, np.float64)


def held_out(name: str) -> bool:
    """Every fifth photograph, by its name: pictures of it are only measured."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 5 == 0


def rates(model: Model, found: Sequence[Sample]) -> tuple[float, float]:
    """Share of overlays called overlay, and share of the rest not called so."""
    scores: NDArray[np.float64] = np.array([model.judged(sample.row)[0] for sample in found])
    truth = np.array([sample.overlay for sample in found])
    called = scores >= model.threshold
    return float(called[truth].mean()), float((~called[~truth]).mean())


def main(argv: Sequence[str] | None = None) -> None:
    """Draws, fits, measures on photographs left out, then fits on all and writes the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--photographs", type=Path, nargs="*", default=[], help="folders; scikit-image's without any"
    )
    parser.add_argument(
        "--leave-out", nargs="*", default=[], help="beginnings of names of pictures not to use"
    )
    parser.add_argument("--fonts", type=Path, nargs="*", default=[], help="folders with more typefaces")
    parser.add_argument("--count", type=int, default=1000, help="pictures to draw")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--trees", type=int, default=Recipe().trees)
    parser.add_argument("--threshold", type=float, default=0.62)
    given = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    pictures = [
        p for p in photographs(given.photographs) if not p[0].startswith(tuple(given.leave_out) or ("\0",))
    ]
    found = list(samples(pictures, typefaces(given.fonts), given.count, given.seed))
    recipe = Recipe(trees=given.trees)
    seen, unseen = (
        [s for s in found if not held_out(s.photograph)],
        [s for s in found if held_out(s.photograph)],
    )
    if seen and unseen:
        overlay, rest = rates(fitted(seen, recipe, given.threshold), unseen)
        _log.info("left-out photographs: %.3f of overlays found, %.3f of the rest kept", overlay, rest)
    model = fitted(found, recipe, given.threshold)
    given.out.write_text(json.dumps(packed(model), separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
