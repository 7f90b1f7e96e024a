"""Text lines whose ground overlaps, taken together; no array is larger than the lines it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from model_registry.engines.contract import TextLine
from tasks.contracts import Box, Zone
from tasks.detection.order import reading_order
from tasks.detection.pieces import bounds


@dataclass(frozen=True, slots=True)
class Cluster:
    """Lines and the ground they cover together."""

    box: Box
    zone: Zone
    """Of the box's size."""
    lines: tuple[TextLine, ...]


def merge_overlapping(clusters: Sequence[Cluster], gap: int) -> list[Cluster]:
    """Join clusters with at most `gap` pixels between their zones in x and in y, directly or through others.

    Lines of a joined cluster are in reading order. The result does not depend on the order of the input, except that
    lines in exactly the same place keep theirs."""
    root = list(range(len(clusters)))
    for first in range(len(clusters)):
        for second in range(first):
            a, b = _find(root, first), _find(root, second)
            if a != b and _near(clusters[first], clusters[second], gap):
                root[max(a, b)] = min(a, b)
    groups: dict[int, list[Cluster]] = {}
    for index, cluster in enumerate(clusters):
        groups.setdefault(_find(root, index), []).append(cluster)
    return [_join(group) for group in groups.values()]


def _find(root: list[int], index: int) -> int:
    while root[index] != index:
        index = root[index]
    return index


def _near(a: Cluster, b: Cluster, gap: int) -> bool:
    """Whether a pixel of `a` and one of `b` have at most `gap` between them in x and in y."""
    reach = gap + 1
    x0, y0 = max(a.box[0] - reach, b.box[0]), max(a.box[1] - reach, b.box[1])
    x1, y1 = min(a.box[2] + reach, b.box[2]), min(a.box[3] + reach, b.box[3])
    if x0 >= x1 or y0 >= y1:
        return False
    shared = (x0, y0, x1, y1)
    outer = (x0 - reach, y0 - reach, x1 + reach, y1 + reach)
    square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    grown = cv2.dilate(_cut(a, outer).astype(np.uint8), square)[reach:-reach, reach:-reach]
    return bool((grown.astype(bool) & _cut(b, shared)).any())


def _cut(cluster: Cluster, box: Box) -> Zone:
    """The cluster's zone as seen in another box."""
    out = np.zeros((box[3] - box[1], box[2] - box[0]), np.bool_)
    x0, y0 = max(box[0], cluster.box[0]), max(box[1], cluster.box[1])
    x1, y1 = min(box[2], cluster.box[2]), min(box[3], cluster.box[3])
    if x0 < x1 and y0 < y1:
        cx, cy = cluster.box[:2]
        out[y0 - box[1] : y1 - box[1], x0 - box[0] : x1 - box[0]] = cluster.zone[
            y0 - cy : y1 - cy, x0 - cx : x1 - cx
        ]
    return out


def _join(group: Sequence[Cluster]) -> Cluster:
    boxes = np.array([cluster.box for cluster in group])
    low, high = boxes.min(axis=0), boxes.max(axis=0)
    hull = (int(low[0]), int(low[1]), int(high[2]), int(high[3]))
    zone = _cut(group[0], hull)
    for cluster in group[1:]:
        zone |= _cut(cluster, hull)
    tight = bounds(zone)
    assert tight is not None, "clusters are never empty"
    x0, y0, x1, y1 = tight
    box = (x0 + hull[0], y0 + hull[1], x1 + hull[0], y1 + hull[1])
    order = reading_order([cluster.box for cluster in group])
    return Cluster(box, zone[y0:y1, x0:x1], tuple(line for index in order for line in group[index].lines))
