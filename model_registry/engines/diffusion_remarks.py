"""What has to be said of a diffusion model's result: words it does not know, a scheduler that is not for it, sizes."""

from __future__ import annotations

import re
from typing import Any

from model_registry.engines import diffusion_pixels as px
from model_registry.engines.diffusion_model import Model
from model_registry.engines.diffusion_params import Sampling
from model_registry.engines.remark_contract import Remark

_WORD = re.compile(r"[^\W\d_]+")
LITTLE = frozenset({
    "a", "an", "the", "and", "or", "of", "on", "in", "at", "with", "by", "to", "from", "for", "into", "as", "is", "are",
    "be", "it", "its", "this", "that", "these", "those", "very", "some",
})  # fmt: skip
"""Words that name nothing to be seen: not missed where a model does not know them. `no` and `without` are missed."""


def remarks_on(model: Model, prompt: str, sampling: Sampling) -> tuple[Remark, ...]:
    """What has to be said of prompt and scheduler. model: loaded; not run."""
    found = []
    unknown = unknown_words(model.tokenizers, prompt, whole=sampling.whole_words)
    if unknown and model.card.prompt != "none":
        words = ", ".join(unknown)
        found.append(Remark(
            f"{model.card.id} does not know the word{'s' if len(unknown) > 1 else ''} {words}: the picture shows nothing of it",
            "use other words (see `limits` of `pentimento models show "
            f"{model.card.id}`), or name a heavier engine with --engine; see `pentimento models`",
        ))  # fmt: skip
    if model.undistilled(sampling):
        found.append(Remark(
            f"the scheduler lcm is for models distilled for it, and {model.card.id} is not: the picture comes out raw",
            "leave out --scheduler lcm, or take ddim, dpm++ or unipc",
        ))  # fmt: skip
    return tuple(found)


def unknown_words(tokenizers: tuple[Any, ...], prompt: str, *, whole: bool = False) -> tuple[str, ...]:
    """The prompt's words that every tokenizer gives up on, in order, each once, but for those that name nothing.

    whole: a word cut into pieces counts as given up, as it does for a model that was taught whole words alone."""
    words = dict.fromkeys(word.lower() for word in _WORD.findall(prompt))
    seen = [word for word in words if word not in LITTLE]
    return tuple(
        word for word in seen if tokenizers and all(_given_up(one, word, whole) for one in tokenizers)
    )


def _given_up(tokenizer: Any, word: str, whole: bool) -> bool:
    pieces = tokenizer(word, add_special_tokens=False).input_ids
    unknown = getattr(tokenizer, "unk_token_id", None)
    return (whole and len(pieces) != 1) or (unknown is not None and unknown in pieces)


def scaled_up(
    model: Model, width: int, height: int, sampling: Sampling, *, enlarge: bool
) -> tuple[Remark, ...]:
    """A note where the result is made smaller than asked for and scaled up."""
    made = px.levels_for(height, width, model.limits(sampling), enlarge=enlarge)[-1].inner
    if made[0] >= height and made[1] >= width:
        return ()
    said = f"made at {made[1]}×{made[0]} pixels and scaled up to {width}×{height}"
    return (
        Remark(
            said,
            "ask for a smaller size, or raise `windowed_side` or `max_side` where the card has it",
            lessens=False,
        ),
    )
