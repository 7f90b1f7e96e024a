"""Writes the sample catalogue, byte for byte the same on every call, and reads it back."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flows.demo.files import FileFormat, Levels, encode
from flows.demo.photographs import photograph, quantised
from flows.demo.recipes import PLAIN_RECIPES, Draft, Recipe
from flows.demo.split import SPLIT, Side, side
from flows.demo.text_recipes import TEXT_RECIPES
from tasks.intents import IntentKind

RECIPES = (*TEXT_RECIPES, *PLAIN_RECIPES)
HEADER = ("id", "image", "intent", "mask", "prompt", "scale", "rights")
INDEX = "catalogue.json"


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the manifest and what is known about it. Paths are relative to the catalogue's folder."""

    id: str
    intent: IntentKind
    title: str
    image: str
    split: Side | None
    """None for bad files: there is nothing to tune on or to score."""
    photographs: tuple[str, ...]
    """The background first; empty where the file holds none."""
    scale: int = 1
    truth: str = ""
    """The clean picture; empty for bad files."""
    overlay: str = ""
    """The pixels that the text or the object changed, 255; empty where there is none."""
    mask: str = ""
    """The pixels the person asks to have edited, 255, whatever way the manifest says it."""
    bad: bool = False
    texts: tuple[str, ...] = ()
    """The overlaid lines, as drawn."""

    @property
    def decodable(self) -> bool:
        """Whether the file holds a whole picture."""
        return not self.bad


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A written catalogue."""

    folder: Path
    items: tuple[Item, ...]

    @property
    def manifest(self) -> Path:
        """The CSV that the catalogue flow takes."""
        return self.folder / "manifest.csv"

    def path(self, relative: str) -> Path:
        """Where one of an item's files is."""
        return self.folder / relative

    @classmethod
    def load(cls, folder: Path) -> Catalogue:
        """The catalogue that `write_catalogue` wrote there. Raises OSError where there is none."""
        rows = json.loads((folder / INDEX).read_text(encoding="utf-8"))["items"]
        return cls(folder, tuple(_item(row) for row in rows))


def _item(row: dict[str, Any]) -> Item:
    known: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
    return Item(**known)


def write_catalogue(folder: Path) -> Catalogue:
    """Write images, masks, truth, manifest, split and index below `folder`; replaces what is there."""
    for name in ("images", "masks", "truth"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    rows, items = [], []
    for recipe in RECIPES:
        item, row = _write(folder, recipe)
        items.append(item)
        rows.append(row)
    for item, data in _bad_files():
        (folder / item.image).write_bytes(data)
        items.append(item)
        rows.append(_row(item, "", "own"))
    (folder / "manifest.csv").write_text(_csv(rows), encoding="utf-8")
    _write_json(folder / "split.json", SPLIT)
    _write_json(folder / INDEX, {"items": [asdict(item) for item in items]})
    return Catalogue(folder, tuple(items))


def _write(folder: Path, recipe: Recipe) -> tuple[Item, dict[str, str]]:
    draft = recipe.make()
    image = f"images/{recipe.id}{recipe.file.suffix}"
    (folder / image).write_bytes(encode(draft.shown, recipe.file))
    (folder / f"truth/{recipe.id}.png").write_bytes(encode(draft.truth))
    overlay = _write_overlay(folder, recipe.id, draft) if recipe.intent.startswith("remove") else ""
    mask, spec = _write_mask(folder, recipe.id, draft)
    item = Item(
        recipe.id, recipe.intent, recipe.title, image, side(*recipe.photographs), recipe.photographs,
        recipe.scale, f"truth/{recipe.id}.png", overlay, mask, texts=recipe.texts,
    )  # fmt: skip
    return item, _row(item, spec, recipe.rights)


def _write_overlay(folder: Path, name: str, draft: Draft) -> str:
    changed = (draft.truth != draft.shown).any(axis=2)
    (folder / f"truth/{name}.overlay.png").write_bytes(encode(_white(changed)))
    return f"truth/{name}.overlay.png"


def _write_mask(folder: Path, name: str, draft: Draft) -> tuple[str, str]:
    """Where the mask's pixels are, and what the manifest says of it."""
    if draft.mask is None:
        return "", ""
    where = f"truth/{name}.mask.png" if draft.mask_spec else f"masks/{name}.png"
    (folder / where).write_bytes(encode(_white(draft.mask)))
    return where, draft.mask_spec or where


def _white(zone: np.ndarray[Any, np.dtype[np.bool_]]) -> Levels:
    return np.where(zone, 255, 0).astype(np.uint8)[..., None]


def _bad_files() -> tuple[tuple[Item, bytes], ...]:
    whole = encode(quantised(photograph("chelsea")), FileFormat(".jpg", 90))
    text = b"Dear customer,\nthe picture you asked for will follow next week.\n"

    def item(name: str, title: str, image: str, *photographs: str) -> Item:
        return Item(name, "remove_text", title, f"images/{image}", None, photographs, bad=True)

    return (
        (item("bad-truncated", "JPEG cut off in the middle", "bad-truncated.jpg", "chelsea"),
         whole[: len(whole) // 2]),
        (item("bad-empty", "empty file", "bad-empty.png"), b""),
        (item("bad-text", "text named .jpg", "bad-text.jpg"), text),
    )  # fmt: skip


def _row(item: Item, mask: str, rights: str) -> dict[str, str]:
    scale = str(item.scale) if item.intent == "upscale" else ""
    cells = (item.id, item.image, item.intent, mask, "", scale, rights)
    return dict(zip(HEADER, cells, strict=True))


def _csv(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
