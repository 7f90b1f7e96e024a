"""Loads a diffusers pipeline from a folder: safetensors only, allow-listed classes only, no code from the folder, no network.

A folder is inspected before any library opens it. Safety checkers are not loaded: whether a result may be shown is decided
by policy, on the finished picture, not by a network that blackens it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model_registry.card import Card
from model_registry.engines.diffusion_placing import placed
from model_registry.engines.saved_model import (
    CURE,
    ONE_LOAD_AT_A_TIME,
    errors_only,
    faults_in,
    quieten_transformers,
    read_json,
)
from model_registry.errors import EngineFault, WeightsDamaged, WeightsMissing

CLASSES: dict[str, tuple[str, ...]] = {
    "generate": (
        "StableDiffusionPipeline",
        "StableDiffusionXLPipeline",
        "StableDiffusion3Pipeline",
        "FluxPipeline",
        "LatentConsistencyModelPipeline",
        "ZImagePipeline",
        "QwenImagePipeline",
        "Flux2KleinPipeline",
    ),
    "fill": (
        "StableDiffusionInpaintPipeline",
        "StableDiffusionXLInpaintPipeline",
        "StableDiffusion3InpaintPipeline",
        "FluxInpaintPipeline",
        "FluxFillPipeline",
        "ZImageInpaintPipeline",
        "QwenImageInpaintPipeline",
        "Flux2KleinInpaintPipeline",
        "StableDiffusionImg2ImgPipeline",
        "StableDiffusionXLImg2ImgPipeline",
        "StableDiffusion3Img2ImgPipeline",
        "LatentConsistencyModelImg2ImgPipeline",
        "FluxImg2ImgPipeline",
        "ZImageImg2ImgPipeline",
        "QwenImageImg2ImgPipeline",
    ),
    "upscale": (
        "StableDiffusionUpscalePipeline",
        "StableDiffusionLatentUpscalePipeline",
        "LDMSuperResolutionPipeline",
    ),
}
"""Role to the pipeline classes a card may name as its `entry`. An image-to-image class fills a hole too: it is given the crop
with a classical fill in the hole, paints all of it anew, and of that the hole alone is kept."""

_AUTO = {"generate": "AutoPipelineForText2Image", "fill": "AutoPipelineForInpainting"}
_LIBRARIES = frozenset({"diffusers", "transformers", "stable_diffusion"})


def check_entry(card: Card) -> None:
    """Raise EngineFault unless the card's role and pipeline class are on the allow-list; an empty class is left to diffusers."""
    known = CLASSES.get(card.role)
    if known is None:
        raise EngineFault(
            f"{card.id}: a diffusers engine cannot have role `{card.role}`: use generate, fill or upscale"
        )
    if not card.entry and card.role not in _AUTO:
        raise EngineFault(f"{card.id}: no pipeline class is named; one of {', '.join(known)}")
    if card.entry and card.entry not in known:
        fault = (
            f"pipeline class `{card.entry}` is not allowed for role `{card.role}`; one of {', '.join(known)}"
        )
        raise EngineFault(f"{card.id}: {fault}", cure="correct the card's `entry`")


def check_folder(folder: Path) -> None:
    """Raise WeightsMissing if `folder` is no saved pipeline, WeightsDamaged if it holds pickles, code, or names any."""
    if not (folder / "model_index.json").is_file():
        cure = "give the folder a pipeline was saved to, or run `pentimento models pull ID`"
        raise WeightsMissing(f"{folder} holds no model_index.json", cure=cure)
    faults = faults_in(folder) + _index_faults(read_json(folder / "model_index.json"))
    if faults:
        raise WeightsDamaged(f"{folder} is refused: {'; '.join(sorted(faults))}", cure=CURE)


def _index_faults(index: dict[str, Any]) -> list[str]:
    """A component is `[library, class]`; diffusers would import any installed library named there."""
    faults = []
    if not isinstance(index.get("_class_name"), str):
        faults.append("model_index.json names a custom pipeline")
    for name, value in index.items():
        if name.startswith("_") or not isinstance(value, list) or not value or value[0] is None:
            continue
        if value[0] not in _LIBRARIES:
            faults.append(f"model_index.json takes `{name}` from `{value[0]}`")
    return faults


def load_pipeline(card: Card, folder: Path, dtype: str, device: str, offload: str = "none") -> Any:
    """The pipeline for `device`, in `dtype` (float32, bfloat16 or float16), ready to be called.

    offload: see `diffusion_placing`. Raises EngineFault, WeightsMissing or WeightsDamaged; opens no connection."""
    check_entry(card)
    check_folder(folder)
    with ONE_LOAD_AT_A_TIME:
        _quieten()
        import diffusers
        import torch

        loader = getattr(diffusers, card.entry or _AUTO[card.role])
        try:
            pipe = loader.from_pretrained(str(folder), dtype=getattr(torch, dtype), **_options(folder))
        except (
            Exception
        ) as error:  # a broken file surfaces as any of a dozen types, safetensors' own among them
            raise WeightsDamaged(f"{card.id} could not be loaded: {error}", cure=CURE) from error
    if type(pipe).__name__ not in CLASSES[card.role]:
        raise EngineFault(f"{card.id}: the folder holds a {type(pipe).__name__}, which is not allowed")
    pipe.set_progress_bar_config(disable=True)
    return placed(pipe, device, offload)


def _options(folder: Path) -> dict[str, Any]:
    options: dict[str, Any] = {
        "use_safetensors": True,
        "local_files_only": True,
        "trust_remote_code": False,
        "variant": _variant(folder),
    }
    index = read_json(folder / "model_index.json")
    if "safety_checker" in index:
        options |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    if str(index.get("_class_name", "")).startswith("StableDiffusionXL"):
        options["add_watermarker"] = False  # else pixels would depend on what else is installed
    return options


def _variant(folder: Path) -> str | None:
    """`fp16` where some component comes only in that variant."""
    for half in sorted(folder.glob("*/*.fp16*.safetensors")):
        if all(".fp16" in path.name for path in half.parent.glob("*.safetensors")):
            return "fp16"
    return None


def _quieten() -> None:
    """Errors only, no progress bars; before diffusers is imported, since its import already warns."""
    quieten_transformers()
    from diffusers.utils import logging as diffusers_logging

    errors_only(diffusers_logging)
