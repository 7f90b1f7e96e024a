"""What the training pictures are made from: photographs, typefaces and words."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.errors import BadRequest

Bytes3 = NDArray[np.uint8]
BUNDLED = ("camera.png", "gravel.png", "hubble_deep_field.jpg", "motorcycle_left.png")
"""Inside scikit-image's wheel, none of them on the scoring side of the demo's split; used when no folder is given."""
LONGEST = 1600
"""px: longer sides are shrunk to this."""
LEAST = 120
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")
_TYPEFACES = (".ttf", ".otf", ".ttc")
_SYMBOLS = ("LastResort", "NonUni", "Siz", "cmex", "cmmi", "cmsy", "Display", "MathTeX")
"""Parts of the names of faces that hold no letters."""
WORDS = (
    "SALE", "-50%", "NEW", "Free shipping", "www.shop-online.com", "Limited offer", "BEST PRICE", "2 for 1", "€ 19.99",
    "Summer collection 2024", "Only today", "© studio", "Bestseller", "organic", "Net weight 500 g", "100% cotton",
    "HAND MADE", "Original", "since 1987", "Premium quality", "Mild & creamy", "Ingredients: water, sugar", "XXL",
    "Order now!", "Made in Italy", "Call 555-0134", "SKU 48213-A", "Sparkling", "Vanilla", "DARK ROAST", "low fat 1.5%",
)  # fmt: skip
OTHER_SCRIPTS = (
    "СКИДКА 30%",
    "Новинка",
    "Бесплатная доставка",
    "ΠΡΟΣΦΟΡΑ",
    "Качество",
    "Молоко",
    "Цена 990 руб",
)
CHINESE = (
    "新品上市",
    "限时折扣",
    "包邮",
    "满减优惠",
    "品质保证",
    "官方正品",
    "特价",
    "立即购买",
    "天然有机",
    "好礼相送",
)


@dataclass(frozen=True, slots=True)
class Photograph:
    """What training pictures are drawn on."""

    name: str
    pixels: Bytes3
    """H×W×3 RGB."""
    boxes: tuple[NDArray[np.float64], ...] = ()
    """Where a reader takes something of it for text: 4×2 corners each, x and y, px."""


def photographs(
    folders: Iterable[Path], leave_out: tuple[str, ...] = (), most: int = 10_000
) -> list[Photograph]:
    """The pictures below `folders` in the order of their paths; those bundled when there is none.

    leave_out: beginnings of the names of files that are not to be used; most: of a folder, spread evenly over it."""
    named = [
        (path.name, path.read_bytes())
        for folder in folders
        for path in _spread([p for p in sorted(folder.rglob("*")) if _fits(p, leave_out)], most)
    ]
    if not named:
        data = files("skimage").joinpath("data")
        named = [(name, data.joinpath(name).read_bytes()) for name in BUNDLED]
    found = (Photograph(name, decoded(content)) for name, content in named)
    return [one for one in found if min(one.pixels.shape[:2]) >= LEAST]


def _fits(path: Path, leave_out: tuple[str, ...]) -> bool:
    return path.suffix.lower() in _PICTURES and not (leave_out and path.name.startswith(leave_out))


def _spread(paths: list[Path], most: int) -> list[Path]:
    return [paths[n * len(paths) // most] for n in range(most)] if len(paths) > most else paths


def decoded(content: bytes) -> Bytes3:
    """H×W×3 uint8 RGB over white, shrunk to LONGEST."""
    with Image.open(io.BytesIO(content)) as picture:
        clear = picture.convert("RGBA")
    paper = Image.new("RGBA", clear.size, (255, 255, 255, 255))
    paper.alpha_composite(clear)
    pixels = np.asarray(paper.convert("RGB"), np.uint8)
    share = LONGEST / max(pixels.shape[:2])
    if share >= 1:
        return pixels
    return np.asarray(cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)


def typefaces(folders: Iterable[Path]) -> tuple[str, ...]:
    """Font files with letters: those that matplotlib ships, and those below `folders`. Raises BadRequest for an empty folder."""
    import matplotlib

    found: list[str] = []
    for folder in (Path(matplotlib.get_data_path()) / "fonts" / "ttf", *folders):
        faces = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _TYPEFACES)
        if not faces:
            raise BadRequest(f"no typefaces in {folder}", cure="name a folder with .ttf or .otf files")
        found += [str(p) for p in faces if not any(part in p.name for part in _SYMBOLS)]
    return tuple(found)


def words_for(face: str, random: np.random.Generator) -> str:
    """Something that the typeface can say: Chinese only where it has it, Cyrillic and Greek where it surely has."""
    name = Path(face).name
    if name.lower().startswith("wqy"):
        return str(random.choice(CHINESE)) if random.random() < 0.8 else str(random.choice(WORDS))
    if name.startswith(("DejaVu", "Liberation")) and random.random() < 0.2:
        return str(random.choice(OTHER_SCRIPTS))
    text = str(random.choice(WORDS))
    return text.encode("ascii", "ignore").decode().strip() if name.startswith("cm") else text
