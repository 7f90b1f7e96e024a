"""Comparisons for the tests of voting and promotion: real pictures in a store, and a document as `compare` keeps it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from flows.comparing.model import (
    DOCUMENT,
    ComparedPicture,
    ComparedVariant,
    Comparison,
    Made,
    Method,
    Metric,
    PairedInterval,
    VariantChoice,
    Verdict,
)
from infra.store.store import Store, open_store

ID = "compare-0123456789-0"
ENGINES = {"plain-variant": "telea", "rich-variant": "navier-stokes"}


def picture(seed: int, side: int = 96, square: tuple[int, int, int] | None = None) -> bytes:
    """A PNG of soft noise, with a square in the middle."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(90, 160, (side, side, 3), np.uint8)
    if square:
        pixels[side // 3 : side // 2, side // 3 : side // 2] = square
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def stored(folder: Path) -> Store:
    return open_store(str(folder / "store"), create=True)


def variant(name: str, **choice: Any) -> ComparedVariant:
    return ComparedVariant(
        choice=VariantChoice(name=name, **choice),
        run_id=f"edit-of-{name}-77",
        counts={"done": 4},
        plans=("f" * 64,),
    )


def made(store: Store, n: int, shade: int) -> Made:
    data = picture(n, square=(shade, 40, 40))
    return Made(
        outcome="done", output_sha256=store.put(data, "image/png").sha256, media_type="image/png",
        boxes=((32, 32, 48, 48),), scores={"psnr": 30.0 + shade / 50},
    )  # fmt: skip


def comparison(store: Store, *, pictures: int = 4, id_: str = ID, **changes: Any) -> Comparison:
    """Two variants on `pictures` pictures, the second the winner; kept in the store."""
    variants = changes.pop("variants", None) or tuple(
        variant(name, engines={"generation": engine}) for name, engine in ENGINES.items()
    )
    names = [one.name for one in variants]
    compared = tuple(
        ComparedPicture(
            id=f"item-{n}", source=f"in/item-{n}.png", intent="remove_object", width=96, height=96,
            before=store.put(picture(n, square=(0, 0, 0)), "image/png").sha256,
            made={name: made(store, n, 60 + 60 * k) for k, name in enumerate(names)}, disagreement=float(n),
        )
        for n in range(pictures)
    )  # fmt: skip
    interval = PairedInterval(
        metric="psnr", a=names[0], b=names[1], pictures=pictures, difference=1.2, low=0.9, high=1.5, p=0.001,
        corrected=0.002, better_a=0, better_b=pictures, says="b",
    )  # fmt: skip
    values: dict[str, Any] = {
        "id": id_, "manifest": "manifest.csv", "baseline": names[0], "variants": variants, "pictures": compared,
        "metrics": (Metric(name="psnr", title="PSNR", meaning="nearness", direction="higher", basis="truth", unit="dB",
                           least=0.5, deciding=True),),
        "intervals": (interval,),
        "verdict": Verdict(kind="winner", winner=names[1], leading=(names[1],), beaten=((names[1], names[0]),),
                           sentence=f"{names[1]} is better than {names[0]}"),
        "method": Method(fewest=3),
    }  # fmt: skip
    found = Comparison(**{**values, **changes})
    store.write_run(found.id, DOCUMENT, found.model_dump_json().encode(), "application/json")
    return found
