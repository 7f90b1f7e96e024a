"""What a large output takes of memory, measured from within a process that does nothing else: SCALE SIDE, one line of JSON."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from flows.bench.proportional_memory import status


def main(scale: int, side: int) -> dict[str, float]:
    """Bytes in use once everything is loaded and used, the most while side×side px are enlarged, and the output's own bytes."""
    from flows.bench.upscale.published import converted
    from flows.bench.upscale.ways import Ways

    with converted() as published:
        ways = Ways(published)
        ladder = ways.ladder(scale)
        ladder.enlarge(_picture(96))
        gc.collect()
        small = _picture(side)
        idle = status("VmRSS")
        begun = time.perf_counter()
        made = ladder.run(small)
        taken = time.perf_counter() - begun
        ways.close()
    return {
        "megapixels": side * side * scale * scale / 1e6, "idle": idle, "peak": status("VmHWM"),
        "output": int(made.raster.pixels.nbytes), "seconds": taken, "saved": made.routing.saved,
    }  # fmt: skip


def _picture(side: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A product on white: a scikit-image photograph in the middle third, side×side×3."""
    from flows.demo.photographs import photograph

    page = np.full((side, side, 3), 255, np.uint8)
    third = max(side // 3, 1)
    inner = cv2.resize(photograph("coffee"), (third, third), interpolation=cv2.INTER_AREA)
    page[third : 2 * third, third : 2 * third] = np.rint(np.clip(inner, 0, 1) * 255).astype(np.uint8)
    return page


def curve(scale: int, sides: Sequence[int]) -> list[dict[str, Any]]:
    """A row a size, each from a process of its own."""
    return [_child(scale, side) for side in sides]


def _child(scale: int, side: int) -> dict[str, Any]:
    asked = [sys.executable, "-m", "flows.bench.upscale.memory", str(scale), str(side)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603  # this program itself
    if done.returncode:
        raise RuntimeError(f"{side}×{side} ×{scale}: {done.stderr.strip().splitlines()[-1:]}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    mb = {name: told[name] / 2**20 for name in ("idle", "peak", "output")}
    return {
        "set": "memory", "scale": scale, "megapixels": told["megapixels"],
        "peak_mb": mb["peak"], "loaded_mb": mb["idle"], "output_mb": mb["output"],
        "over_output_mb": mb["peak"] - mb["idle"] - mb["output"], "seconds": told["seconds"], "saved": told["saved"],
    }  # fmt: skip


if __name__ == "__main__":
    cv2.setNumThreads(1)
    sys.stdout.write(json.dumps(main(*(int(v) for v in sys.argv[1:3]))) + "\n")
