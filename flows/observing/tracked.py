"""What tracking is told of observed samplings: files, pictures for MLflow's image grid, and figures."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from flows.observing.drawing import attention_sheet, steps_strip
from flows.observing.figures import main_of, prompts_npz, settling_metrics
from flows.observing.stored import WHOLE, key_of
from infra.tracking.model import Sample
from model_registry.engines.observing import Observation, to_npz
from tasks.results import ItemResult

FOLDER = "observations"
PROMPTS = "prompts.npz"
Seen = Mapping[str, dict[str, tuple[Observation, ...]]]


def files_of(seen: Seen) -> dict[str, bytes]:
    """`observations/<item>.npz` of a picture made whole, `observations/<item>/region-N.npz` of a region, each with all its
    samplings; and `prompts.npz`. None for none."""
    if not seen:
        return {}
    named = [(item, name, ones) for item, by_name in seen.items() for name, ones in by_name.items()]
    files = {
        f"{FOLDER}/{item}.npz" if name == WHOLE else f"{FOLDER}/{item}/{name}.npz": to_npz(ones)
        for item, name, ones in named
    }
    firsts = {key_of(item, name): main_of(ones) for item, name, ones in named}
    return files | {PROMPTS: prompts_npz(firsts)}


def pictures_of(seen: Seen, sample: Sequence[ItemResult]) -> Iterable[Sample]:
    """Of each observed item, at its place in the sample: `observe/steps` and `observe/attention`, of its first region."""
    for step, item in enumerate(sample):
        named = seen.get(item.id)
        if not named:
            continue
        one = main_of(next(iter(named.values())))
        for key, levels in (("observe/steps", steps_strip(one)), ("observe/attention", attention_sheet(one))):
            if levels is not None:
                yield Sample(key, step, _png(levels), "image/png", item.id)


def metrics_of_seen(seen: Seen) -> dict[str, float]:
    """`settled_low`, `settled_high`, `observed`, `collapsed`: over the main sampling of every picture and region."""
    return settling_metrics([main_of(ones) for named in seen.values() for ones in named.values()])


def _png(levels: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(levels).save(out, "PNG")
    return out.getvalue()
