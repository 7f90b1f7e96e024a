"""From what a person typed (`PICTURE` or `PICTURE:REGION`) to what may be decided; everything else is refused, with why."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from tasks.errors import BadRequest
from tasks.results import ItemResult
from tasks.review.events import Decision, Target


def decisions(
    items: Mapping[str, ItemResult], approve: Iterable[str], reject: Iterable[str]
) -> dict[Target, Decision]:
    """What is decided on each target. Raises BadRequest for an id that is not known (naming the nearest), for what does
    not wait, and for one that is approved and rejected at once."""
    approved = {target_of(items, given) for given in approve}
    rejected = {target_of(items, given) for given in reject}
    both = sorted(map(str, approved & rejected))
    if both:
        raise BadRequest(f"{both[0]} is approved and rejected at once", cure="name it once")
    return {**dict.fromkeys(approved, "approve"), **dict.fromkeys(rejected, "reject")}


def target_of(items: Mapping[str, ItemResult], given: str) -> Target:
    """The picture or region that `given` names."""
    name, colon, number = given.rpartition(":")
    picture = name if colon else given
    if picture not in items:
        near = difflib.get_close_matches(picture, items, n=1, cutoff=0.4)
        meant = f"; did you mean {near[0]}{colon}{number if colon else ''}?" if near else ""
        raise BadRequest(
            f"there is no picture {picture!r} in this run{meant}", cure="see `pentimento review RUN_ID`"
        )
    item = items[picture]
    _must_wait(item)
    if not colon:
        return Target(picture)
    numbers = [region.n for region in item.regions]
    if not number.isascii() or not number.isdecimal() or int(number) not in numbers:
        near_n = _nearest(number, numbers)
        raise BadRequest(
            f"{picture} has no region {number!r}" + (f"; did you mean {picture}:{near_n}?" if numbers else ""),
            cure=f"its regions are {', '.join(map(str, numbers))}" if numbers else f"decide on {picture} as a whole",
        )  # fmt: skip
    return Target(picture, int(number))


def _must_wait(item: ItemResult) -> None:
    if item.outcome == "needs-review":
        return
    if item.outcome == "blocked":
        raise BadRequest(
            f"{item.id} is blocked, and a blocked picture cannot be approved or rejected: nothing was made of it"
            f" ({item.reason})",
            cure=item.cure or "change what it is blocked for, and run it again",
        )
    said = f" ({item.reason})" if item.reason else ""
    raise BadRequest(
        f"{item.id} does not wait for review: it ended as {item.outcome}{said}",
        cure="decide on pictures that ended as needs-review",
    )


def _nearest(number: str, numbers: list[int]) -> int:
    if not numbers:
        return 0
    wanted = int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else 0
    return min(numbers, key=lambda n: (abs(n - wanted), n))
