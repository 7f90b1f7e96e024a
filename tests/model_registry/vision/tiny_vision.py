"""Small vision transformers of random weights, saved as the real ones are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model_registry.weights import sha256_table
from tests.model_registry.cards import write_card

_SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32}


def save_clip(folder: Path) -> Path:
    """The whole of CLIP, words and pictures, as it is published."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    torch.manual_seed(1)
    sizes: dict[str, Any] = {**_SIZES, "intermediate_size": 32, "patch_size": 8, "projection_dim": 12}
    words = {
        "vocab_size": 99,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    config = CLIPConfig(text_config=words, vision_config=sizes, projection_dim=12)
    CLIPModel(config).save_pretrained(folder, safe_serialization=True)
    square = {"height": 32, "width": 32}
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=square).save_pretrained(folder)
    return folder


def save_dinov2(folder: Path) -> Path:
    """Pictures alone."""
    import torch
    from transformers import BitImageProcessorPil, Dinov2Config, Dinov2Model

    torch.manual_seed(2)
    Dinov2Model(Dinov2Config(**_SIZES, mlp_ratio=2, patch_size=8)).save_pretrained(
        folder, safe_serialization=True
    )
    square = {"height": 32, "width": 32}
    BitImageProcessorPil(size={"shortest_edge": 36}, crop_size=square).save_pretrained(folder)
    return folder


def save_siglip(folder: Path) -> Path:
    """The whole of SigLIP, words and pictures, as it is published."""
    import torch
    from transformers import SiglipConfig, SiglipImageProcessorPil, SiglipModel

    torch.manual_seed(3)
    sizes: dict[str, Any] = {**_SIZES, "intermediate_size": 32, "patch_size": 8}
    words = {
        "vocab_size": 99,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    SiglipModel(SiglipConfig(text_config=words, vision_config=sizes)).save_pretrained(
        folder, safe_serialization=True
    )
    SiglipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def save_classifier(folder: Path, *, several: bool = False, gain: float = 1.0) -> Path:
    """A vision transformer with the labels `normal` and `nsfw`; gain: how sharply light and dark pictures are told apart.

    Not only random: its head looks at brightness, so that tests know what it says of which picture."""
    import torch
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

    torch.manual_seed(4)
    labels = {0: "normal", 1: "nsfw"}
    config = ViTConfig(
        **_SIZES, intermediate_size=32, patch_size=8, id2label=labels, label2id={v: k for k, v in labels.items()},
        problem_type="multi_label_classification" if several else None,
    )  # fmt: skip
    model = ViTForImageClassification(config)
    square = {"height": 32, "width": 32}
    with torch.no_grad():
        light, dark = (
            model.vit(torch.full((1, 3, 32, 32), value)).last_hidden_state[0, 0] for value in (0.9, -0.9)
        )
        apart = (light - dark) / (light - dark).square().sum()
        model.classifier.weight.copy_(torch.stack([-apart, apart]) * gain)
        middle = ((light + dark) / 2 @ apart) * gain
        model.classifier.bias.copy_(torch.stack([middle, -middle]))
    model.save_pretrained(folder, safe_serialization=True)
    ViTImageProcessorPil(size=square, image_mean=[0.5] * 3, image_std=[0.5] * 3).save_pretrained(folder)
    return folder


def vision_card(folder: Path, name: str, role: str, weights: Path, **facts: str) -> Path:
    """A card for a saved network, its files pinned."""
    pins = "".join(f'"{file}" = "{digest}"\n' for file, digest in sha256_table(weights).items())
    body = f'[weights]\npath = "{weights}"\n[weights.sha256]\n{pins}'
    given = {"role": f'"{role}"', "runtime": '"transformers"', "entry": "", "automatic": "false"} | facts
    return write_card(folder, name, body, **given)
