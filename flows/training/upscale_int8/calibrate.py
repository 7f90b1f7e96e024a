"""Writes the plan of IMDN in 8 bits: `python -m flows.training.upscale_int8.calibrate imdn_baseline.pth --photographs FOLDER…`.

Pictures of benchmarks are refused. What is found are ranges and powers of two, no weights; the packaged plan was made of CLIC 2025."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from flows.training.upscale_int8.extremes import Extremes, Network, extremes, inputs
from flows.training.upscale_network.pictures import Split, read_pictures
from model_registry.convert.imdn import BLOCKS
from model_registry.convert.imdn_int8 import FLOAT, PLAN, STEPS, Layers, Plan, read_layers
from model_registry.convert.state import read_state

_log = logging.getLogger(__name__)
SHARES: Final = (0.85, 0.95, 1.05, 1.15, 1.3)
"""Of the pictures' mean extremes that a range reaches to: finer steps against rarer clipping. The best is taken."""
_NEGATIVE: Final = 0.5
"""How much what is below 0 counts before a leaky ReLU, which shrinks it to a twentieth."""
_HEAD: Final = "# Made by flows/training/upscale_int8; what the numbers mean stands in imdn_int8.py.\n"


def planned(layers: Layers, pictures: Sequence[NDArray[np.float32]], folder: Path) -> tuple[Plan, float]:
    """The plan that changes the result least on these pictures (1×3×H×W, 0–1), and by how much: levels.

    folder: where networks are written meanwhile."""
    network = Network(layers, folder)
    wanted = [network.plain(picture) for picture in pictures]
    found = extremes(network, pictures)
    factors = factors_of(found)
    best: tuple[float, Plan] | None = None
    for share in SHARES:
        plan = Plan(factors, ranges_of(found, factors, share))
        changed = network.changed(plan, pictures, wanted)
        _log.info("ranges to %.2f of the extremes: %.3f levels changed", share, changed)
        best = min(best or (changed, plan), (changed, plan), key=lambda one: one[0])
    assert best is not None
    return best[1], best[0]


def factors_of(found: Extremes) -> dict[str, tuple[int, ...]]:
    """Whole steps of two that bring channels to like ranges: wholly along the stream, half the way within blocks."""
    stream = np.max([found[f"x{n}"].size for n in range(1, BLOCKS)], axis=0)
    made = {"stream": _steps(stream, stream.max(), 1.0)}
    for block in range(1, BLOCKS):
        sizes = {f"{block}.{step}": _size(found, f"{block}.{step}") for step in range(1, STEPS + 1)}
        top = max(float(size.max()) for size in sizes.values())
        made |= {name: _steps(size, top, 0.5) for name, size in sizes.items()}
    return made


def _size(found: Extremes, name: str) -> NDArray[np.float64]:
    before = found.get(f"{name}.before")
    return found[name].size if before is None else np.maximum(before.high, -_NEGATIVE * before.low)


def _steps(size: NDArray[np.float64], top: float, power: float) -> tuple[int, ...]:
    ratio = np.maximum(size / max(top, 1e-9), 1e-3)
    return tuple(int(n) for n in np.rint(power * np.log2(ratio)))


def ranges_of(
    found: Extremes, factors: Mapping[str, tuple[int, ...]], share: float
) -> dict[str, tuple[float, float]]:
    """Of every value, once its channels are divided by their factors."""
    made = {}
    for name, one in found.items():
        own = 0.5 ** np.array(channel_factors(name, factors), np.float64)
        low, high = float((one.low * own).min()), float((one.high * own).max())
        if name.endswith(".before"):
            low = max(low, -high / _NEGATIVE)
        made[name] = (_rounded(min(low * share, 0.0)), _rounded(max(high * share, 1e-3)))
    return made


def channel_factors(name: str, factors: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """The powers of two of a value's channels."""
    if name.startswith("x") or name.endswith(".close"):
        return factors["stream"]
    if not name.endswith(".joined"):
        return factors[name.removesuffix(".before")]
    block = name.split(".")[0]
    steps = [factors[f"{block}.{step}"] for step in range(1, STEPS + 1)]
    return tuple(
        n for step, own in enumerate(steps, 1) for n in own[: len(own) // (4 if step < STEPS else 1)]
    )


def _rounded(value: float) -> float:
    """To three digits: other processors' last bits do not show."""
    return float(f"{value:.3g}")


def written(plan: Plan) -> str:
    """As TOML."""
    factors = [f'"{name}" = {list(values)}' for name, values in plan.factors.items()]
    ranges = [f'"{name}" = [{low:g}, {high:g}]' for name, (low, high) in plan.ranges.items()]
    return "\n".join([_HEAD, "[factors]", *factors, "", "[ranges]", *ranges, ""])


def main(given: Sequence[str] | None = None) -> None:
    """Read, plan and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="IMDN's published state dict")
    parser.add_argument("--photographs", type=Path, nargs="+", required=True, help="folders of pictures")
    parser.add_argument("--most", type=int, default=20, help="pictures of one folder")
    parser.add_argument("--side", type=int, default=384, help="of the middle of each that is used, px")
    parser.add_argument("--out", type=Path, default=PLAN)
    asked = parser.parse_args(given)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    pictures = inputs(read_pictures(asked.photographs, Split.read(), asked.most), asked.side)
    with TemporaryDirectory() as folder:
        plan, changed = planned(read_layers(read_state(asked.source)), pictures, Path(folder))
    asked.out.write_text(written(plan), "utf-8")
    kept = ", ".join(sorted(FLOAT))
    _log.info("%d pictures, %.3f levels changed, float: %s", len(pictures), changed, kept)


if __name__ == "__main__":
    main()
