"""The shipped upscale and clean-up networks: small, pinned, exact in pieces, the same everywhere, and worth their cost."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import cv2
import numpy as np
import pytest

from flows.demo.photographs import photograph
from flows.demo.split import SPLIT
from flows.training.upscale_network.degradations import Harm, harmed
from flows.training.upscale_network.measure import luma_psnr
from model_registry.card import Card
from model_registry.engines import wrap
from model_registry.engines.contract import Pixels
from model_registry.engines.load import load_engine
from model_registry.registry import PACKAGED, Registry

REGISTRY = Registry.load()
UPSCALERS = ["sr-tiny", "sr-base", "sr-tiny-bicubic", "sr-base-bicubic"]
ALL = [*UPSCALERS, "sr-clean"]
MOST_BYTES = {"sr-tiny": 130_000, "sr-tiny-bicubic": 130_000}
EACH_SCALE = [(name, scale) for name in ALL for scale in REGISTRY.get(name).scales]
CLEAN, SAVED = Harm(), Harm(tool="area", quality=80, thin_colours=True)


def enlarged(name: str, image: Pixels, scale: int) -> Pixels:
    card = REGISTRY.get(name)
    engine = load_engine(card, REGISTRY.folder_of(name))
    return wrap.upscale(card, engine, image, scale, params={})


def crop(n: int, side: int = 192) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """Of a photograph of the tuning side: none of them was trained on."""
    names = sorted(name for name, part in SPLIT.items() if part == "tune")
    picture = photograph(names[n % len(names)])
    picture = np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture
    rng = np.random.default_rng([1, n])
    y, x = (int(rng.integers(0, length - side)) for length in picture.shape[:2])
    return np.rint(picture[y : y + side, x : x + side] * 255).astype(np.uint8)


def gain(name: str, scale: int, harm: Harm) -> float:
    """dB over a bicubic enlargement, or over the picture as it is; mean of eight crops."""
    found = []
    for n in range(8):
        truth = crop(n)
        given = harmed(truth, scale, harm, np.random.default_rng(n))
        made = enlarged(name, (given / 255).astype(np.float32), scale)
        plain = cv2.resize(given, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        levels = np.rint(np.clip(made, 0, 1) * 255).astype(np.uint8)
        found.append(luma_psnr(levels, truth, 4) - luma_psnr(np.asarray(plain, np.uint8), truth, 4))
    return float(np.mean(found))


@pytest.mark.parametrize("name", ALL)
def test_the_files_are_small_pinned_and_one_a_scale(name: str) -> None:
    card = REGISTRY.get(name)
    assert card.weights is not None
    folder = PACKAGED / card.weights.path
    files = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert set(files) == {f"x{scale}.onnx" for scale in card.scales} == set(card.weights.sha256)
    for file, data in files.items():
        assert len(data) < MOST_BYTES.get(name, 3_000_000), file
        assert hashlib.sha256(data).hexdigest() == card.weights.sha256[file]


@pytest.mark.parametrize(("name", "scale"), EACH_SCALE)
def test_a_piece_with_a_halo_of_its_reach_is_the_whole(name: str, scale: int) -> None:
    card, image = REGISTRY.get(name), (crop(3, 96) / 255).astype(np.float32)
    whole = enlarged(name, image, scale)[40 * scale : 56 * scale, 40 * scale : 56 * scale]

    def piece(halo: int) -> Pixels:
        part = np.ascontiguousarray(image[40 - halo : 56 + halo, 40 - halo : 56 + halo])
        inner = slice(halo * scale, (halo + 16) * scale)
        return enlarged(name, part, scale)[inner, inner]

    assert np.abs(piece(card.reach) - whole).max() < 1e-5
    assert np.abs(piece(card.reach // 2) - whole).max() > 1e-4


@pytest.mark.parametrize(
    ("name", "scale"), [(n, s) for n, s in EACH_SCALE if n in UPSCALERS and "bicubic" in n]
)
def test_clean_pictures_come_out_better_than_bicubic(name: str, scale: int) -> None:
    assert gain(name, scale, CLEAN) > 0.5


@pytest.mark.parametrize("scale", REGISTRY.get("sr-tiny-bicubic").scales)
def test_what_was_saved_as_jpeg_is_told_from_detail(scale: int) -> None:
    """The network for catalogues gains where the one for benchmarks sharpens the blocks."""
    assert gain("sr-tiny", scale, SAVED) > max(gain("sr-tiny-bicubic", scale, SAVED), 0.1)


@pytest.mark.parametrize(
    ("harm", "least"), [(Harm(quality=50, thin_colours=True), 0.3), (Harm(noise=8.0), 1.5)]
)
def test_cleaning_brings_pictures_nearer_to_what_they_were(harm: Harm, least: float) -> None:
    assert gain("sr-clean", 1, harm) > least


def test_flat_colours_stay_as_they_are() -> None:
    for name, scale in EACH_SCALE:
        for colour in ((255, 255, 255), (0, 0, 0), (200, 30, 60)):
            flat = np.full((40, 40, 3), np.array(colour) / 255, np.float32)
            assert np.abs(enlarged(name, flat, scale) - flat[0, 0]).max() < 0.02 / 255, (name, scale, colour)


def test_another_process_makes_the_same_bytes() -> None:
    code = (
        "import hashlib, numpy as np; from model_registry.engines import wrap;"
        "from model_registry.engines.load import load_engine; from model_registry.registry import Registry;"
        "r = Registry.load(); c = r.get('sr-tiny'); e = load_engine(c, r.folder_of('sr-tiny'));"
        "x = np.random.default_rng(1).random((37, 53, 3), np.float32);"
        "print(hashlib.sha256(wrap.upscale(c, e, x, 2, params={}).tobytes()).hexdigest())"
    )
    ran = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in "12"
    ]
    x = np.random.default_rng(1).random((37, 53, 3), np.float32)
    here = hashlib.sha256(enlarged("sr-tiny", x, 2).tobytes()).hexdigest()
    assert {r.stdout.strip() for r in ran} == {here}


def test_the_cards_say_who_is_chosen_unasked() -> None:
    cards: dict[str, Card] = {name: REGISTRY.get(name) for name in ALL}
    assert {n: c.automatic for n, c in cards.items() if n in UPSCALERS} == {
        "sr-tiny": True, "sr-base": True, "sr-tiny-bicubic": False, "sr-base-bicubic": False,
    }  # fmt: skip
    assert cards["sr-tiny"].cost.rung == 20
    assert cards["sr-base"].cost.rung == 30
    assert all(c.reach > 0 and not c.invents and c.thread_safe for c in cards.values())
    assert cards["sr-clean"].role == "clean"
