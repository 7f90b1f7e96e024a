"""The shipped fill network: small, whole, the same bytes everywhere on one machine, and better than diffusion where it is first."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from flows.demo.photographs import photograph
from flows.demo.split import SPLIT
from model_registry.engines import wrap
from model_registry.engines.contract import Hole, Pixels
from model_registry.engines.load import load_engine
from model_registry.pool import EnginePool
from model_registry.registry import PACKAGED, Registry
from tasks.generation.ladder import region_facts, rungs_to_try
from tasks.intents import MaskBoxes, RemoveObject
from tasks.planner import plan

REGISTRY = Registry.load()
CARD = REGISTRY.get("fill-small")
MOST_BYTES = 5_000_000


def photographs() -> list[Pixels]:
    """Of the tuning side; none of them was trained on."""
    found = [photograph(name) for name, side in sorted(SPLIT.items()) if side == "tune"]
    return [np.repeat(p, 3, axis=2) if p.shape[2] == 1 else p for p in found]


def crop(picture: Pixels, n: int, side: int = 128) -> Pixels:
    rng = np.random.default_rng([1, n])
    y, x = (int(rng.integers(0, length - side)) for length in picture.shape[:2])
    return np.ascontiguousarray(picture[y : y + side, x : x + side], np.float32)


def strokes(n: int, side: int = 128) -> Hole:
    rng = np.random.default_rng([2, n])
    walk = np.clip(np.cumsum(rng.integers(-30, 31, (5, 2)), axis=0) + side // 2, 12, side - 12)
    page = np.zeros((side, side), np.uint8)
    cv2.polylines(page, [walk.astype(np.int32)], False, (1,), int(rng.integers(3, 8)))
    return page > 0


def filled(name: str, image: Pixels, hole: Hole) -> Pixels:
    with POOL.lease(name) as engine:
        return wrap.fill(REGISTRY.get(name), engine, image, hole, seed=1, params={})


POOL = EnginePool(REGISTRY, 2000)


def test_the_file_is_small_and_pinned() -> None:
    path = PACKAGED / "fill-small.onnx"
    assert path.stat().st_size <= MOST_BYTES
    assert CARD.weights is not None
    assert CARD.weights.sha256 == {path.name: hashlib.sha256(path.read_bytes()).hexdigest()}


@pytest.mark.parametrize("side", [1, 3, 16, 17, 100])
def test_two_sessions_give_the_same_bytes(side: int) -> None:
    image = crop(photographs()[0], 0)[:side, : side + 5]
    hole = np.zeros(image.shape[:2], bool)
    hole[side // 3 : side // 2 + 1, 2:5] = True
    one, two = (
        wrap.fill(CARD, load_engine(CARD, PACKAGED), image, hole, seed=seed, params={}) for seed in (1, 2)
    )
    assert one.tobytes() == two.tobytes()


def test_another_process_with_other_threads_gives_the_same_bytes(tmp_path: Path) -> None:
    image, hole = crop(photographs()[0], 3), strokes(3)
    np.savez(tmp_path / "in.npz", image=image, hole=hole)
    script = (
        "import sys, numpy as np; from model_registry.engines import wrap; from model_registry.engines.load import load_engine;"
        "from model_registry.registry import Registry; r = Registry.load(); c = r.get('fill-small'); d = np.load(sys.argv[1]);"
        "o = wrap.fill(c, load_engine(c, r.folder_of(c.id)), d['image'], d['hole'], seed=1, params={});"
        "sys.stdout.buffer.write(o.tobytes())"
    )
    made = [
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "in.npz")], capture_output=True, check=True,
            env=os.environ | {"OMP_NUM_THREADS": threads},
        ).stdout
        for threads in ("1", "4")
    ]  # fmt: skip
    assert made[0] == made[1] == filled("fill-small", image, hole).tobytes()


def test_thin_holes_come_out_nearer_the_truth_than_by_diffusion() -> None:
    lost: dict[str, list[float]] = {name: [] for name in ("fill-small", "telea", "navier-stokes")}
    pictures = photographs()
    for n in range(24):
        image, hole = crop(pictures[n % len(pictures)], n), strokes(n)
        for name, errors in lost.items():
            mean = float(((filled(name, image, hole) - image)[hole] ** 2).mean())
            errors.append(-10 * float(np.log10(max(mean, 1e-5))))
    ours, *others = (float(np.mean(errors)) for errors in lost.values())
    assert ours > max(others) + 0.5


def test_a_quarter_of_a_level_is_not_lost() -> None:
    """Nothing between the door and the network counts in levels of 255."""
    hole = np.zeros((64, 96), bool)
    hole[30:34, 20:80] = True
    dark, light = (
        filled("fill-small", np.full((64, 96, 3), level / 255, np.float32), hole)[hole].mean(dtype=np.float64)
        for level in (100.1, 100.35)
    )
    assert 0.15 < (light - dark) * 255 < 0.35


def test_the_ladder_begins_with_it_for_strokes_on_quiet_ground() -> None:
    stage = plan(RemoveObject(mask=MaskBoxes(boxes=((0, 0, 1, 1),))), None, REGISTRY).stage("generation")
    assert stage is not None
    thin, thick = np.zeros((2, 128, 128), bool)
    thin[60:67, 20:100] = True
    thick[40:90, 40:90] = True
    first = {}
    for noise in (0.022, 0.2):
        ground = np.clip(0.5 + np.random.default_rng(0).normal(0, noise, (128, 128, 3)), 0, 1).astype(
            np.float32
        )
        first[noise] = [
            rungs_to_try(stage.engines, region_facts(ground, hole), 1)[0].id for hole in (thin, thick)
        ]
    assert first[0.022][0] == "fill-small"
    assert "fill-small" not in (first[0.022][1], *first[0.2])
