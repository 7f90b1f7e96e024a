"""Trains the model of text origins: `python -m flows.training.text_origin.train --out FILE --photographs FOLDER…`."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from flows.training.text_origin.boost import Recipe
from flows.training.text_origin.fitting import fitted, held_out, rates
from flows.training.text_origin.measuring import boxed, keep, read, samples
from flows.training.text_origin.sources import photographs, typefaces
from tasks.detection.origin_model import packed

BOXES = Path(__file__).with_name("boxes.json")
"""What the reader found when the shipped model was trained: with it the model does not depend on a reader's version."""
_log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Draws, fits, measures on photographs left out, then fits on all and writes the JSON."""
    given = _parsed(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    pictures = photographs(given.photographs, tuple(given.leave_out), given.most)
    pictures = boxed(pictures, given.boxes) if given.boxes.exists() else read(pictures)
    if not given.boxes.exists():
        keep(pictures, given.boxes)
    found = list(samples(pictures, typefaces(given.fonts), given.count, given.seed))
    recipe = Recipe(trees=given.trees, depth=given.depth)
    seen, unseen = (
        [s for s in found if not held_out(s.photograph)],
        [s for s in found if held_out(s.photograph)],
    )
    if seen and unseen:
        overlay, rest = rates(fitted(seen, recipe, given.threshold), unseen)
        _log.info("left-out photographs: %.3f of overlays found, %.3f of the rest kept", overlay, rest)
    model = fitted(found, recipe, given.threshold)
    given.out.write_text(json.dumps(packed(model), separators=(",", ":")) + "\n", encoding="utf-8")


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--photographs", type=Path, nargs="*", default=[], help="folders; scikit-image's without any"
    )
    parser.add_argument(
        "--leave-out", nargs="*", default=[], help="beginnings of names of pictures not to use"
    )
    parser.add_argument(
        "--boxes",
        type=Path,
        default=BOXES,
        help="what a reader found in the photographs; read and kept if missing",
    )
    parser.add_argument(
        "--most", type=int, default=10_000, help="pictures of a folder, spread evenly over it"
    )
    parser.add_argument("--fonts", type=Path, nargs="*", default=[], help="folders with more typefaces")
    parser.add_argument("--count", type=int, default=2000, help="pictures to draw")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--trees", type=int, default=Recipe().trees)
    parser.add_argument("--depth", type=int, default=Recipe().depth)
    parser.add_argument("--threshold", type=float, default=0.62)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
