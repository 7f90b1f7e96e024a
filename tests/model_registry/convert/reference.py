"""The published networks once more, in torch, to hold the converted ones against."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as fn
from torch import Tensor

from tests.model_registry.convert.published import Compact, Weights


class Net:
    """Layers by name."""

    def __init__(self, tensors: dict[str, Weights]) -> None:
        self._held = {name: torch.from_numpy(value) for name, value in tensors.items()}

    def conv(self, x: Tensor, name: str, stride: int = 1, padding: int | None = None) -> Tensor:
        weight = self._held[f"{name}.weight"]
        pad = weight.shape[2] // 2 if padding is None else padding
        return fn.conv2d(x, weight, self._held[f"{name}.bias"], stride=stride, padding=pad)

    def __call__(self, kind: str, x: Tensor) -> Tensor:
        return getattr(self, kind)(x)

    def imdn(self, x: Tensor) -> Tensor:
        head = self.conv(x, "model.0")
        y = head
        for n in range(8):
            y = self._distilled(y, f"model.1.sub.{n}")
        return fn.pixel_shuffle(self.conv(self.conv(y, "model.1.sub.8") + head, "model.2"), 4)

    def _distilled(self, x: Tensor, name: str) -> Tensor:
        kept, rest = [], x
        for step in ("conv1", "conv2", "conv3"):
            made = fn.leaky_relu(self.conv(rest, f"{name}.{step}.0"), 0.05)
            quarter = made.shape[1] // 4
            first, rest = torch.split(made, (quarter, made.shape[1] - quarter), dim=1)
            kept.append(first)
        kept.append(self.conv(rest, f"{name}.conv4"))
        return x + self.conv(torch.cat(kept, 1), f"{name}.conv1x1")

    def _esa(self, x: Tensor, name: str, three: bool) -> Tensor:
        narrow = self.conv(x, f"{name}.conv1")
        y = fn.max_pool2d(self.conv(narrow, f"{name}.conv2", 2, 0), 7, 3)
        if three:
            y = fn.relu(self.conv(y, f"{name}.conv_max"))
            y = self.conv(fn.relu(self.conv(y, f"{name}.conv3")), f"{name}.conv3_")
        else:
            y = self.conv(y, f"{name}.conv3")
        y = fn.interpolate(y, x.shape[2:], mode="bilinear", align_corners=False)
        return x * torch.sigmoid(self.conv(y + self.conv(narrow, f"{name}.conv_f"), f"{name}.conv4"))

    def rfdn(self, x: Tensor) -> Tensor:
        head = self.conv(x, "fea_conv")
        y, made = head, []
        for n in range(1, 5):
            kept = []
            for step in ("c1", "c2", "c3"):
                kept.append(fn.leaky_relu(self.conv(y, f"B{n}.{step}_d"), 0.05))
                y = fn.leaky_relu(self.conv(y, f"B{n}.{step}_r") + y, 0.05)
            kept.append(fn.leaky_relu(self.conv(y, f"B{n}.c4"), 0.05))
            y = self._esa(self.conv(torch.cat(kept, 1), f"B{n}.c5"), f"B{n}.esa", three=True)
            made.append(y)
        y = fn.leaky_relu(self.conv(torch.cat(made, 1), "c.0"), 0.05)
        return fn.pixel_shuffle(self.conv(self.conv(y, "LR_conv") + head, "upsampler.0"), 4)

    def rlfn(self, x: Tensor) -> Tensor:
        head = self.conv(x, "fea_conv")
        y = head
        for n in range(1, 5):
            made = y
            for step in ("c1_r", "c2_r", "c3_r"):
                made = fn.leaky_relu(self.conv(made, f"B{n}.{step}"), 0.05)
            y = self._esa(self.conv(made + y, f"B{n}.c5"), f"B{n}.esa", three=False)
        return fn.pixel_shuffle(self.conv(self.conv(y, "LR_conv") + head, "upsampler.0"), 4)

    def span(self, x: Tensor) -> Tensor:
        head = self.conv(
            (x - torch.tensor((0.4488, 0.4371, 0.4040))[:, None, None]) * 255, "conv_1.eval_conv"
        )
        y, firsts, blocks = head, [], []
        for n in range(1, 7):
            first = fn.silu(self.conv(y, f"block_{n}.c1_r.eval_conv"))
            made = fn.silu(self.conv(first, f"block_{n}.c2_r.eval_conv"))
            made = self.conv(made, f"block_{n}.c3_r.eval_conv")
            y = (made + y) * (torch.sigmoid(made) - 0.5)
            firsts.append(first)
            blocks.append(y)
        y = torch.cat([head, self.conv(y, "conv_2.eval_conv"), blocks[0], firsts[-1]], 1)
        return fn.pixel_shuffle(self.conv(self.conv(y, "conv_cat"), "upsampler.0"), 4)


def compact(net: Compact, x: Tensor) -> Tensor:
    """SRVGGNetCompact."""
    y = x
    for n, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        y = fn.conv2d(y, torch.from_numpy(weight), torch.from_numpy(bias), padding=1)
        if n < len(net.slopes):
            y = fn.prelu(y, torch.from_numpy(net.slopes[n]))
    return fn.pixel_shuffle(y, 4) + fn.interpolate(x, scale_factor=4, mode="nearest")


def picture(height: int, width: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng([height, width]).random((1, 3, height, width), np.float32))
