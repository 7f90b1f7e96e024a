"""Opens a transformers model from a folder: safetensors only, known kinds only, no code from the folder, no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model_registry.card import Card
from model_registry.engines.saved_model import (
    CURE,
    ONE_LOAD_AT_A_TIME,
    faults_in,
    quieten_transformers,
    read_json,
)
from model_registry.errors import EngineFault, WeightsDamaged, WeightsMissing


def check_folder(card: Card, folder: Path, kinds: tuple[str, ...]) -> str:
    """The folder's `model_type`, looked at before any library opens it.

    Raises WeightsMissing where no model was saved, WeightsDamaged for pickles, code, or a configuration that asks for code,
    EngineFault for a kind of model other than `kinds`."""
    if not (folder / "config.json").is_file():
        cure = "give the folder a model was saved to, or run `pentimento models pull ID`"
        raise WeightsMissing(f"{card.id}: {folder} holds no config.json", cure=cure)
    if faults := faults_in(folder):
        raise WeightsDamaged(f"{card.id}: {folder} is refused: {'; '.join(sorted(faults))}", cure=CURE)
    kind = str(read_json(folder / "config.json").get("model_type", ""))
    if kind not in kinds:
        raise EngineFault(
            f"{card.id}: a model of kind {kind!r} cannot take role {card.role!r}",
            cure=f"kinds: {', '.join(kinds)}",
        )
    return kind


def open_model(card: Card, folder: Path, model: str, processor: str) -> tuple[Any, Any]:
    """Model (in evaluation mode, float32, on the CPU) and processor, by the names of their transformers classes.

    Raises WeightsDamaged where they cannot be opened, or where weights are missing from the file."""
    with ONE_LOAD_AT_A_TIME:
        quieten_transformers()
        import torch
        import transformers

        local = {"local_files_only": True, "trust_remote_code": False}
        try:
            prepared = getattr(transformers, processor).from_pretrained(str(folder), **local)
            loaded, report = getattr(transformers, model).from_pretrained(
                str(folder), use_safetensors=True, dtype=torch.float32, output_loading_info=True, **local
            )
        except Exception as error:  # a broken file surfaces as any of a dozen types
            raise WeightsDamaged(f"{card.id} could not be loaded: {error}", cure=CURE) from error
    missing = sorted(report.get("missing_keys") or ())
    if missing:  # transformers would draw them at random
        raise WeightsDamaged(
            f"{card.id}: {len(missing)} weights are missing, such as {missing[0]}", cure=CURE
        )
    return loaded.eval(), prepared
