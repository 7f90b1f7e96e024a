"""Scores networks as the field does: `python -m flows.training.upscale_network.measure --state FILE … --hr FOLDER`.

PSNR of the luma, borders of `scale` px left out; the small pictures are made by the benchmarks' bicubic. A folder of a
benchmark may be given here: nothing is learned from it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from flows.training.fill_network.state import trained
from flows.training.upscale_network.degradations import Harm, harmed
from flows.training.upscale_network.imresize import Bytes3
from flows.training.upscale_network.network import SIZES, UpscaleNetwork
from flows.training.upscale_network.samples import Album, sample, tensors

_CROPS: Final = 48
_SIDE: Final = 72
"""px of the small picture."""
_LUMA: Final = np.array([65.481, 128.553, 24.966]) / 255.0


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Crops of pictures that are never learned from."""

    pairs: tuple[tuple[Tensor, Bytes3], ...]
    """Each 1×3×H×W, 0–1, and what should come of it."""
    scale: int

    @classmethod
    def of(cls, pictures: Sequence[Bytes3], scale: int, catalogue: bool) -> HeldOut:
        """The same crops whenever the pictures are the same."""
        side = _SIDE * 2 // max(scale, 2)
        album = Album.of(pictures, scale, side)
        made = [sample(np.random.default_rng([17, n]), album, side, catalogue) for n in range(_CROPS)]
        return cls(tuple((tensors([pair])[0], pair[1]) for pair in made), scale)

    def decibels(self, network: nn.Module) -> float:
        """Mean over the crops."""
        with torch.inference_mode():
            return float(np.mean([luma_psnr(to_bytes(network(x)), y, self.scale) for x, y in self.pairs]))


def to_bytes(made: Tensor) -> Bytes3:
    """1×3×H×W, 0–1, to H×W×3."""
    return made[0].permute(1, 2, 0).mul(255).round().clamp(0, 255).to(torch.uint8).numpy()


def luma(picture: Bytes3) -> NDArray[np.float64]:
    """Y of Rec. 601, 16–235, not rounded."""
    return np.asarray(picture @ _LUMA + 16.0)


def luma_psnr(made: Bytes3, truth: Bytes3, border: int) -> float:
    """dB; `border` px of every side left out."""
    off = (luma(made) - luma(truth))[border : made.shape[0] - border, border : made.shape[1] - border]
    return float(10 * np.log10(255.0**2 / max(float(np.mean(off * off)), 1e-10)))


def score(network: nn.Module, picture: Bytes3, scale: int, harm: Harm) -> tuple[float, float]:
    """dB of the network and of a bicubic enlargement, after the picture was shrunk and harmed."""
    height, width = (side // scale * scale for side in picture.shape[:2])
    truth = np.ascontiguousarray(picture[:height, :width])
    given = harmed(truth, scale, harm, np.random.default_rng(5))
    x = tensors([(given, truth)])[0]
    plain = UpscaleNetwork(SIZES["tiny"], scale).enlarged(x)
    with torch.inference_mode():
        made = network(x)
    return luma_psnr(to_bytes(made), truth, scale), luma_psnr(to_bytes(plain), truth, scale)


def main(argv: Sequence[str] | None = None) -> None:
    """Prints one line a picture and the mean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="what the training wrote")
    parser.add_argument("--size", choices=sorted(SIZES), required=True)
    parser.add_argument("--scale", type=int, choices=(1, 2, 3, 4), required=True)
    parser.add_argument("--hr", type=Path, required=True, help="folder of PNGs")
    parser.add_argument("--glob", default="*.png")
    parser.add_argument("--quality", type=int, default=0, help="of JPEG, of the small picture; 0 = none")
    given = parser.parse_args(argv)
    torch.set_num_threads(1)
    network = trained(given.state, UpscaleNetwork(SIZES[given.size], given.scale))
    harm = Harm(quality=given.quality, thin_colours=True)
    found = []
    for path in sorted(given.hr.rglob(given.glob)):
        picture = np.ascontiguousarray(np.asarray(cv2.imread(str(path)), np.uint8)[..., ::-1])
        found.append(score(network, picture, given.scale, harm))
        sys.stdout.write(f"{path.name}: {found[-1][0]:.2f} dB, bicubic {found[-1][1]:.2f}\n")
    made, plain = np.mean(found, axis=0)
    sys.stdout.write(f"mean of {len(found)}: {made:.3f} dB, bicubic {plain:.3f}\n")


if __name__ == "__main__":
    main()
