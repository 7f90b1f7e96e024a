"""Reading order of boxes: rows from top to bottom, each from left to right."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.contracts import Box


def reading_order(boxes: Sequence[Box]) -> list[int]:
    """Indices of `boxes` in reading order, the same for any order they are given in (equal boxes keep theirs).

    Boxes are of one row while their middles lie above the lower edge of the row's first box."""
    ranked = sorted(range(len(boxes)), key=lambda i: (boxes[i][1] + boxes[i][3], boxes[i]))
    rows: list[list[int]] = []
    for index in ranked:
        middle = (boxes[index][1] + boxes[index][3]) / 2
        if not rows or middle >= boxes[rows[-1][0]][3]:
            rows.append([])
        rows[-1].append(index)
    return [index for row in rows for index in sorted(row, key=lambda i: (boxes[i][0], boxes[i]))]
