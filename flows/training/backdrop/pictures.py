"""Training pictures in their order, and a file of them: `python -m flows.training.backdrop.pictures --out FILE --count N`.

The picture with a number is always the same; the file is added to where it stopped."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.training.backdrop.render import render
from flows.training.backdrop.scene import Scene, draw_scene, is_held_out

SIDE: Final = 256
SEED: Final = 6
_UNSEEN: Final = 7
_BYTES: Final = SIDE * SIDE * 3
_NOTED: Final = 1000
_log = logging.getLogger(__name__)
Bytes3 = NDArray[np.uint8]


def scene_of(number: int, held_out: bool = False) -> Scene:
    """The scene with a number: one of those to learn from, or, with held_out, one that no training sees."""
    rng = np.random.default_rng([SEED, _UNSEEN if held_out else 0, number])
    while True:
        scene = draw_scene(rng)
        if is_held_out(scene) == held_out:
            return scene


def picture(scene: Scene) -> Bytes3:
    """256×256×3."""
    return np.rint(render(scene, SIDE).pixels * 255).astype(np.uint8)


def stored(path: Path) -> NDArray[np.uint8]:
    """n×256×256×3, read as it is used: the whole pictures of the file, number 0 first."""
    count = path.stat().st_size // _BYTES
    return np.memmap(path, np.uint8, "r", shape=(count, SIDE, SIDE, 3))


def store(path: Path, count: int) -> None:
    """Adds pictures until there are `count`; a last one that was cut off is written again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    done = path.stat().st_size // _BYTES
    with path.open("r+b") as file:
        file.truncate(done * _BYTES)
        file.seek(done * _BYTES)
        for number in range(done, count):
            file.write(picture(scene_of(number)).tobytes())
            if (number + 1) % _NOTED == 0:
                _log.info("%d pictures", number + 1)


def main(argv: Sequence[str] | None = None) -> None:
    """Renders the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=16_000)
    given = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    cv2.setNumThreads(1)
    store(given.out, given.count)


if __name__ == "__main__":
    main()
