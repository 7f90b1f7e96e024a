"""Fits the expected gains of routing: `python -m flows.training.upscale_gain.train --photographs FOLDER… --scale 4`.

Pictures of benchmarks are refused, as they are for the networks. Published networks may be the reference: what is fitted is a
dozen coefficients, no weights. Scales that are not named keep the coefficients they have."""

from __future__ import annotations

import argparse
import logging
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.training.upscale_gain.fitting import Fit, fitted
from flows.training.upscale_gain.table import Enlarge, tabled
from flows.training.upscale_network.pictures import Split, read_pictures
from model_registry.engines import wrap
from model_registry.engines.contract import Upscaler
from model_registry.engines.load import load_engine
from model_registry.registry import Registry
from tasks.enhancement.gain import TABLE

_log = logging.getLogger(__name__)
_HEAD = "# Fitted by flows/training/upscale_gain; what the numbers mean stands in gain.py.\n"


def main(given: Sequence[str] | None = None) -> None:
    """Fit each scale and write the table."""
    asked = _arguments(given)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    tables = tomllib.loads(TABLE.read_text("utf-8")) if TABLE.exists() else {}
    registry = Registry.load()
    pictures = read_pictures(asked.photographs, Split.read(), asked.most)
    for scale in asked.scale:
        names = [n for n in ("lanczos", *asked.engines, asked.reference) if scale in registry.get(n).scales]
        engines = {name: enlarging(registry, name, scale) for name in dict.fromkeys(names)}
        table = tabled(pictures, engines, scale, asked.cell, asked.side)
        fit = fitted(table, names[-1])
        tables[f"x{scale}"] = _plain(fit, names[-1])  # followers are to be added anew
        _log.info("×%d, %d pictures, %d cells: %s", scale, len(pictures), len(table.area), fit)
    write(tables, asked.out)


def write(tables: dict[str, Any], out: Path) -> None:
    """Scale to its coefficients, as TOML."""
    out.write_text(_HEAD + "".join(_toml(name, tables[name]) for name in sorted(tables)), "utf-8")


def enlarging(registry: Registry, name: str, scale: int) -> Enlarge:
    """One engine by its card."""
    card = registry.get(name)
    engine = load_engine(card, registry.folder_of(card.id))
    assert isinstance(engine, Upscaler)
    return lambda image: wrap.upscale(card, engine, image, scale, params={})


def _plain(fit: Fit, reference: str) -> dict[str, object]:
    share = {"lanczos": 0.0, "bicubic": 0.0, **fit.share, reference: 1.0}
    return {"moved": fit.moved, "rest": fit.rest, "share": share, "probe": dict(fit.probe)}


def _toml(name: str, table: dict[str, dict[str, object]]) -> str:
    lines = [f"\n[{name}]", *(f"{key} = {_numbers(table[key])}" for key in ("moved", "rest"))]
    for part in ("share", "noise", "probe"):
        if part not in table:
            continue
        lines += ["", f"[{name}.{part}]"]
        lines += [f"{engine} = {_numbers(value)}" for engine, value in sorted(table[part].items())]
    return "\n".join(lines) + "\n"


def _numbers(value: object) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(f"{number:.4f}" for number in value) + "]"
    return f"{value:.4f}"


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path, nargs="+", required=True, help="folders of pictures")
    parser.add_argument("--most", type=int, default=40, help="pictures of one folder")
    parser.add_argument("--scale", type=int, nargs="+", default=[2, 3, 4])
    ours = ["sr-tiny", "sr-tiny-bicubic", "sr-base", "sr-base-bicubic"]
    parser.add_argument(
        "--engines", nargs="+", default=ours, help="ids; those without the scale are left out"
    )
    parser.add_argument(
        "--reference", default="imdn", help="id; the last of --engines where it lacks the scale"
    )
    parser.add_argument("--cell", type=int, default=32)
    parser.add_argument("--side", type=int, default=512, help="most of a picture's side that is used, px")
    parser.add_argument("--out", type=Path, default=TABLE)
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
