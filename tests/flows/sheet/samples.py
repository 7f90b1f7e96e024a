"""Sheets with real content: scikit-image's photographs, text drawn over them and filled in again."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.sheet.model import Sheet, SheetItem, SheetPicture, SheetRegion
from flows.sheet.pictures import thumbnail

Levels = NDArray[np.uint8]
WORDS = ("SALE -30%", "FREE SHIPPING", "new", "(c) studio 2024")


@cache
def photograph(name: str) -> Levels:
    from skimage import data

    pixels = np.asarray(getattr(data, name)(), np.uint8)
    return np.dstack([pixels] * 3) if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., :3])


def overlay(pixels: Levels, text: str, corner: tuple[int, int], scale: float) -> tuple[Levels, Levels]:
    """The picture with text over it, and the text's mask."""
    mask: Levels = np.zeros(pixels.shape[:2], np.uint8)
    cv2.putText(
        mask, text, corner, cv2.FONT_HERSHEY_DUPLEX, scale, (255,), max(1, round(2 * scale)), cv2.LINE_AA
    )
    alpha = mask[..., None] / 255
    out = (pixels * (1 - alpha) + np.array((235, 40, 30)) * alpha).astype(np.uint8)
    return out, mask


@cache
def edited(name: str, text: str, fail: bool = False) -> SheetItem:
    """One text removed by Telea's method; the figures are measured, the timings and engine names are samples."""
    truth = photograph(name)
    height, width = truth.shape[:2]
    scale = width / 420
    before, mask = overlay(truth, text, (width // 12, height // 3), scale)
    hole = cv2.dilate(mask, np.ones((3, 3) if fail else (7, 7), np.uint8)) * (mask.max() > 0)
    if fail:
        hole[:, width // 2 :] = 0
    fill = np.asarray(cv2.inpaint(before, (hole > 0).astype(np.uint8), 5, cv2.INPAINT_TELEA), np.uint8)
    ys, xs = np.nonzero(cv2.dilate(mask, np.ones((13, 13), np.uint8)))
    box = (int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
    error = float(np.mean((fill[mask > 0].astype(float) - truth[mask > 0]) ** 2))
    psnr = 10 * np.log10(255**2 / max(error, 1e-9))
    region = _region(text, box, (before, np.dstack([mask] * 3), fill, fill, fill), fail)
    return SheetItem(
        id=f"{name}-{text.split()[0].lower()}",
        source=f"s3://catalogue/spring/{name}.png",
        output=f"s3://catalogue-out/run-7f3a/{name}.png",
        outcome="needs-review" if fail else "done",
        reason="region 1 still reads “IPPING” after the last engine of the ladder. Cure: give a mask with --mask, "
        "or pull a heavier engine with `pentimento models pull lama`" if fail else "",
        width=width,
        height=height,
        before=thumbnail(before, 640, "before"),
        after=thumbnail(fill, 640, "after"),
        other_tier=None,
        regions=(region,),
        stages=(("triage", "classical", 0.012, True), ("detection", "rapidocr-v4", 0.84, True),
                ("generation", "opencv-telea", 0.31, False), ("blending", "poisson", 0.09, False),
                ("verification", "rapidocr-v4", 0.42, False), ("export", "png", 0.05, False)),
        metrics={"psnr_in_mask": psnr, "outside_changed": 0.0},
    )  # fmt: skip


def _region(text: str, box: tuple[int, int, int, int], steps: tuple[Levels, ...], fail: bool) -> SheetRegion:
    x0, y0, x1, y1 = box
    labels = ("region", "mask", "fill", "blend", "final")
    crops = (thumbnail(s[y0:y1, x0:x1], 320, n) for s, n in zip(steps, labels, strict=True))
    scores = {
        "residual_text": 0.71 if fail else 0.02,
        "leak": 0.004,
        "seam_step": 7.2 if fail else 0.8,
        "grain_ratio": 0.94,
    }
    reasons = (
        ("text still read on 71% of the hole, allowed 10%", "seam step 7.2 levels, allowed 6.0")
        if fail
        else ()
    )
    seconds = {"generation": 0.31, "blending": 0.09, "verification": 0.42}
    return SheetRegion(
        1, "text", text, box, "opencv-telea", "lama" if fail else "", scores, reasons, seconds, tuple(crops)
    )


def with_preview(item: SheetItem) -> SheetItem:
    small = cv2.resize(photograph(item.id.split("-")[0]), None, fx=0.25, fy=0.25)
    return replace(item, other_tier=thumbnail(np.asarray(small, np.uint8), 640, "after, preview"))


def many_regions(name: str) -> SheetItem:
    """One item with a region for each text of a small poster, the last of them failing."""
    item = edited(name, "SALE -30%")
    height, width = photograph(name).shape[:2]
    regions = []
    for n, text in enumerate(WORDS, 1):
        y = height * n // 6
        before, mask = overlay(photograph(name), text, (width // 10, y), width / 700)
        box = (width // 10 - 4, y - width // 30, width // 10 + 24 * len(text), y + 12)
        regions.append(
            replace(_region(text, box, (before, np.dstack([mask] * 3), *[photograph(name)] * 3), n == 4), n=n)
        )
    return replace(item, id=f"{name}-poster", outcome="degraded", reason="telea stood in for lama in region 4: its "
                   "weights are not here. Cure: `pentimento models pull lama`", regions=tuple(regions))  # fmt: skip


def rejected(name: str, reason: str) -> SheetItem:
    return SheetItem(
        name, f"s3://catalogue/spring/{name}", "", "rejected", reason, 0, 0, None, None, None, (), (), {}
    )


def icon() -> SheetItem:
    """A small picture with alpha."""
    y, x = np.mgrid[:48, :64]
    ring = np.abs(np.hypot(x - 32, y - 24) - 16) < 5
    rgba = np.dstack([np.full((48, 64), 40), x * 3, y * 4, ring * 255]).astype(np.uint8)
    plain = SheetPicture("after", *_bytes(rgba[::-1].copy()))
    return replace(
        rejected("icon.png", ""), outcome="unchanged", width=64, height=48, reason="nothing to remove was found",
        before=thumbnail(rgba, 640, "before"), after=plain,
    )  # fmt: skip


def _bytes(rgba: Levels) -> tuple[bytes, str]:
    picture = thumbnail(rgba, 640, "")
    return picture.data, picture.media_type


def sheet(items: tuple[SheetItem, ...], **changes: object) -> Sheet:
    counts: dict[str, int] = {}
    for item in items:
        counts[item.outcome] = counts.get(item.outcome, 0) + 1
    facts = {
        "store": "s3://catalogue-out",
        "plan": "8c11f0de",
        "machine": "2 cores, no GPU",
        "version": "0.1.0",
    }
    whole = Sheet("Spring catalogue", "7f3a9c12", "from manifest.csv", "final", counts, 41.7, items, facts)
    return replace(whole, **changes)  # type: ignore[arg-type]


def demo() -> Sheet:
    """What a small run looks like."""
    return sheet((
        with_preview(edited("astronaut", "SALE -30%")),
        edited("coffee", "FREE SHIPPING", fail=True),
        many_regions("chelsea"),
        edited("rocket", "new in"),
        icon(),
        rejected("corrupt-17.jpg", "corrupt-17.jpg: triage: the JPEG ends after 2,113 of 48,220 bytes. Cure: ask the "
                 "supplier for the file again"),
        rejected("notes.jpg", "notes.jpg: triage: a text file, not a picture. Cure: ask the supplier for the file again"),
        edited("camera", "studio proof"),
    ))  # fmt: skip
