"""`python -m model_registry.convert NAME SOURCE OUT`: writes a published network as ONNX and prints its sha256."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from model_registry.convert.networks import NAMES, convert


def main(argv: Sequence[str] | None = None) -> None:
    """One file in, one file out."""
    parser = argparse.ArgumentParser(prog="python -m model_registry.convert", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("source", type=Path, help="the published file: a state dict, or an ncnn .param")
    parser.add_argument("out", type=Path, help="the ONNX file to write")
    given = parser.parse_args(argv)
    sys.stdout.write(f"{convert(given.name, given.source, given.out)}  {given.out.name}\n")


if __name__ == "__main__":
    main()
