"""Words for a scene, in varied order, and which part of the picture each word is about."""

from __future__ import annotations

import re
from typing import Final, Literal

import numpy as np

from flows.training.backdrop.scene import WOODS, Light, Scene, Surface

Part = Literal["wall", "floor", "light"]
Rng = np.random.Generator

_FLAT: Final[dict[str, tuple[str, ...]]] = {
    "studio": ("studio backdrop", "studio background", "seamless studio backdrop", "studio gradient"),
    "plaster": ("plaster wall", "plaster", "plaster background", "plaster backdrop"),
    "paper": ("paper background", "paper", "sheet of paper", "paper backdrop"),
    "fabric": ("fabric", "linen fabric", "linen cloth", "fabric background"),
    "concrete": ("concrete wall", "concrete", "concrete surface", "concrete background"),
    "marble": ("marble slab", "marble", "marble surface", "marble background"),
    "wood": ("wood", "wood planks", "wooden table top", "wood surface", "wooden background"),
}
_WALL: Final[dict[str, tuple[str, ...]]] = {
    "studio": ("studio backdrop", "studio background"),
    "plaster": ("plaster wall", "plaster backdrop"),
    "paper": ("paper backdrop", "paper background"),
    "fabric": ("fabric backdrop", "linen backdrop"),
    "concrete": ("concrete wall", "concrete backdrop"),
    "marble": ("marble wall", "marble backdrop"),
    "wood": ("wood wall", "wooden wall", "wooden backdrop"),
}
_FLOOR: Final[dict[str, tuple[str, ...]]] = {
    "paper": ("paper", "paper surface", "paper table top"),
    "fabric": ("fabric", "linen table cloth", "fabric surface"),
    "concrete": ("concrete floor", "concrete surface", "concrete table top"),
    "marble": ("marble table top", "marble", "marble surface", "marble floor"),
    "wood": ("wood table top", "wooden table", "wood surface", "wood floor"),
}
_SPECIES: Final = ("{0}", "{0} planks", "{0} table top", "{0} wood", "{0} surface")
_SPECIES_WALL: Final = ("{0} wall", "{0} backdrop", "{0} wood wall")
_SPECIES_FLOOR: Final = ("{0} table top", "{0} table", "{0} floor", "{0} surface", "{0}")
_JOINED: Final = (
    "{floor} in front of a {wall}", "{floor} with a {wall} behind", "{wall} above a {floor}", "{wall} behind a {floor}",
    "{floor} against a {wall}", "{floor}, {wall}",
)  # fmt: skip
_FROM: Final = {"left": "from the left", "right": "from the right", "top": "from above", "front": "from the front"}  # fmt: skip
_ABOUT_WALL: Final = {"wall", "backdrop", "background"}
_ABOUT_FLOOR: Final = {"table", "top", "floor", "surface"}
_ABOUT_LIGHT: Final = {
    "light", "soft", "hard", "warm", "cool", "neutral", "left", "right", "above", "front", "side", "frontal", "overhead",
}  # fmt: skip
_EXTRA: Final[dict[str, set[str]]] = {
    "fabric": {"linen", "cloth"}, "wood": {"wooden", "planks", "painted"}, "paper": {"sheet"}, "marble": {"slab"},
    "studio": {"seamless", "gradient"},
}  # fmt: skip


def caption(scene: Scene, rng: Rng) -> str:
    """One line, such as "warm oak table top, soft light from the left"; the same for the same generator."""
    if scene.floor is None:
        drawn = _named(scene.wall, _FLAT, _SPECIES, rng)
    else:
        wall = _named(scene.wall, _WALL, _SPECIES_WALL, rng)
        floor = _named(scene.floor, _FLOOR, _SPECIES_FLOOR, rng)
        drawn = _JOINED[int(rng.integers(len(_JOINED)))].format(wall=wall, floor=floor)
    return _lit(drawn, scene.light, rng)


def spans(caption: str, scene: Scene) -> dict[str, Part]:
    """Word to the part of the picture it is about; words about both parts, or about none, are left out.

    The layout of a scene without a floor is all wall, and so are its words."""
    wall, floor = _words(scene.wall), _words(scene.floor) if scene.floor else set()
    wall |= _ABOUT_WALL if scene.floor else _ABOUT_WALL | _ABOUT_FLOOR
    floor |= _ABOUT_FLOOR if scene.floor else set()
    found: dict[str, Part] = {}
    elsewhere = {"front": "in front of", "above": "above a"}
    unsaid = {word for word, phrase in elsewhere.items() if phrase in caption}
    for word in re.findall(r"[a-z]+", caption):
        if word in _ABOUT_LIGHT and word not in unsaid:
            found[word] = "light"
        elif (word in wall) != (word in floor):
            found[word] = "wall" if word in wall else "floor"
    return found


def all_words() -> tuple[str, ...]:
    """Every word a caption may hold, sorted."""
    from flows.training.backdrop.scene import MATERIALS, PALETTE

    phrases = [p for table in (_FLAT, _WALL, _FLOOR) for nouns in table.values() for p in nouns]
    phrases += [*_SPECIES, *_SPECIES_WALL, *_SPECIES_FLOOR, *_JOINED, *_FROM.values(), *PALETTE, *MATERIALS]
    words = {word for phrase in phrases for word in re.findall(r"[a-z]+", phrase)}
    words |= {"gray"}.union(_ABOUT_LIGHT, _ABOUT_WALL, _ABOUT_FLOOR, *_EXTRA.values())
    return tuple(sorted(words))


def _words(surface: Surface) -> set[str]:
    spelt = {"gray"} if surface.colour == "grey" else set()
    return {surface.colour, surface.material} | spelt | _EXTRA.get(surface.material, set())


def _named(surface: Surface, nouns: dict[str, tuple[str, ...]], species: tuple[str, ...], rng: Rng) -> str:
    """Colour and noun."""
    if surface.colour in WOODS:
        return species[int(rng.integers(len(species)))].format(surface.colour)
    among = nouns[surface.material]
    colour = "gray" if surface.colour == "grey" and rng.random() < 0.15 else surface.colour
    painted = "painted " if surface.material == "wood" and rng.random() < 0.3 else ""
    return f"{colour} {painted}{among[int(rng.integers(len(among)))]}"


def _lit(drawn: str, light: Light, rng: Rng) -> str:
    """With the light described, wholly, in part or not at all."""
    warmth = "" if light.warmth == "neutral" and rng.random() < 0.85 else light.warmth
    first, how = rng.random(), rng.random()
    if first < 0.07:
        return drawn
    if first < 0.14:
        return f"{warmth} {drawn}".strip()
    quality = light.quality if how < 0.9 else ""
    place = _place(light, rng) if how > 0.08 else ""
    if warmth and rng.random() < 0.4:
        drawn, warmth = f"{warmth} {drawn}", ""
    light_words = " ".join(word for word in (warmth, quality, "light", place) if word)
    if light.side in ("front", "top") and how > 0.08 and rng.random() < 0.25:
        word = "frontal" if light.side == "front" else "overhead"
        light_words = " ".join(w for w in (warmth, quality, word, "light") if w)
    return f"{drawn}, {light_words}" if rng.random() < 0.85 else f"{light_words}, {drawn}"


def _place(light: Light, rng: Rng) -> str:
    if light.side in ("left", "right") and rng.random() < 0.15:
        return f"from the {light.side} side"
    return _FROM[light.side]
