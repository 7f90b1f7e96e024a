"""Rows and columns of a sequence of image tokens or latent cells, from its length and the picture's shape."""

from __future__ import annotations

import math


def grid(cells: int, aspect: float) -> tuple[int, int] | None:
    """Rows and columns with rows·columns = cells whose ratio is nearest to `aspect` (height/width).

    None where no division of `cells` comes within 40 % of it: then the sequence is not that picture."""
    pairs = [(d, cells // d) for d in range(1, math.isqrt(cells) + 1) if cells % d == 0]
    pairs += [(columns, rows) for rows, columns in pairs]
    if not pairs:
        return None
    best = min(pairs, key=lambda pair: (abs(math.log(pair[0] / pair[1] / aspect)), pair))
    return best if abs(math.log(best[0] / best[1] / aspect)) < math.log(1.4) else None


def evenly(total: int, kept: int) -> tuple[int, ...]:
    """At most `kept` of 0 … total−1, evenly spaced, the first and the last among them; one alone is the last."""
    if total < 1 or kept < 1:
        return ()
    if kept == 1 or total == 1:
        return (total - 1,)
    count = min(kept, total)
    return tuple(dict.fromkeys((2 * n * (total - 1) + count - 1) // (2 * (count - 1)) for n in range(count)))
