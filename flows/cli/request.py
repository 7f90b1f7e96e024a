"""From command-line options to intents and jobs; shared by `edit`, `generate` and `plan`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from flows.options import parse_engines, parse_params
from tasks.detection.masks import parse_mask
from tasks.errors import BadRequest
from tasks.intents import (
    Clean,
    Intent,
    MaskFile,
    MaskSpec,
    RemoveObject,
    RemoveText,
    Replace,
    Rights,
    Upscale,
)
from tasks.job import SAFE_ID, JobSpec
from tasks.plan import Tier

Text = Literal["overlay", "scene", "all"]
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class EditOptions:
    """What `edit` and `plan` take besides pictures."""

    remove_text: bool = False
    remove_object: bool = False
    replace: str = ""
    upscale: int = 0
    clean: bool = False
    mask: str = ""
    text: str = "overlay"
    rights: str = "unknown"
    tier: str = "final"
    engines: Sequence[str] = ()
    params: Sequence[str] = ()
    seed: int = 0
    out: str = ""

    def intent(self) -> Intent:
        """Exactly one intent; BadRequest names what is missing or too many."""
        chosen = [
            name for name, given in (
                ("--remove-text", self.remove_text), ("--remove-object", self.remove_object),
                ("--replace", self.replace), ("--upscale", self.upscale), ("--clean", self.clean),
            ) if given
        ]  # fmt: skip
        if len(chosen) != 1:
            said = f"{' and '.join(chosen)} were given together" if chosen else "nothing to do was named"
            cure = "choose one of --remove-text, --remove-object, --replace, --upscale, --clean"
            raise BadRequest(said, cure=cure)
        rights = cast(Rights, self.rights)
        if self.remove_text:
            return RemoveText(text=cast(Text, self.text), rights=rights)
        if self.upscale:
            return Upscale(scale=cast(Literal[2, 3, 4], self.upscale))
        if self.clean:
            return Clean()
        if not self.mask:
            raise BadRequest(
                f"{chosen[0]} needs a mask",
                cure="--mask FILE, or --mask box:x0,y0,x1,y1, poly:…, key:#rrggbb",
            )
        mask: MaskSpec = parse_mask(self.mask)
        return (
            Replace(mask=mask, prompt=self.replace, rights=rights)
            if self.replace
            else RemoveObject(mask=mask, rights=rights)
        )


def edit_jobs(images: Sequence[Path], options: EditOptions) -> tuple[JobSpec, ...]:
    """A job for each picture. Outputs go beside their pictures as `NAME-edited`, or where `out` says."""
    intent = options.intent()
    taken: set[str] = set()
    return tuple(_job(image, intent, options, len(images), taken) for image in images)


def _job(image: Path, intent: Intent, options: EditOptions, pictures: int, taken: set[str]) -> JobSpec:
    root, key, intent = _rooted(image.absolute(), intent)
    out, name, suffix = _destination(image.absolute(), options.out, pictures)
    return JobSpec(
        id=_unique(image.stem, taken), root=root, image=key, intent=intent, out=out, name=name, suffix=suffix,
        engines=parse_engines(options.engines), params=parse_params(options.params), seed=options.seed,
        tier=cast(Tier, options.tier),
    )  # fmt: skip


def _rooted(image: Path, intent: Intent) -> tuple[str, str, Intent]:
    """The folder that holds the picture and its mask, their keys below it, and the intent with the mask's key."""
    mask = getattr(intent, "mask", None)
    if not isinstance(mask, MaskFile):
        return str(image.parent), image.name, intent
    where = Path(mask.path).absolute()
    root = Path(os.path.commonpath([image.parent, where.parent]))
    keyed = MaskFile(path=where.relative_to(root).as_posix())
    return str(root), image.relative_to(root).as_posix(), intent.model_copy(update={"mask": keyed})


def _destination(image: Path, out: str, pictures: int) -> tuple[str, str, str]:
    """Folder (or `s3://`), file name without suffix, and the suffix when the person chose one."""
    if not out:
        return str(image.parent), f"{image.stem}-edited", ""
    path = Path(out)
    named = path.suffix.lower() in SUFFIXES and not path.is_dir() and not out.startswith("s3://")
    if named and pictures > 1:
        raise BadRequest(f"--out {out} is one file for {pictures} pictures", cure="give a folder")
    if named:
        return str(path.absolute().parent), path.stem, path.suffix.lower()
    return (out if out.startswith("s3://") else str(path.absolute())), image.stem, ""


def _unique(stem: str, taken: set[str]) -> str:
    safe = "".join(c if SAFE_ID.fullmatch(f"a{c}") else "_" for c in stem)[:100] or "picture"
    safe = safe if SAFE_ID.fullmatch(safe) else f"_{safe}"
    name, n = safe, 2
    while name.lower() in taken:
        name, n = f"{safe}-{n}", n + 1
    taken.add(name.lower())
    return name
