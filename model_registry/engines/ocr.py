"""Finds and reads text with RapidOCR on the models its wheel holds. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.card import Card
from model_registry.engines.contract import Params, TextLine, TextReader
from model_registry.errors import EngineFault, WeightsDamaged, WeightsMissing
from model_registry.weights import file_sha256, locate

Bytes3 = NDArray[np.uint8]
Pair = tuple[float, float]

MODELS: Mapping[str, tuple[str, str]] = {
    "Det": ("PP-OCRv6_det_small.onnx", "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f"),
    "Cls": (
        "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
        "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
    ),
    "Rec": ("PP-OCRv6_rec_small.onnx", "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"),
}
"""Part to the file in the wheel, and its sha256. Other models give other text: raise the card's version with them."""

_SMALLEST = 64
_LONGEST_RATIO = 8
_DETECTOR_SIDE = 736
"""Shorter sides below this are enlarged, as the library does, but by no more than `enlarge`: a small crop blown up to 736 px
costs a whole picture's time and reads no better."""


def load(card: Card, folder: Path) -> TextReader:
    """The engine of a card with runtime `ocr`: its `entry` names the library. folder: the card's own."""
    if card.entry == "rapidocr":
        return RapidReader()
    if card.entry == "paddleocr":
        from model_registry.engines.ocr_paddle import PaddleReader

        return PaddleReader(locate(card, folder))
    raise EngineFault(
        f"{card.id}: there is no OCR library {card.entry!r}", cure='entry = "rapidocr" or "paddleocr"'
    )


class RapidReader:
    """PP-OCRv6 (small) detection and recognition. Not thread-safe: flags given to a call stay on the instance."""

    def __init__(self) -> None:
        import rapidocr

        params: dict[str, Any] = {
            "Global.log_level": "critical",
            "Global.use_preprocess_img": False,  # loses a ratio on very long pictures; `framed` does it instead
            "Global.use_vertical_padding": False,
            "Det.limit_type": "max",  # with a limit out of reach: the detector resizes nothing itself
            "Det.limit_side_len": 10**9,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
        params |= {f"{part}.model_path": str(wheel_model(part)) for part in MODELS}
        library: Any = rapidocr
        self._ocr = library.RapidOCR(params=params)
        # the library sorts boxes but not their scores; unsorted, each box keeps its own
        self._detector: Any = self._ocr._load_det_model()
        self._detector.sorted_boxes = _as_found

    def read(self, image: Bytes3, *, params: Params) -> tuple[TextLine, ...]:
        """Lines from top to bottom, then left to right: every box the detector found whose reading is good enough.

        params: `min_score`, least confidence of a line's reading; 0 gives every box, unread ones with the text "" and
        score 0; `pixel_score`, least confidence of a pixel of a box; `box_score`, least mean confidence of a box; `unclip`,
        how far boxes grow beyond the detected core; `max_side`: a picture of more pixels than its square is read scaled down; `enlarge`, the most a picture with a
        side under 736 px is scaled up."""
        shown, scale, corner = framed(image, int(params["max_side"]), float(params["enlarge"]))
        self._ocr.update_params(
            use_det=True, use_cls=True, use_rec=True, return_word_box=False,
            box_thresh=float(params["box_score"]), unclip_ratio=float(params["unclip"]),
        )  # fmt: skip
        self._detector.postprocess_op.thresh = float(params["pixel_score"])
        # its __call__ would drop the boxes that could not be read; it takes arrays for BGR
        boxes, _, reading, _ = self._ocr.run_ocr_steps(np.ascontiguousarray(shown[..., ::-1]), {})
        if boxes.boxes is None or reading.txts is None:
            return ()
        size = (image.shape[1], image.shape[0])
        read = zip(boxes.boxes, reading.txts, reading.scores, boxes.scores, strict=True)
        lines = [
            line_of((np.asarray(four, np.float64) - corner) / scale, size, text, score, found)
            for four, text, score, found in read
        ]
        return in_reading_order([line for line in lines if line.score >= float(params["min_score"])])


def line_of(
    corners: NDArray[np.float64], size: tuple[int, int], text: str, score: float, found: float
) -> TextLine:
    """A line inside a picture of `size` (w, h); one whose text is blank was not read, and scores 0."""
    polygon = tuple((float(x), float(y)) for x, y in np.clip(corners, 0, size))
    unread = not text.strip()
    return TextLine(
        polygon, "" if unread else text, 0.0 if unread else float(score), min(max(float(found), 0.0), 1.0)
    )


def _as_found(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    return boxes


def wheel_model(part: str) -> Path:
    """The file of a part (`Det`, `Cls`, `Rec`) in rapidocr's wheel. Raises WeightsMissing or WeightsDamaged."""
    import rapidocr

    return _model(Path(rapidocr.__file__).parent / "models", *MODELS[part])


def _model(folder: Path, name: str, sha256: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise WeightsMissing(
            f"rapidocr's wheel holds no {name}", cure="install the locked version of rapidocr"
        )
    if file_sha256(path) != sha256:
        raise WeightsDamaged(
            f"{name} is not the model this engine was tested with", cure="install the locked rapidocr"
        )
    return path


def framed(image: Bytes3, max_side: int, enlarge: float) -> tuple[Bytes3, Pair, Pair]:
    """The picture as the detector wants it, its scale in x and y, and the left and top of its corner.

    Very long and very small pictures get a margin of their border's own colour, which holds no text."""
    height, width = image.shape[:2]
    least = max(_SMALLEST, -(-max(height, width) // _LONGEST_RATIO))
    tall, wide = max(height, least), max(width, least)
    scale = min(max(_DETECTOR_SIDE / min(tall, wide), 1.0), max(enlarge, 1.0))
    scale = min(scale, max_side / float(tall * wide) ** 0.5)
    image = _resized(image, scale)
    tall, wide = max(round(tall * scale), image.shape[0]), max(round(wide * scale), image.shape[1])
    top, left = (tall - image.shape[0]) // 2, (wide - image.shape[1]) // 2
    out = np.empty((tall, wide, 3), np.uint8)
    out[:] = _border_colour(image)
    out[top : top + image.shape[0], left : left + image.shape[1]] = image
    return out, (image.shape[1] / width, image.shape[0] / height), (left, top)


def _resized(image: Bytes3, scale: float) -> Bytes3:
    if scale == 1:
        return image
    size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
    kernel = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=kernel), np.uint8)


def _border_colour(image: Bytes3) -> Bytes3:
    edges = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    return np.asarray(np.median(edges, axis=0), np.uint8)


def in_reading_order(lines: list[TextLine]) -> tuple[TextLine, ...]:
    """Rows from top to bottom, each from left to right; a row ends where the next line's centre is half a height lower."""
    by_height = sorted(lines, key=lambda line: (_centre(line)[1], _centre(line)[0], line.text))
    rows: list[list[TextLine]] = [by_height[:1]]
    for above, line in pairwise(by_height):
        if _centre(line)[1] - _centre(above)[1] > _height(above) / 2:
            rows.append([])
        rows[-1].append(line)
    return tuple(line for row in rows for line in sorted(row, key=lambda line: (_centre(line)[0], line.text)))


def _centre(line: TextLine) -> tuple[float, float]:
    xs, ys = zip(*line.polygon, strict=True)
    return sum(xs) / len(xs), sum(ys) / len(ys)


def _height(line: TextLine) -> float:
    ys = [y for _, y in line.polygon]
    return max(ys) - min(ys)
