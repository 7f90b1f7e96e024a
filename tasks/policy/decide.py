"""The decision on a region: everything that speaks against an edit is found, and the strictest counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from tasks.contracts import Box, Region
from tasks.intents import Rights
from tasks.policy.cleared import cleared
from tasks.policy.detectors.contract import Bytes3, Detector
from tasks.policy.geometry import mark_like, watermark_like
from tasks.policy.model import VERDICTS, Category, Decision, Policy
from tasks.policy.sightings import INSIDE, NOTHING, Sightings, close_view, merged, reaching, survey, touching
from tasks.policy.spelling import Reading, read
from tasks.policy.urls import without_own
from tasks.policy.wording import matched, strictly

ALLOWED = Decision("allow")
DETECTOR_CURE = "reinstall OpenCV with its data files, or switch the category off in the policy"
LEAST = 2
"""Letters or digits; fewer are as likely a misread mark."""
OVERVIEW = 1024
"""px: what the longer side of the whole picture's view is brought down to."""
ENOUGH = 0.5
"""A picture whose overview is at least this scale is not looked at closer: detectors work on half of it anyway."""


@dataclass(frozen=True)
class Case:
    """A region with all that is known of it."""

    region: Region
    size: tuple[int, int]
    text: Reading
    around: Reading
    rights: Rights
    policy: Policy
    seen: Sightings = NOTHING
    excused: bool = field(init=False)
    """Well read, and strictly of a category that excuses how it lies."""

    def __post_init__(self) -> None:
        excused = self.was_read and any(
            strictly(c, self.text) for c in self.policy.categories if c.excuses and not c.off
        )
        object.__setattr__(self, "excused", excused)

    @property
    def was_read(self) -> bool:
        return self.text.letters >= LEAST and self.region.confidence >= self.policy.min_confidence


def decide(
    region: Region,
    image: Bytes3,
    picture_size: tuple[int, int],
    rights: Rights,
    policy: Policy,
    detectors: Mapping[str, Detector],
    *,
    image_box: Box | None = None,
    around: str = "",
    seen: Sightings | None = None,
) -> Decision:
    """The strictest of all that is found; `allow` without a category when nothing is.

    image: H×W×3 uint8 RGB, unchanged, shows `image_box` of the picture (None: all of it) at any scale, the region with
    its surroundings; picture_size: (h, w); around: the text of the whole picture; seen: what detectors saw in other views.
    A detector that a guarding category needs and `detectors` lacks, or that breaks, blocks."""
    box = image_box or (0, 0, picture_size[1], picture_size[0])
    text = read(region.text)
    case = Case(region, picture_size, text, read(around) if around else text, rights, policy)
    sights = survey(image, box, detectors, _wanted([case]), cleared(image, box, [region]))
    return _strictest(replace(case, seen=merged(sights, seen) if seen else sights))


def decide_all(
    regions: Sequence[Region],
    look: Callable[[Box], Bytes3],
    picture_size: tuple[int, int],
    rights: Rights,
    policy: Policy,
    detectors: Mapping[str, Detector],
) -> tuple[Decision, ...]:
    """A decision for each region of a picture, in order.

    look: gives the H×W×3 uint8 RGB pixels of a box of the picture. The whole picture is looked at once, scaled down, and a
    large one again around each region. The regions' texts are read together: an identity document or an agency's mark
    in one decides for all."""
    if not regions:
        return ()
    height, width = picture_size
    whole = (0, 0, width, height)
    overview, scale = _overview(look(whole))
    around = read(" ".join(region.text for region in regions if region.text))
    cases = [Case(one, picture_size, read(one.text), around, rights, policy) for one in regions]
    seen = survey(overview, whole, detectors, _wanted(cases), cleared(overview, whole, regions))
    decisions = []
    for case in cases:
        sights = seen
        if scale < ENOUGH:
            box = close_view(case.region.box, picture_size)
            close = look(box)
            sights = merged(
                seen, survey(close, box, detectors, _wanted([case]), cleared(close, box, regions))
            )
        decisions.append(_strictest(replace(case, seen=sights)))
    return tuple(decisions)


def _wanted(cases: Sequence[Case]) -> dict[str, tuple[Box, ...]]:
    """The detectors that the cases need, and around what each has to look: nowhere if no find would count."""
    wanted: dict[str, tuple[Box, ...]] = {}
    for case in cases:
        region, policy = case.region, case.policy
        idle = {name for c in policy.categories if c.echoes and _echo(case) for name in c.detectors}
        idle -= {name for c in policy.categories if not c.echoes for name in c.detectors}
        for name in policy.detectors(region.kind, case.rights):
            wanted[name] = wanted.get(name, ()) + (() if name in idle else (region.box,))
    return dict(sorted(wanted.items()))


def _strictest(case: Case) -> Decision:
    return max(findings(case), key=lambda d: VERDICTS.index(d.verdict), default=ALLOWED)


def findings(case: Case) -> tuple[Decision, ...]:
    """Every category that the region is of, in the policy's order, and every detector that is missing."""
    found = []
    for category in case.policy.categories:
        if category.off or case.region.kind not in category.guards:
            continue
        evidence = _evidence(category, case)
        if evidence:
            verdict = category.verdict(case.rights)
            found.append(Decision(verdict, category.name, category.reason, category.cure, evidence))
        if category.verdict(case.rights) != "allow":
            found += [
                Decision("block", category.name, f"the {name} detector is missing", DETECTOR_CURE, case.seen.missing[name])
                for name in category.detectors if name in case.seen.missing
            ]  # fmt: skip
    return tuple(found)


def _evidence(category: Category, case: Case) -> str:
    found = _wording(category, case)
    if found:
        return found
    place = _place(category, case)
    if place:
        return f"the text {case.text.shown!r} {place}" if case.text.shown else f"the unread text {place}"
    for name in category.detectors:
        count = reaching if name in INSIDE else touching
        boxes = count(case.region, case.seen.boxes.get(name, ()))
        if boxes and not (category.echoes and _echo(case)):
            return f"{name} at {boxes[0]}"
    return ""


def _wording(category: Category, case: Case) -> str:
    text = case.text
    if category.name == "foreign-url":
        text = read(without_own(text.shown, case.policy.domains))
    if category.name == "own-url":
        own = without_own(case.text.shown, case.policy.domains) != case.text.shown
        return f"own address in {case.text.shown!r}" if own else ""
    found = matched(category, text)
    if found:
        return f"{found!r} in {case.text.shown!r}"
    found = matched(category, case.around) if category.anywhere and case.around.shown != text.shown else ""
    return f"{found!r} in the picture's text" if found else ""


def _place(category: Category, case: Case) -> str:
    if not category.place or case.region.kind != "text":
        return ""
    if category.place == "mark":
        return "" if case.excused else watermark_like(case.region, case.size, case.text, case.around)
    if case.was_read:
        return ""
    why = "says hardly anything"
    if case.text.letters >= LEAST:
        why = f"was read with confidence {case.region.confidence:.2f} only"
    if category.place == "unread":
        return why
    mark = mark_like(case.region, case.size)
    return f"{why} and {mark}" if mark else ""


def _echo(case: Case) -> bool:
    """The find is most likely the overlay's own letters: they were read, and are no number such as plates carry."""
    if case.region.kind != "text" or not case.was_read:
        return False
    letters = [c for c in case.text.shown if c.isalnum()]
    digits = sum(c.isdigit() for c in letters)
    return case.excused or not (4 <= len(letters) <= 10 and digits >= 2)


def _overview(image: Bytes3) -> tuple[Bytes3, float]:
    height, width = image.shape[:2]
    scale = min(OVERVIEW / max(height, width), 1.0)
    if scale == 1.0:
        return image, scale
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), scale
