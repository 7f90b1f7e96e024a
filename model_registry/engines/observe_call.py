"""One pipeline call, watched: hooks on, the call, hooks off, and what was seen as an Observation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.hooks import RemovableHandle

from model_registry.card import Card
from model_registry.engines.diffusion_params import Sampling
from model_registry.engines.observe_attention import Attention
from model_registry.engines.observe_curves import settling
from model_registry.engines.observe_denoiser import by_name, read_call
from model_registry.engines.observe_pictures import Levels, decoded
from model_registry.engines.observe_prompt import Prompt
from model_registry.engines.observe_steps import Steps
from model_registry.engines.observe_text import Encoder, encoders_of
from model_registry.engines.observing import Observation, Session, Watch
from model_registry.weights import weights_digest


@dataclass(frozen=True, slots=True)
class Asked:
    """What identifies a sampling."""

    card: Card
    prompt: str
    sampling: Sampling
    seed: int
    dtype: str
    height: int
    width: int


def observed(session: Session, pipe: Any, asked: Asked, call: Callable[[], Any]) -> Any:
    """What `call` returns, which is what it returns unwatched; one Observation more in the session.

    pipe: with the scheduler of this call alone. A call that raises leaves no observation, and no hook."""
    watching = _Watching(session.watch, pipe, asked)
    try:
        watching.safely("hooks", watching.attach)
        result = call()
    finally:
        watching.release()
    session.made.append(watching.observation())
    return result


def size_of(inputs: Mapping[str, Any]) -> tuple[int, int]:
    """Height and width that a call is for, or of the picture it starts from; square where neither is told."""
    if "height" in inputs and "width" in inputs:
        return int(inputs["height"]), int(inputs["width"])
    height, width = getattr(inputs.get("image"), "shape", (1, 1))[-2:]
    return int(height), int(width)


class _Watching:
    """The hooks of one call."""

    def __init__(self, watch: Watch, pipe: Any, asked: Asked) -> None:
        aspect = asked.height / asked.width
        self._watch, self._pipe, self._asked, self._aspect = watch, pipe, asked, aspect
        self._denoiser = getattr(pipe, "unet", None) or getattr(pipe, "transformer", None)
        self._prompt = Prompt(encoders_of(pipe))
        self._steps = Steps(watch.pictures, watch.steps_kept if watch.attention else 0, aspect)
        self._attention = Attention(watch.attention_side, watch.steps_kept, aspect)
        self._handles: list[RemovableHandle] = []
        self._seen: set[int] = set()
        self._notes: dict[str, None] = {}

    def attach(self) -> None:
        self._steps.attach(self._pipe.scheduler)
        for encoder in self._prompt.encoders:
            self._handles.append(
                encoder.module.register_forward_hook(self._encoded(encoder), with_kwargs=True)
            )
        if self._denoiser is None:
            self._notes["this pipeline's denoiser is not known: no prompt and no attention"] = None
            return
        self._handles.append(
            self._denoiser.register_forward_pre_hook(self._denoising, with_kwargs=True, prepend=True)
        )
        if self._watch.attention:
            self._attention.attach(self._denoiser)

    def release(self) -> None:
        self._attention.release()
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _encoded(self, encoder: Encoder) -> Any:
        def heard(module: Any, args: Any, kwargs: Any, output: Any) -> None:
            self.safely("prompt", lambda: encoder.heard(by_name(module, args, kwargs), output))

        return heard

    def _denoising(self, module: Any, args: Any, kwargs: Any) -> None:
        self.safely("denoiser", lambda: self._denoise(module, by_name(module, args, kwargs)))

    def _denoise(self, module: Any, arguments: Mapping[str, Any]) -> None:
        """The first call of a step is the prompt's; a second one is the negative prompt's, or guidance of another kind."""
        step, first = self._steps.at, self._steps.at not in self._seen
        self._attention.rest()
        given = read_call(module, dict(arguments), self._aspect)
        if first and not self._seen:
            self._prompt.given(module, given)
        elif not first and step == 0 and given.text is not None and "negative" not in self._prompt.embeddings:
            self._prompt.negative(given.text)
        self._seen.add(step)
        if first and self._steps.attends() and given.text is not None:
            self._attention.begin(step, given, self._prompt.columns.index, arguments.get("sample"))

    def safely(self, what: str, do: Callable[[], None]) -> None:
        try:
            do()
        except Exception as error:  # what is watched must not fail because of the watcher
            self._notes[f"{what}: {type(error).__name__}: {error}"] = None

    def observation(self) -> Observation:
        asked, steps, maps = self._asked, self._steps, self._attention
        attention = maps.maps()
        pictures = self._pictures()
        curves = self._curves()
        if self._watch.attention and not attention.size:
            self._notes["no layer looks at text in a way that can be read" if maps.layers else
                        "no layer of this denoiser looks at text"] = None  # fmt: skip
        if not steps.timesteps:
            self._notes["the scheduler was never stepped"] = None
        notes = self._notes | self._prompt.notes | maps.notes | steps.notes
        return Observation(
            asked.card.ref, asked.prompt, asked.sampling.negative, asked.seed,
            asked.sampling.scheduler or type(self._pipe.scheduler).__name__, weights_digest(asked.card),
            steps=len(steps.timesteps), guidance=asked.sampling.guidance, dtype=asked.dtype,
            tokens=self._prompt.columns.tokens, special=self._prompt.columns.special,
            embeddings=MappingProxyType(dict(self._prompt.embeddings)),
            attention=attention, groups=maps.groups, attended_steps=maps.steps,
            pictures=pictures, pictured_steps=steps.pictured if len(pictures) else (),
            timesteps=np.array(steps.timesteps, np.float32), settling=MappingProxyType(curves),
            notes=tuple(notes),
        )  # fmt: skip

    def _curves(self) -> Mapping[str, NDArray[np.float32]]:
        """Empty where some step gave no latent: a value a step is promised."""
        latents = self._steps.curve
        if not latents or len(latents) < len(self._steps.timesteps):
            return {}
        found: dict[str, NDArray[np.float32]] = {}
        self.safely("curves", lambda: found.update(settling(np.stack(latents))))
        return found

    def _pictures(self) -> Levels:
        none = np.zeros((0, 0, 0, 3), np.uint8)
        latents = [self._steps.whole[n] for n in self._steps.pictured]
        try:
            return decoded(self._pipe, latents, self._asked.height, self._asked.width, self._watch.side)
        except Exception as error:  # memory, a decoder of another kind: the result is there already
            self._notes[f"pictures: {type(error).__name__}: {error}"] = None
            return none
