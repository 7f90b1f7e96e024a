"""Every card of the registry against its role's promises, with one set of tests a role."""

from __future__ import annotations

import numpy as np
import pytest

from model_registry.card import Card
from model_registry.engines import wrap
from model_registry.engines.contract import Engine, Hole, Params, Pixels
from model_registry.engines.load import load_engine
from model_registry.errors import WeightsMissing
from model_registry.registry import Registry

REGISTRY = Registry.load()
SIZES = [(1, 1), (1, 7), (5, 1), (17, 23), (64, 96)]
CHANNELS = [1, 3]
Loaded = tuple[Card, Engine]


def cards(*roles: str) -> list[str]:
    return [card.id for card in REGISTRY.cards if card.role in roles]


def ours(card: Card) -> bool:
    """What others trained is faithful to its own taste: only what we ship is held to keeping a flat colour and every place."""
    return card.weights is None or not (card.weights.hub or card.weights.path.startswith("${"))


def quick(card: Card) -> Params:
    """Few steps, where an engine takes steps: its promises do not hang on their number."""
    return {"steps": 2} if "steps" in card.defaults else {}


@pytest.fixture(scope="module")
def engines() -> dict[str, Loaded | str]:
    return {}


@pytest.fixture
def loaded(request: pytest.FixtureRequest, engines: dict[str, Loaded | str]) -> Loaded:
    """The card and its engine, loaded once a module; skipped, with the reason, only when its weights are not here."""
    name: str = request.param
    if name not in engines:
        card = REGISTRY.get(name)
        try:
            engines[name] = (card, load_engine(card, REGISTRY.folder_of(name)))
        except WeightsMissing as missing:
            engines[name] = str(missing)
    found = engines[name]
    if isinstance(found, str):
        pytest.skip(found)
    return found


def picture(h: int, w: int, channels: int, seed: int = 0) -> Pixels:
    """Smooth shading with grain: something every engine can work on."""
    rng = np.random.default_rng([h, w, seed])
    shade = np.linspace(0.3, 0.7, h * w, dtype=np.float32).reshape(h, w, 1)
    grain = rng.normal(0, 0.03, (h, w, channels)).astype(np.float32)
    return np.clip(shade + grain, 0, 1)


def holes(h: int, w: int) -> dict[str, Hole]:
    rows, columns = np.mgrid[:h, :w]
    middle = (abs(rows - h // 2) <= h // 8) & (abs(columns - w // 2) <= w // 5)
    corner = (rows < max(h // 4, 1)) & (columns < max(w // 3, 1))
    return {"middle": middle, "corner": corner, "both": middle | corner, "all": np.ones((h, w), bool)}


@pytest.mark.parametrize("loaded", cards("fill"), indirect=True)
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize(("h", "w"), SIZES)
def test_fills(loaded: Loaded, h: int, w: int, channels: int) -> None:
    card, engine = loaded
    image = picture(h, w, channels)
    before = image.copy()
    for name, hole in holes(h, w).items():
        out = wrap.fill(card, engine, image, hole, seed=5, prompt="a grey wall", params=quick(card))
        assert out.shape == image.shape
        assert out.dtype == np.float32
        assert (out[~hole] == image[~hole]).all(), name
        assert np.isfinite(out).all()
        assert out.min() >= 0
        assert out.max() <= 1
        changed = image.copy()
        changed[hole] = np.random.default_rng(9).random((int(hole.sum()), channels))
        again = wrap.fill(card, engine, changed, hole, seed=5, prompt="a grey wall", params=quick(card))
        assert (again[hole] == out[hole]).all(), (
            f"{name}: the old content matters, or it is not deterministic"
        )
    assert (image == before).all()


@pytest.mark.parametrize(
    "loaded", [c for c in cards("fill") if REGISTRY.get(c).runtime == "classical"], indirect=True
)
def test_classical_fills_resemble_their_surroundings(loaded: Loaded) -> None:
    card, engine = loaded
    image, hole = picture(64, 96, 3), holes(64, 96)["middle"]
    out = wrap.fill(card, engine, image, hole, seed=5, params={})
    assert abs(float(out[hole].mean()) - float(image[hole].mean())) < 0.03


@pytest.mark.parametrize("loaded", cards("upscale", "clean"), indirect=True)
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize(("h", "w"), SIZES)
def test_upscalers(loaded: Loaded, h: int, w: int, channels: int) -> None:
    card, engine = loaded
    image = picture(h, w, channels)
    before = image.copy()
    assert card.scales
    for scale in card.scales:
        out = wrap.upscale(card, engine, image, scale, params={})
        assert out.shape == (h * scale, w * scale, channels)
        assert out.dtype == np.float32
        assert (wrap.upscale(card, engine, image, scale, params={}) == out).all()
        if not ours(card):
            continue
        assert abs(float(out.mean()) - float(image.mean())) < 0.02
        flat = np.full((h, w, channels), 100 / 255, np.float32)
        same = wrap.upscale(card, engine, flat, scale, params={})
        assert np.abs(same - 100 / 255).max() < 0.5 / 255
    assert (image == before).all()


@pytest.mark.parametrize("loaded", [n for n in cards("upscale") if ours(REGISTRY.get(n))], indirect=True)
def test_upscalers_keep_geometry(loaded: Loaded) -> None:
    """The centre of mass of a blob, in units of the picture, stays where it was: centres lie at half pixels."""
    card, engine = loaded
    rows, columns = np.mgrid[:31, :41]
    blob = np.exp(-((rows - 12) ** 2 + (columns - 25) ** 2) / 18).astype(np.float32)[..., None]
    for scale in card.scales:
        out = wrap.upscale(card, engine, np.repeat(blob, 3, axis=2), scale, params={})[..., 0].astype(float)
        ys, xs = np.mgrid[: out.shape[0], : out.shape[1]]
        centre = ((ys + 0.5) * out).sum() / out.sum() / scale, ((xs + 0.5) * out).sum() / out.sum() / scale
        assert centre == pytest.approx((12.5, 25.5), abs=0.02)


@pytest.mark.parametrize("loaded", cards("blend"), indirect=True)
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize(("h", "w"), SIZES)
def test_blenders(loaded: Loaded, h: int, w: int, channels: int) -> None:
    import cv2

    card, engine = loaded
    target, source = picture(h, w, channels), picture(h, w, channels, seed=3)
    before = target.copy(), source.copy()
    for name, hole in holes(h, w).items():
        zone = cv2.dilate(hole.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        out = wrap.blend(card, engine, target, source, hole, zone, params={})
        assert out.shape == target.shape
        assert out.dtype == np.float32
        assert (out[~zone] == target[~zone]).all(), name
        leaky = target.copy()
        leaky[hole] = 1 - leaky[hole]
        again = wrap.blend(card, engine, leaky, source, hole, zone, params={})
        assert (again[zone] == out[zone]).all(), (
            f"{name}: the old content matters, or it is not deterministic"
        )
    assert (target == before[0]).all()
    assert (source == before[1]).all()


@pytest.mark.parametrize("loaded", cards("enhance"), indirect=True)
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize(("h", "w"), SIZES)
def test_enhancers(loaded: Loaded, h: int, w: int, channels: int) -> None:
    card, engine = loaded
    image = picture(h, w, channels)
    before = image.copy()
    for name, hole in holes(h, w).items():
        out = wrap.enhance(card, engine, image, hole, seed=5, params={})
        assert out.shape == image.shape
        assert out.dtype == np.float32
        assert (out[~hole] == image[~hole]).all(), name
        assert (wrap.enhance(card, engine, image, hole, seed=5, params={}) == out).all(), name
    assert (image == before).all()


@pytest.mark.parametrize("loaded", cards("text"), indirect=True)
@pytest.mark.parametrize(("h", "w"), [(1, 1), (3, 200), (65, 47)])
def test_readers_find_nothing_where_nothing_is(loaded: Loaded, h: int, w: int) -> None:
    card, engine = loaded
    assert wrap.read_text(card, engine, np.full((h, w, 3), 200, np.uint8), {}) == ()


@pytest.mark.parametrize("loaded", cards("generate"), indirect=True)
def test_generators(loaded: Loaded) -> None:
    card, engine = loaded
    first = wrap.generate(card, engine, "a grey wall", 65, 33, seed=5, params=quick(card))
    assert first.shape == (33, 65, 3)
    assert (wrap.generate(card, engine, "a grey wall", 65, 33, seed=5, params=quick(card)) == first).all()


@pytest.mark.parametrize("name", [card.id for card in REGISTRY.cards])
def test_cards_say_what_people_need_to_know(name: str) -> None:
    card = REGISTRY.get(name)
    assert card.title
    assert card.licence
    assert card.source
    assert card.limits
