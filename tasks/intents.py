"""What a person wants done to a picture: a closed, tagged union. No engine is named here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Rights = Literal["own", "licensed", "unknown"]
Coordinates = tuple[int, int, int, int]
MOST_PROTECTED = 256
"""Boxes that one picture may have protected."""


class Frozen(BaseModel):
    """A value: immutable, hashable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MaskFile(Frozen):
    """A greyscale picture of the same size as the one edited; brighter than half = edit."""

    kind: Literal["file"] = "file"
    path: str
    """Path or store key of the mask, below the manifest's folder."""


class MaskBoxes(Frozen):
    """Axis-aligned boxes, x0,y0,x1,y1 in pixels, half open."""

    kind: Literal["boxes"] = "boxes"
    boxes: tuple[Coordinates, ...] = Field(min_length=1)


class MaskPolygons(Frozen):
    """Closed polygons of x,y vertices in pixels."""

    kind: Literal["polygons"] = "polygons"
    polygons: tuple[tuple[tuple[int, int], ...], ...] = Field(min_length=1)


class MaskColourKey(Frozen):
    """Every pixel within `tolerance` levels (of 255, per channel) of a colour."""

    kind: Literal["colour-key"] = "colour-key"
    colour: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")
    tolerance: int = Field(default=24, ge=0, le=255)


Points = tuple[tuple[int, int], ...]


class MaskObjectBox(Frozen):
    """The outline of the object that fills each box, and not the box itself."""

    kind: Literal["object-box"] = "object-box"
    boxes: tuple[Coordinates, ...] = Field(min_length=1, max_length=64)
    on: Points = Field(default=(), max_length=64)
    """Points, x,y in pixels, that lie on the objects."""
    off: Points = Field(default=(), max_length=64)
    """Points that do not."""


class MaskClick(Frozen):
    """The outline of the one object that all points `on` lie on, and none of `off`."""

    kind: Literal["click"] = "click"
    on: Points = Field(min_length=1, max_length=64)
    off: Points = Field(default=(), max_length=64)


class MaskWords(Frozen):
    """The outlines of whatever the words name."""

    kind: Literal["words"] = "words"
    words: str = Field(min_length=1, max_length=200, pattern=r"\S")


MaskSpec = Annotated[
    MaskFile | MaskBoxes | MaskPolygons | MaskColourKey | MaskObjectBox | MaskClick | MaskWords,
    Field(discriminator="kind"),
]
BY_OBJECT = (MaskObjectBox, MaskClick, MaskWords)
"""The masks that are drawn by an engine."""


class RemoveText(Frozen):
    """Remove overlay text and bring back what lay under it."""

    kind: Literal["remove_text"] = "remove_text"
    text: Literal["overlay", "scene", "all"] = "overlay"
    rights: Rights = "unknown"
    preset: str = ""
    """Path or store key, below the manifest's folder, of overlays learnt from a supplier's other pictures."""


class RemoveObject(Frozen):
    """Remove what the mask covers and continue the surroundings."""

    kind: Literal["remove_object"] = "remove_object"
    mask: MaskSpec
    rights: Rights = "unknown"


class Replace(Frozen):
    """Put what the prompt describes where the mask is."""

    kind: Literal["replace"] = "replace"
    mask: MaskSpec
    prompt: str = Field(min_length=1, max_length=2000)
    rights: Rights = "unknown"


class Generate(Frozen):
    """Make a picture from a prompt alone."""

    kind: Literal["generate"] = "generate"
    prompt: str = Field(min_length=1, max_length=2000)
    width: int = Field(default=512, ge=1, le=8192)
    height: int = Field(default=512, ge=1, le=8192)


class Upscale(Frozen):
    """Enlarge by a whole factor; nothing invented."""

    kind: Literal["upscale"] = "upscale"
    scale: Literal[2, 3, 4] = 2
    protect: tuple[Coordinates, ...] = Field(default=(), max_length=MOST_PROTECTED)
    """Boxes of the source, x0,y0,x1,y1 in pixels, half open, that are enlarged by the baseline alone: no network touches them."""


class Clean(Frozen):
    """Remove JPEG artefacts and noise at the same size."""

    kind: Literal["clean"] = "clean"
    protect: tuple[Coordinates, ...] = Field(default=(), max_length=MOST_PROTECTED)
    """Boxes, x0,y0,x1,y1 in pixels, half open, that stay as they are."""


Intent = Annotated[
    RemoveText | RemoveObject | Replace | Generate | Upscale | Clean, Field(discriminator="kind")
]
IntentKind = Literal["remove_text", "remove_object", "replace", "generate", "upscale", "clean"]

BY_REGION = (RemoveText, RemoveObject, Replace)
"""The intents that edit regions and leave the rest of the picture as it is."""


def companion_of(intent: Intent) -> str:
    """The file that an intent names beside the picture: a mask or a preset; empty for none."""
    if isinstance(intent, RemoveText):
        return intent.preset
    mask = getattr(intent, "mask", None)
    return mask.path if isinstance(mask, MaskFile) else ""


def with_companion(intent: Intent, path: str) -> Intent:
    """The same intent with that file named by another path."""
    if isinstance(intent, RemoveText):
        return intent.model_copy(update={"preset": path})
    return intent.model_copy(update={"mask": MaskFile(path=path)})


INTENT: TypeAdapter[Intent] = TypeAdapter(Intent)
"""Validates an intent from a dict or JSON."""
