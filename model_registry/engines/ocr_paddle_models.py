"""Makes PaddleOCR's model folders out of the networks in rapidocr's wheel. Nothing is fetched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model_registry.card import Card
from model_registry.engines.ocr import wheel_model
from model_registry.errors import WeightsDamaged, WeightsMissing
from model_registry.weights import declared_place, require

DETECTION, RECOGNITION = "det", "rec"
"""The two folders of a set of models; each holds `inference.onnx` and `inference.yml`."""

_DECODED: Mapping[str, Any] = {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}}

DETECTION_FACTS: Mapping[str, Any] = {
    "PreProcess": {
        "transform_ops": [
            _DECODED,
            {"DetLabelEncode": None},
            {"DetResizeForTest": {"resize_long": 960}},
            {
                "NormalizeImage": {
                    "mean": [0.485, 0.456, 0.406],
                    "std": [0.229, 0.224, 0.225],
                    "scale": "1./255.",
                    "order": "hwc",
                }
            },
            {"ToCHWImage": None},
            {"KeepKeys": {"keep_keys": ["image", "shape", "polys", "ignore_tags"]}},
        ]
    },
    "PostProcess": {
        "name": "DBPostProcess",
        "thresh": 0.3,
        "box_thresh": 0.6,
        "max_candidates": 1000,
        "unclip_ratio": 1.5,
    },
}
"""What PaddleX 3.7 publishes for PP-OCRv6_small_det (its `inference_meta`), less the hints for other runtimes."""

RECOGNITION_FACTS: Mapping[str, Any] = {
    "PreProcess": {
        "transform_ops": [
            _DECODED,
            {"MultiLabelEncode": {"gtc_encode": "NRTRLabelEncode"}},
            {"RecResizeImg": {"image_shape": [3, 48, 320]}},
            {"KeepKeys": {"keep_keys": ["image", "label_ctc", "label_gtc", "length", "valid_ratio"]}},
        ]
    },
    "PostProcess": {"name": "CTCLabelDecode"},
}
"""The same for PP-OCRv6_small_rec; the characters it tells apart are added from the network's own file."""


def pull(card: Card, folder: Path) -> Path:
    """Make the weights of a PaddleOCR card where its `[weights] path` says, and check them against its digests.

    folder: the card's own. Raises WeightsMissing when the path's variable is not set or rapidocr is not whole,
    WeightsDamaged when the card pins other models than the wheel's. Returns the folder."""
    made = export_models(declared_place(card, folder))
    require(card, folder)
    return made


def export_models(folder: Path) -> Path:
    """Write `det/` and `rec/` below `folder`, which is made if need be; returns it.

    The networks are rapidocr's PP-OCRv6 small, byte for byte; the same installed versions give the same files. A file that
    is there already is replaced whole. Raises WeightsMissing or WeightsDamaged when the wheel's models are not the known."""
    detection, recognition = wheel_model("Det"), wheel_model("Rec")
    named = {
        **RECOGNITION_FACTS,
        "PostProcess": {**RECOGNITION_FACTS["PostProcess"], "character_dict": _characters(recognition)},
    }
    _write(folder / DETECTION, detection, "PP-OCRv6_small_det", DETECTION_FACTS)
    _write(folder / RECOGNITION, recognition, "PP-OCRv6_small_rec", named)
    return folder


def model_name(folder: Path) -> str:
    """The PaddleX name of the model in a folder, from its `inference.yml`. Raises WeightsMissing or WeightsDamaged."""
    facts = folder / "inference.yml"
    if not facts.is_file():
        raise WeightsMissing(f"there is no {facts}", cure="put PaddleX's inference.yml beside inference.onnx")
    head = facts.read_text(encoding="utf-8").partition("Global:\n")[2].partition("\n")[0]
    key, _, name = head.strip().partition(": ")
    if key != "model_name" or not name:
        raise WeightsDamaged(f"{facts} names no model", cure="Global: model_name: must say which it is")
    return name


def _characters(recognition: Path) -> list[str]:
    """The characters the network tells apart, in the order of its outputs (after the blank, before the space)."""
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(recognition), options, providers=["CPUExecutionProvider"])
    characters = str(session.get_modelmeta().custom_metadata_map["character"]).split("\n")
    told_apart = session.get_outputs()[0].shape[-1]
    if told_apart != len(characters) + 2:
        raise WeightsDamaged(
            f"{recognition.name} lists {len(characters)} characters for {told_apart} outputs"
        )
    return characters


def _write(folder: Path, network: Path, name: str, facts: Mapping[str, Any]) -> None:
    import yaml  # type: ignore[import-untyped]

    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump({"Global": {"model_name": name}, **facts}, allow_unicode=True)
    partial = folder / f".{os.getpid()}.partial"
    partial.write_text(text, encoding="utf-8", newline="\n")
    partial.replace(folder / "inference.yml")
    shutil.copyfile(network, partial)
    partial.replace(folder / "inference.onnx")
