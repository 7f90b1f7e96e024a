"""Where each token is looked at: attention from image to text, read beside the model's own computation.

After DAAM (Tang et al., 2022) and Prompt-to-Prompt (Hertz et al., 2022). The queries and keys are those that go into the
model's own attention, after its projections, norms and rotary embeddings; its output is what it would have been. In a
U-Net the softmax is over the text; in a joint transformer it is over text and image together, and the text's part is kept.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from model_registry.engines.observe_denoiser import Given
from model_registry.engines.observe_grid import grid

MOST_BYTES: Final = 32 << 20
"""Of maps kept, as float32 while they are gathered."""
_SCORES: Final = 16 << 20
"""Bytes of attention scores worked on at once."""
_THIRDS = ("early", "middle", "late")
_SCALED = torch.nn.functional.scaled_dot_product_attention


Window = tuple[float, float, float, float]
"""Top, bottom, left, right, as shares of the picture."""
WHOLE: Final[Window] = (0.0, 1.0, 0.0, 1.0)


class Attention:
    """The maps of one call, gathered while layers run."""

    def __init__(self, side: int, steps: int, aspect: float) -> None:
        self._side, self._steps, self._aspect = side, steps, aspect
        self._sums: dict[int, dict[str, tuple[Tensor, Tensor]]] = {}
        self._handles: list[RemovableHandle] = []
        self._open: list[_Reading] = []
        self._most_groups = 3
        self._given: Given | None = None
        self._columns: tuple[int, ...] = ()
        self._step = 0
        self._sample: Tensor | None = None
        self._window: Window | None = WHOLE
        self.layers = 0
        self.notes: dict[str, None] = {}

    def attach(self, denoiser: Any) -> None:
        """Listen to the layers that look at text; `release` undoes it."""
        layers = _layers(denoiser)
        levels = len(getattr(denoiser, "down_blocks", ()))
        self._most_groups = 2 * levels + 1 if levels else len(_THIRDS)
        self.layers = len(layers)
        if hasattr(denoiser, "conv_in"):
            self._handles.append(denoiser.conv_in.register_forward_pre_hook(self._looking))
        for group, layer in layers:
            self._handles.append(layer.register_forward_pre_hook(self._before(group)))
            self._handles.append(layer.register_forward_hook(self._after, always_call=True))

    def release(self) -> None:
        """Leave no hook behind, whatever happened."""
        self.rest()
        for handle in self._handles:
            handle.remove()
        self._handles = []
        while self._open:
            self._open.pop().leave()

    def begin(self, step: int, given: Given, columns: tuple[int, ...], sample: Tensor | None) -> None:
        """Keep the maps of the denoiser's next layers, of these columns of its text; sample: a U-Net's whole input."""
        self._step, self._given, self._columns, self._sample = step, given, columns, sample
        self._window = WHOLE

    def rest(self) -> None:
        """Keep nothing more until `begin`."""
        self._given = None

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(sorted(self._sums))

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for groups in self._sums.values() for name in groups))

    def maps(self) -> NDArray[np.float16]:
        """K×G×T×h×w, each group the mean of its layers."""
        if not self._sums:
            return np.zeros((0, 0, 0, 0, 0), np.float16)
        first = next(iter(next(iter(self._sums.values())).values()))
        none = torch.zeros_like(first[0]), torch.ones_like(first[1])
        kept = [
            torch.stack([total / seen.clamp(min=1) for total, seen in (of.get(g, none) for g in self.groups)])
            for _, of in sorted(self._sums.items())
        ]
        return np.asarray(torch.stack(kept).numpy(), np.float16)

    def _looking(self, _module: Any, args: tuple[Tensor, ...]) -> None:
        """Which window of its input the U-Net looks through, if it does: then its first layer gets a view of that input."""
        if self._given is not None and self._sample is not None:
            self._window = _window(args[0], self._sample)
            if self._window is None:
                self.notes["attention: which part of the picture the U-Net looks at is not known"] = None

    def _before(self, group: str) -> Any:
        def enter(_module: Any, _args: Any) -> None:
            if self._given is not None:
                reading = _Reading(self, group)
                reading.enter()
                self._open.append(reading)

        return enter

    def _after(self, *_: Any) -> None:
        if self._open:
            reading = self._open.pop()
            reading.leave()
            if not reading.read:
                self.notes["attention: a layer does not use scaled dot-product attention"] = None

    def take(self, group: str, query: Tensor, key: Tensor, mask: Tensor | None, scale: float | None) -> None:
        """One layer's queries and keys, B×heads×places×D."""
        given = self._given
        if given is None or self._window is None or not self._columns:
            return
        places, columns, cells = self._where(given, query.shape[-2], key.shape[-2])
        if cells is None:
            self.notes[f"attention: {query.shape[-2]} places looking at {key.shape[-2]} are no picture"] = (
                None
            )
            return
        row = min(given.row, len(query) - 1)
        one = None if mask is None else mask[min(row, len(mask) - 1)]
        shares = _shares(query[row, :, places], key[row], one, scale, columns)
        name = group if given.joint else f"{group} {cells[0]}x{cells[1]}"
        self._add(name, shares.T.reshape(len(columns), *cells))

    def _where(
        self, given: Given, places: int, length: int
    ) -> tuple[slice, list[int], tuple[int, int] | None]:
        if not given.joint:
            fits = max(self._columns) < length and self._window is not None
            cells = grid(places, self._ratio()) if fits else None
            return slice(None), list(self._columns), cells
        columns = [given.text_at + n for n in self._columns]
        cells = given.cells
        if cells is None or max(given.image_at + cells[0] * cells[1], max(columns) + 1) > min(places, length):
            return slice(None), columns, None
        return slice(given.image_at, given.image_at + cells[0] * cells[1]), columns, cells

    def _ratio(self) -> float:
        top, bottom, left, right = self._window or WHOLE
        return self._aspect * (bottom - top) / (right - left)

    def _add(self, name: str, maps: Tensor) -> None:
        """Put maps, T×rows×columns of the window looked through, onto the group's canvas."""
        height, width = self._size(len(maps))
        top, bottom, left, right = self._window or WHOLE
        y, x = round(top * height), round(left * width)
        size = max(round(bottom * height) - y, 1), max(round(right * width) - x, 1)
        small = torch.nn.functional.interpolate(maps[None], size, mode="bilinear", antialias=True)[0]
        groups = self._sums.setdefault(self._step, {})
        none = torch.zeros(len(maps), height, width), torch.zeros(height, width)
        total, seen = groups.setdefault(name, none)
        total[:, y : y + size[0], x : x + size[1]] += small
        seen[y : y + size[0], x : x + size[1]] += 1

    def _size(self, tokens: int) -> tuple[int, int]:
        side = self._side
        while side > 8 and self._steps * self._most_groups * tokens * side * side * 4 > MOST_BYTES:
            side //= 2
            self.notes[f"attention maps are kept at a side of {side}: {tokens} tokens are many"] = None
        short = max(round(side * min(self._aspect, 1 / self._aspect)), 1)
        return (side, short) if self._aspect >= 1 else (short, side)


class _Reading(TorchFunctionMode):
    """While it is entered, every scaled dot-product attention is seen; nothing is changed."""

    def __init__(self, taker: Attention, group: str) -> None:
        super().__init__()
        self._taker, self._group = taker, group
        self.read = False

    def enter(self) -> None:
        self.__enter__()  # type: ignore[no-untyped-call]

    def leave(self) -> None:
        self.__exit__(None, None, None)  # type: ignore[no-untyped-call]

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        result = func(*args, **named)
        if func is _SCALED:
            self.read = True
            try:
                self._see(args, named)
            except Exception as error:  # what is watched must not fail because of the watcher
                self._taker.notes[f"attention: {type(error).__name__}: {error}"] = None
        return result

    def _see(self, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        given = {**dict(zip(("query", "key", "value", "attn_mask"), args, strict=False)), **named}
        self._taker.take(
            self._group, given["query"], given["key"], given.get("attn_mask"), given.get("scale")
        )


def _window(piece: Tensor, whole: Tensor) -> Window | None:
    """Where a piece of B×C×H×W lies in `whole`; None where it is neither the whole nor a view of it."""
    if piece.shape == whole.shape:
        return WHOLE
    height, width = whole.shape[-2:]
    same = piece.untyped_storage().data_ptr() == whole.untyped_storage().data_ptr()
    if not same or piece.stride() != whole.stride():
        return None
    top, left = divmod((piece.storage_offset() - whole.storage_offset()) // whole.stride(-1), width)
    bottom, right = top + piece.shape[-2], left + piece.shape[-1]
    return top / height, bottom / height, left / width, right / width


def _layers(denoiser: Any) -> list[tuple[str, Any]]:
    """Attention layers that may look at text, with their groups; what each really looks at shows when it is called."""
    named = [(name, m) for name, m in denoiser.named_modules() if hasattr(m, "to_q") and hasattr(m, "to_k")]
    if hasattr(denoiser, "down_blocks"):
        return [(name.split("_")[0], m) for name, m in named if getattr(m, "is_cross_attention", False)]
    joint = [m for name, m in named if "refiner" not in name and not name.endswith("attn2")]
    return [(_THIRDS[3 * n // len(joint)], m) for n, m in enumerate(joint)]


def _shares(
    query: Tensor, key: Tensor, mask: Tensor | None, scale: float | None, columns: list[int]
) -> Tensor:
    """N×T float32 on the CPU: the mean over heads of softmax(QKᵀ·scale) at these columns. query: heads×N×D."""
    heads, places, width = query.shape
    keys = key.float().repeat_interleave(heads // len(key), 0).transpose(1, 2)
    index = torch.tensor(columns, device=key.device)
    rows = max(_SCORES // (4 * heads * keys.shape[-1]), 1)
    kept = []
    for start in range(0, places, rows):
        scores = query[:, start : start + rows].float() @ keys * (width**-0.5 if scale is None else scale)
        if mask is not None:
            part = mask if mask.shape[-2] == 1 else mask[..., start : start + rows, :]
            scores = scores.masked_fill(~part, -torch.inf) if part.dtype == torch.bool else scores + part
        kept.append(scores.softmax(-1).index_select(-1, index).mean(0))
    return torch.cat(kept).cpu()
