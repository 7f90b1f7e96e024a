"""Small depth networks of random weights, saved as the real ones are."""

from __future__ import annotations

from pathlib import Path

from model_registry.weights import sha256_table
from tests.model_registry.cards import write_card


def save_depth_anything(folder: Path) -> Path:
    """Relative depth, greater = nearer; some ten thousand weights."""
    import torch
    from transformers import (
        DepthAnythingConfig,
        DepthAnythingForDepthEstimation,
        Dinov2Config,
        DPTImageProcessorPil,
    )

    torch.manual_seed(1)
    backbone = Dinov2Config(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, mlp_ratio=2, image_size=56, patch_size=14,
        out_features=["stage1", "stage2"], reshape_hidden_states=False,
    )  # fmt: skip
    config = DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=16, patch_size=14, neck_hidden_sizes=[8, 8],
        reassemble_factors=[2, 1], fusion_hidden_size=8, head_hidden_size=8,
    )  # fmt: skip
    DepthAnythingForDepthEstimation(config).save_pretrained(folder, safe_serialization=True)
    side = {"height": 56, "width": 56}
    DPTImageProcessorPil(size=side, keep_aspect_ratio=True, ensure_multiple_of=14).save_pretrained(folder)
    return folder


def save_glpn(folder: Path) -> Path:
    """Distance, greater = farther."""
    import torch
    from transformers import GLPNConfig, GLPNForDepthEstimation, GLPNImageProcessorPil

    torch.manual_seed(2)
    config = GLPNConfig(
        num_encoder_blocks=2, depths=[1, 1], sr_ratios=[2, 1], hidden_sizes=[8, 16], patch_sizes=[7, 3],
        strides=[4, 2], num_attention_heads=[1, 2], mlp_ratios=[2, 2], decoder_hidden_size=8,
    )  # fmt: skip
    GLPNForDepthEstimation(config).save_pretrained(folder, safe_serialization=True)
    GLPNImageProcessorPil(size_divisor=8).save_pretrained(folder)
    return folder


def depth_card(folder: Path, name: str, weights: Path, **facts: str) -> Path:
    """A card for a saved network, its files pinned."""
    pins = "".join(f'"{file}" = "{digest}"\n' for file, digest in sha256_table(weights).items())
    body = f'[weights]\npath = "{weights}"\n[weights.sha256]\n{pins}'
    return write_card(folder, name, body, role='"depth"', runtime='"transformers"', entry="", **facts)
