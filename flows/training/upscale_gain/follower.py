"""Adds to the expected gains an engine that follows the reference but for noise of its own: IMDN in 8 bits follows IMDN.

`python -m flows.training.upscale_gain.follower imdn-int8 --photographs FOLDER… --scale 4`. All other coefficients stay."""

from __future__ import annotations

import argparse
import logging
import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flows.training.upscale_gain.table import Column, tabled
from flows.training.upscale_gain.train import enlarging, write
from flows.training.upscale_network.pictures import Split, read_pictures
from model_registry.registry import Registry
from tasks.enhancement.gain import TABLE, gains

_log = logging.getLogger(__name__)
_CALM = 1.0
"""levels²: added to the gain where cells are weighed, so that those with the least do not rule."""
_ROUNDS = 60
_LEAST = 1e-4
"""Deviation, relative to the gain, under which cells count alike."""


def followed(more: Column, gain: Column, area: Column) -> tuple[float, float]:
    """(noise in levels², share of the gain): noise + (1 − share) · gain ≈ more, neither below 0, by least absolute deviations
    relative to the gain, so that the few cells that fare far worse do not rule.

    more: squared error over the reference's, per cell; gain: what the reference is expected to gain there."""
    design = np.stack([np.ones_like(gain), gain], axis=1)
    weight = area / (gain + _CALM)
    off = np.ones_like(gain)
    for _ in range(_ROUNDS):
        root = np.sqrt(weight / off)
        noise, lost = _not_below_0(design * root[:, None], more * root)
        off = np.maximum(np.abs(more - noise - lost * gain) / (gain + _CALM), _LEAST)
    return float(noise), float(max(1 - lost, 0.0))


def _not_below_0(design: Column, wanted: Column) -> tuple[float, float]:
    """The two coefficients of least squares, one alone where the other would be below 0."""
    both = np.linalg.lstsq(design, wanted, rcond=None)[0]
    if both.min() >= 0:
        return float(both[0]), float(both[1])
    alone = [max(float(one @ wanted / (one @ one)), 0.0) for one in design.T]
    left = [float(np.square(wanted - one * c).sum()) for one, c in zip(design.T, alone, strict=True)]
    return (alone[0], 0.0) if left[0] <= left[1] else (0.0, alone[1])


def main(given: Sequence[str] | None = None) -> None:
    """Measure, fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", help="id")
    parser.add_argument("--reference", default="imdn", help="id")
    parser.add_argument("--photographs", type=Path, nargs="+", required=True, help="folders of pictures")
    parser.add_argument("--most", type=int, default=40, help="pictures of one folder")
    parser.add_argument("--scale", type=int, default=4)
    parser.add_argument("--cell", type=int, default=32)
    parser.add_argument("--side", type=int, default=512, help="most of a picture's side that is used, px")
    parser.add_argument("--out", type=Path, default=TABLE)
    asked = parser.parse_args(given)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    registry, tables = Registry.load(), tomllib.loads(TABLE.read_text("utf-8"))
    pictures = read_pictures(asked.photographs, Split.read(), asked.most)
    engines = {name: enlarging(registry, name, asked.scale) for name in (asked.reference, asked.engine)}
    table = tabled(pictures, engines, asked.scale, asked.cell, asked.side)
    more = table.error[asked.engine] - table.error[asked.reference]
    gain = gains(asked.scale).gain(table.seen).astype(np.float64)
    noise, share = followed(more, gain, table.area)
    entry = tables[f"x{asked.scale}"]
    entry["share"][asked.engine], entry.setdefault("noise", {})[asked.engine] = share, noise
    write(tables, asked.out)
    _log.info("%s: %d cells, noise %.3f levels², share %.4f", asked.engine, len(more), noise, share)


if __name__ == "__main__":
    main()
