"""Small models of random weights, saved as the real ones are: Segment Anything and OWL-ViT."""

from __future__ import annotations

import json
from pathlib import Path

from model_registry.weights import sha256_table

SAM_SIDE = 64
WORDS = ("the", "red", "mug", "a", "blue")


def save_sam(folder: Path) -> Path:
    """A SAM for 64 px squares, 0.1 million weights."""
    import torch
    from transformers import (
        SamConfig,
        SamImageProcessorPil,
        SamMaskDecoderConfig,
        SamModel,
        SamProcessor,
        SamPromptEncoderConfig,
        SamVisionConfig,
    )

    torch.manual_seed(3)
    vision = SamVisionConfig(
        hidden_size=16, output_channels=16, num_hidden_layers=2, num_attention_heads=2, image_size=SAM_SIDE, patch_size=8,
        window_size=4, global_attn_indexes=[1], mlp_dim=32, num_pos_feats=8,
    )  # fmt: skip
    prompts = SamPromptEncoderConfig(hidden_size=16, image_size=SAM_SIDE, patch_size=8, mask_input_channels=4)
    decoder = SamMaskDecoderConfig(
        hidden_size=16, mlp_dim=32, num_hidden_layers=2, num_attention_heads=2, iou_head_hidden_dim=16
    )
    config = SamConfig(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder)
    SamModel(config).save_pretrained(folder, safe_serialization=True)
    side = {"height": SAM_SIDE, "width": SAM_SIDE}
    images = SamImageProcessorPil(
        size={"longest_edge": SAM_SIDE}, pad_size=side, mask_size={"longest_edge": 16},
        mask_pad_size={"height": 16, "width": 16},
    )  # fmt: skip
    SamProcessor(images).save_pretrained(folder)
    return folder


def save_owlvit(folder: Path) -> Path:
    """An OWL-ViT that knows a handful of words, 32 px squares."""
    import torch
    from transformers import CLIPTokenizer, OwlViTConfig, OwlViTForObjectDetection, OwlViTImageProcessorPil
    from transformers import OwlViTProcessor as Processor

    torch.manual_seed(5)
    folder.mkdir(parents=True, exist_ok=True)
    letters = "abcdefghijklmnopqrstuvwxyz"
    vocabulary = ["!", *letters, *(f"{c}</w>" for c in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({w: n for n, w in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), pad_token="!")
    config = OwlViTConfig(
        text_config={"vocab_size": len(vocabulary), "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
                     "num_attention_heads": 2, "max_position_embeddings": 16, "bos_token_id": len(vocabulary) - 2,
                     "eos_token_id": len(vocabulary) - 1, "pad_token_id": 0},
        vision_config={"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
                       "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )  # fmt: skip
    OwlViTForObjectDetection(config).save_pretrained(folder, safe_serialization=True)
    images = OwlViTImageProcessorPil(size={"height": 32, "width": 32}, crop_size={"height": 32, "width": 32})
    Processor(images, tokenizer).save_pretrained(folder)
    return folder


def write_card(folder: Path, name: str, role: str, weights: Path, defaults: str) -> None:
    """A card that pins the saved model."""
    pins = "\n".join(f'"{file}" = "{digest}"' for file, digest in sha256_table(weights).items())
    (folder / f"{name}.toml").write_text(
        f'id = "{name}"\nrole = "{role}"\nruntime = "transformers"\ntitle = "Random weights"\nlicence = "CC0-1.0"\n'
        f'automatic = false\n[weights]\npath = "{weights}"\n[weights.sha256]\n{pins}\n[defaults]\n{defaults}\n'
    )
