"""The pictures of the bench: the demo catalogue's edits with their masks and their truth, whole or cut down to what is removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from flows.demo.catalogue import Catalogue, Item, write_catalogue
from flows.demo.files import decode, encode
from flows.demo.measures import Zone
from flows.demo.objects import grown
from tasks.intents import MaskFile, RemoveObject
from tasks.job import JobSpec

MARGIN, MOST = 40, 208
"""Around what is to be removed, and the longest side of a cutting, px."""
ROOM = 5
"""By how much a cutting's mask is wider than what it covers, px."""
NEAR = 12
"""Parts of an overlay that are no further apart than twice this are one, px."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Jobs by picture, and the keys of their truth below the jobs' root."""

    jobs: Mapping[str, JobSpec]
    truths: Mapping[str, str]


def cases(folder: Path, *, whole: bool) -> Cases:
    """Every edit of the sample catalogue, its mask given: what is compared is what is put in the place of what is removed.

    whole: the pictures as they are; else the surroundings of what is to be removed alone."""
    catalogue = write_catalogue(folder / "catalogue")
    jobs, truths = {}, {}
    for item in _edits(catalogue):
        jobs[item.id] = _case(catalogue, item, folder, whole=whole)
        truths[item.id] = f"{item.id}.truth.png"
    return Cases(jobs, truths)


def _edits(catalogue: Catalogue) -> list[Item]:
    return [item for item in catalogue.items if item.overlay and not item.bad]


def _case(catalogue: Catalogue, item: Item, folder: Path, *, whole: bool) -> JobSpec:
    """The picture, its truth and its mask in the folder, and the job that names them."""
    truth, shown, overlay = (
        decode(catalogue.path(name).read_bytes()) for name in (item.truth, item.image, item.overlay)
    )
    covered = overlay[..., 0] > 0
    box = (slice(None), slice(None)) if whole else _window(covered)
    mask = grown(covered[box], ROOM)
    for name, levels in (("", shown[box]), (".truth", truth[box])):
        (folder / f"{item.id}{name}.png").write_bytes(encode(levels))
    (folder / f"{item.id}.mask.png").write_bytes(encode(np.where(mask, 255, 0).astype(np.uint8)[..., None]))
    intent = RemoveObject(mask=MaskFile(path=f"{item.id}.mask.png"), rights="own")
    return JobSpec(id=item.id, root=str(folder), image=f"{item.id}.png", intent=intent)


def _window(overlay: Zone) -> tuple[slice, slice]:
    """The box of the overlay's largest part with its margin; the middle of one that is too long."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(grown(overlay, NEAR).astype(np.uint8))
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    x, y, w, h = cv2.boundingRect((labels == largest).astype(np.uint8))
    return _span(y, h, overlay.shape[0]), _span(x, w, overlay.shape[1])


def _span(first: int, length: int, size: int) -> slice:
    side = min(length + 2 * MARGIN, MOST, size)
    start = min(max(first + length // 2 - side // 2, 0), size - side)
    return slice(start, start + side)
