"""Codes the training pictures once: `python -m flows.training.backdrop.latents --pictures FILE --state FILE --out FOLDER`.

Several processes may share the work, each with its own `--from` and `--to`; what is there already is not made again."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from flows.training.backdrop.pictures import SIDE, stored
from flows.training.backdrop.train_vae import planar
from flows.training.backdrop.vae import FACTOR, LATENT, level, new_vae
from flows.training.fill_network.state import trained

_LEVELLED_ON: Final = 200
_AT_ONCE: Final = 4
_SHAPE: Final = (LATENT, SIDE // FACTOR, SIDE // FACTOR)
_log = logging.getLogger(__name__)


def levelled(state: Path, pictures: NDArray[np.uint8]) -> Any:
    """The trained autoencoder, its latents of mean 0 and deviation 1 over the first pictures."""
    vae = trained(state, new_vae()).to(memory_format=torch.channels_last)
    coded = coded_of(vae, pictures[:_LEVELLED_ON])
    level(vae, *(torch.from_numpy(f(coded, axis=(0, 2, 3))) for f in (np.mean, np.std)))
    return vae


def read_vae(folder: Path) -> Any:
    """The autoencoder that the latents of a folder were coded with."""
    from safetensors.torch import load_file

    vae = new_vae()
    vae.load_state_dict(load_file(folder / "vae" / "diffusion_pytorch_model.safetensors"))
    return vae.eval()


@torch.no_grad()
def coded_of(vae: Any, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """n×H×W×3 levels to n×4×H/8×W/8: the means."""
    made = [
        vae.encode(planar(np.asarray(pictures[n : n + _AT_ONCE]))).latent_dist.mean.numpy()
        for n in range(0, len(pictures), _AT_ONCE)
    ]
    return np.asarray(np.concatenate(made), np.float32)


def open_latents(path: Path, count: int = 0) -> NDArray[np.float16]:
    """n×4×32×32. count: makes room for so many, all 0, where the file is not yet; 0 = only to be read."""
    size = int(np.prod(_SHAPE)) * 2
    if count and not path.exists():
        with path.open("wb") as file:
            file.truncate(count * size)
    return np.memmap(path, np.float16, "r+" if count else "r", shape=(path.stat().st_size // size, *_SHAPE))


def code(vae: Any, pictures: NDArray[np.uint8], latents: NDArray[np.float16], first: int, last: int) -> None:
    """Fills in latents from `first` up to `last`, as far as they are still 0."""
    for at in range(first, last, _AT_ONCE):
        part = slice(at, min(at + _AT_ONCE, last))
        if not np.asarray(latents[part]).any(axis=(1, 2, 3)).all():
            latents[part] = coded_of(vae, pictures[part]).astype(np.float16)
        if at % 1000 < _AT_ONCE:
            _log.info("%d coded", at)


def main(argv: Sequence[str] | None = None) -> None:
    """Writes `vae/` and `latents.f16` into the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True, help="what `pictures` wrote")
    parser.add_argument("--state", type=Path, required=True, help="what `train_vae` wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", dest="last", type=int, default=12_000)
    parser.add_argument("--count", type=int, default=12_000, help="of all processes together")
    given = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    pictures = stored(given.pictures)
    vae = levelled(given.state, pictures)
    if given.first == 0:
        vae.save_pretrained(str(given.out / "vae"), safe_serialization=True)
    code(vae, pictures, open_latents(given.out / "latents.f16", given.count), given.first, given.last)


if __name__ == "__main__":
    main()
