"""What a plain script would do: rapidocr's boxes filled by OpenCV's Telea; resizing; non-local means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.demo.catalogue import Catalogue, Item
from flows.demo.files import Levels, decode
from flows.demo.measures import psnr
from tasks.contracts import Box

CACHE: Final = "baseline.json"
VERSION: Final = "1"
Eight = NDArray[np.uint8]


def baseline_psnr(catalogue: Catalogue) -> dict[str, float | None]:
    """By item, the plain script's PSNR against the truth: inside the overlay, or of the whole picture where
    there is none. Kept in the catalogue's folder by the digests of the files it rests on: reading is slow."""
    path = catalogue.folder / CACHE
    known: dict[str, float | None] = json.loads(path.read_text()) if path.exists() else {}
    keys = {item.id: _key(catalogue, item) for item in catalogue.items if not item.bad}
    fresh = {key: known[key] for key in keys.values() if key in known}
    for item in catalogue.items:
        if not item.bad and keys[item.id] not in fresh:
            fresh[keys[item.id]] = _measured(catalogue, item)
    if fresh != known:
        path.write_text(json.dumps(fresh, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return {name: fresh[key] for name, key in keys.items()}


def plain_edit(catalogue: Catalogue, item: Item) -> Levels:
    """The script's output for one good item: 8 bit, grey or RGB."""
    picture = eight_bit(decode(catalogue.path(item.image).read_bytes()))
    if item.intent == "upscale":
        return resized(picture, item.scale, cv2.INTER_LANCZOS4)
    if item.intent == "clean":
        return _denoised(picture)
    hole = _mask(catalogue.path(item.mask)) if item.mask else text_boxes(picture)
    return _telea(picture, hole)


def text_boxes(picture: Eight) -> Eight:
    """H×W, 255 in the axis-aligned box around every line that rapidocr reads in a grey or RGB picture."""
    hole = np.zeros(picture.shape[:2], dtype=np.uint8)
    for (x0, y0, x1, y1), _ in read_lines(picture):
        hole[max(y0, 0) : y1, max(x0, 0) : x1] = 255
    return hole


def read_lines(picture: Eight) -> list[tuple[Box, str]]:
    """The axis-aligned box and the text of every line that rapidocr reads in a grey or RGB picture."""
    rgb = np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture
    # An array is taken as BGR, as OpenCV reads files. Every switch is named: they stick to the instance.
    switches = {"use_det": True, "use_cls": True, "use_rec": True, "return_word_box": False}
    found = _reader()(np.ascontiguousarray(rgb[..., ::-1]), **switches)
    if found.boxes is None:
        return []
    return [(_around(polygon), str(text)) for polygon, text in zip(found.boxes, found.txts, strict=True)]


def _around(polygon: NDArray[np.float32]) -> Box:
    (x0, y0), (x1, y1) = np.floor(polygon.min(axis=0)), np.ceil(polygon.max(axis=0))
    return int(x0), int(y0), int(x1) + 1, int(y1) + 1


def resized(picture: Eight, scale: int, method: int) -> Eight:
    """H×W×C enlarged by a whole factor."""
    h, w, channels = picture.shape
    large = cv2.resize(picture, (w * scale, h * scale), interpolation=method)
    return np.asarray(large, dtype=np.uint8).reshape(h * scale, w * scale, channels)


def eight_bit(pixels: Levels) -> Eight:
    """The colours at 8 bit, alpha dropped: what most scripts see of a file."""
    colours = pixels[..., : 3 if pixels.shape[2] >= 3 else 1]
    return np.rint(colours / (np.iinfo(colours.dtype).max / 255)).astype(np.uint8)


@lru_cache(maxsize=1)
def _reader() -> Callable[..., Any]:
    from rapidocr import RapidOCR

    threads = "EngineConfig.onnxruntime.intra_op_num_threads"
    reader: Callable[..., Any] = RapidOCR(params={"Global.log_level": "critical", threads: 1})
    return reader


def _telea(picture: Eight, hole: Eight) -> Eight:
    plane = picture[..., 0] if picture.shape[2] == 1 else picture
    filled = cv2.inpaint(np.ascontiguousarray(plane), hole, 3, cv2.INPAINT_TELEA)
    return np.asarray(filled, dtype=np.uint8).reshape(picture.shape)


def _denoised(picture: Eight) -> Eight:
    if picture.shape[2] == 1:
        return np.asarray(cv2.fastNlMeansDenoising(picture[..., 0]), np.uint8)[..., None]
    return np.asarray(cv2.fastNlMeansDenoisingColored(picture), np.uint8)


def _mask(path: Path) -> Eight:
    return eight_bit(decode(path.read_bytes()))[..., 0]


def _measured(catalogue: Catalogue, item: Item) -> float | None:
    truth = decode(catalogue.path(item.truth).read_bytes())
    zone = _mask(catalogue.path(item.overlay)) > 0 if item.overlay else None
    return psnr(plain_edit(catalogue, item), truth, zone)


def _key(catalogue: Catalogue, item: Item) -> str:
    """Of everything the figure depends on: the files, the scale, and the libraries' versions."""
    parts = [
        VERSION,
        item.intent,
        str(item.scale),
        version("rapidocr"),
        version("onnxruntime"),
        cv2.__version__,
    ]
    for relative in (item.image, item.truth, item.overlay, item.mask):
        data = catalogue.path(relative).read_bytes() if relative else b""
        parts.append(hashlib.sha256(data).hexdigest())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
