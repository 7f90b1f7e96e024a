"""The overlays that one picture carries and others share, taken off it: found once, for its regions and for its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model_registry.engines.contract import TextLine
from tasks.contracts import Box, Patch, Raster, Region, Zone
from tasks.detection.levels import from_levels, to_levels
from tasks.detection.presets import unpack_overlays
from tasks.detection.regions import spread
from tasks.detection.repeated import RepeatedOverlay
from tasks.intents import RemoveText
from tasks.lossless import decode_mask, decode_pixels, encode_mask, encode_pixels
from tasks.memo import Done, Produced
from tasks.steps.repeated import VERSION, overlays_of, overlays_on, takes_part
from tasks.steps.source import Source, full_raster
from tasks.workshop import Workshop

PNG = "image/png"
COVERED = 0.6
"""A text line of which more than this lies in a shared overlay is that overlay's lettering."""


@dataclass(frozen=True, slots=True)
class Known:
    """The overlays that a picture may carry."""

    overlays: tuple[RepeatedOverlay, ...]
    digest: str


def sharing(shop: Workshop, source: Source) -> str:
    """Digest of what is known of overlays that this picture may share; empty where there is nothing, or it takes no part."""
    known = _known(shop, source)
    return known.digest if known else ""


def carried(shop: Workshop, source: Source) -> Done | None:
    """The overlays that the picture carries: boxes in the facts, `alpha-N`, `pixels-N` and `trusted-N` for each.

    None where none are known, or the rights in the picture are not declared: another's mark is not learnt away."""
    known = _known(shop, source)
    if known is None:
        return None

    def compute() -> Produced:
        found = overlays_on(known.overlays, full_raster(shop, source))
        artifacts: dict[str, tuple[bytes, str]] = {}
        for n, one in enumerate(found):
            artifacts[f"alpha-{n}"] = encode_mask(one.alpha), PNG
            artifacts[f"pixels-{n}"] = encode_pixels(np.clip(one.pixels, 0, 1)), PNG
            artifacts[f"trusted-{n}"] = encode_mask(one.reliable.astype(np.float32)), PNG
        return Produced(artifacts, {"boxes": [list(one.box) for one in found]})

    identity = {"version": VERSION, "source": source.sha256, "overlays": known.digest}
    return shop.memo.do("repeated", identity, compute)


def _known(shop: Workshop, source: Source) -> Known | None:
    """What the run learnt of this picture's supplier, and the preset that came with the job."""
    intent = source.job.intent
    if not (isinstance(intent, RemoveText) and takes_part(source.job)):
        return None
    learnt = overlays_of(shop, shop.spec.run)
    shared = learnt.of_picture(source.sha256)
    saved = unpack_overlays(source.companion, intent.preset) if source.companion else ()
    digests = [learnt.digest if shared else "", source.companion_sha256]
    return Known((*saved, *shared), "+".join(filter(None, digests))) if saved or shared else None


def boxes_of(done: Done) -> tuple[Box, ...]:
    """Where they lie in the picture."""
    return tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in done.facts["boxes"])


def beneath(done: Done, n: int) -> tuple[Patch, Zone]:
    """The pixels beneath overlay `n`, written where they may be believed; and what of its hole may not."""
    x0, y0, _, _ = boxes_of(done)[n]
    hole, trusted = (decode_mask(done.load(f"{name}-{n}")) > 0 for name in ("alpha", "trusted"))
    return Patch(x0, y0, decode_pixels(done.load(f"pixels-{n}")), hole & trusted), hole & ~trusted


def regions_of(done: Done, raster: Raster, feather: int, lines: Sequence[TextLine]) -> tuple[Region, ...]:
    """A region for each overlay; its text is that of the lines that it covers."""
    made = []
    for n, (x0, y0, x1, y1) in enumerate(boxes_of(done)):
        box = spread((x0, y0, x1, y1), feather, (raster.height, raster.width))
        mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.float32)
        mask[y0 - box[1] : y1 - box[1], x0 - box[0] : x1 - box[0]] = decode_mask(done.load(f"alpha-{n}"))
        own = [line for line in lines if covers((x0, y0, x1, y1), line)]
        made.append(Region(
            0, box, from_levels(to_levels(mask)), "text", " ".join(line.text for line in own if line.text),
            min((line.score for line in own), default=1.0), "repeated", key=f"repeated-{n}",
        ))  # fmt: skip
    return tuple(made)


def covers(box: Box, line: TextLine) -> bool:
    """Whether a line lies mostly in a box."""
    xs, ys = zip(*line.polygon, strict=True)
    wide = min(max(xs), box[2]) - max(min(xs), box[0])
    tall = min(max(ys), box[3]) - max(min(ys), box[1])
    whole = max((max(xs) - min(xs)) * (max(ys) - min(ys)), 1e-6)
    return bool(wide > 0 and tall > 0 and wide * tall > COVERED * whole)
