"""Scores of every picture by every variant: what was measured already, and what decoding the results adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from flows.comparing.scores import prompt_colour, reference_free
from flows.comparing.truth import Levels, against_truth, levels
from infra.store.contract import StoreError
from tasks.contracts import Raster
from tasks.errors import PentimentoError
from tasks.intents import BY_REGION, Generate
from tasks.job import JobSpec
from tasks.results import ItemResult
from tasks.triage.decode import decode
from tasks.workshop import Workshop

Scores = dict[str, dict[str, float]]
"""Variant to metric to score."""
STRETCH = 0.02
"""How far the sides of a result may differ in proportion from the truth's."""


@dataclass
class Measured:
    """Scores of the pictures, and what could not be had."""

    scores: dict[str, Scores] = field(default_factory=dict)
    """By picture."""
    notes: list[str] = field(default_factory=list)


def measured(
    shop: Workshop, jobs: Mapping[str, JobSpec], truths: Mapping[str, str], pictures: Mapping[str, Mapping[str, ItemResult]]
) -> Measured:  # fmt: skip
    """pictures: id to variant to what it made; truths: id to the key of the true picture. A truth that cannot be used is noted."""
    found = Measured()
    thresholds = shop.guard.policy.thresholds
    for name, made in pictures.items():
        scores: Scores = {variant: reference_free(item, thresholds) for variant, item in made.items()}
        job = jobs[name]
        if isinstance(job.intent, Generate):
            _add_colours(shop, job.intent.prompt, made, scores)
        if truths.get(name):
            _add_truth(shop, job, truths[name], made, scores, found.notes)
        found.scores[name] = scores
    return found


def _add_colours(shop: Workshop, prompt: str, made: Mapping[str, ItemResult], scores: Scores) -> None:
    for variant, item in made.items():
        picture = levels(_stored(shop, item, item.thumbnails.get("after", item.output_sha256)))
        far = prompt_colour(prompt, np.rint(picture).astype(np.uint8))
        if far is not None:
            scores[variant]["prompt_colour"] = far


def _add_truth(
    shop: Workshop, job: JobSpec, key: str, made: Mapping[str, ItemResult], scores: Scores, notes: list[str]
) -> None:
    try:
        truth = levels(_decoded(shop, shop.backend(job.root).get(key), f"truth of {job.id}"))
        pictures = {name: levels(_stored(shop, item, item.output_sha256)) for name, item in made.items()}
        before = _before(shop, job)
    except (PentimentoError, StoreError) as error:
        notes.append(f"the truth of {job.id} does not count: {error}")
        return
    odd = [name for name, picture in pictures.items() if not _same_shape(picture, truth)]
    if odd:
        size = "×".join(map(str, truth.shape[1::-1]))
        notes.append(f"the truth of {job.id} does not count: it is {size}, and {odd[0]} made another shape")
        return
    boxes = {name: [region.box for region in item.regions] for name, item in made.items()}
    for name, added in against_truth(truth, pictures, before, boxes).items():
        scores[name] |= added


def _before(shop: Workshop, job: JobSpec) -> Levels | None:
    """The picture as it came, of an intent that edits regions."""
    if not isinstance(job.intent, BY_REGION):
        return None
    return levels(_decoded(shop, shop.backend(job.root).get(job.image), job.id))


def _same_shape(picture: Levels, truth: Levels) -> bool:
    """The same proportions: the size may differ, as a preview's does."""
    (h, w), (high, wide) = picture.shape[:2], truth.shape[:2]
    return bool(abs(w * high / (h * wide) - 1) <= STRETCH)


def _stored(shop: Workshop, item: ItemResult, sha256: str) -> Raster:
    return _decoded(shop, shop.store.get(sha256), item.id)


def _decoded(shop: Workshop, data: bytes, name: str) -> Raster:
    return decode(data, name=name, max_pixels=shop.spec.max_pixels, max_bytes=shop.spec.max_bytes)


def table_of(
    metrics: Sequence[str], variants: Sequence[str], pictures: Sequence[str], scores: Mapping[str, Scores]
) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """Metric to variants × pictures, NaN where there is no score."""
    return {
        metric: np.array(
            [[scores[p].get(v, {}).get(metric, np.nan) for p in pictures] for v in variants], np.float64
        ).reshape(len(variants), len(pictures))
        for metric in metrics
    }
