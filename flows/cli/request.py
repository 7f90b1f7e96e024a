"""From command-line options to intents and jobs; shared by `edit`, `generate` and `plan`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from flows.cli.check import check_job
from flows.cli.destination import Destination, destinations
from flows.options import TextChoice, one_of, parse_boxes, parse_engines, parse_params, parse_text
from tasks.detection.masks import parse_mask
from tasks.errors import BadRequest
from tasks.intents import (
    MOST_PROTECTED,
    Clean,
    Coordinates,
    Intent,
    MaskSpec,
    RemoveObject,
    RemoveText,
    Replace,
    Rights,
    Upscale,
    companion_of,
    with_companion,
)
from tasks.job import SAFE_ID, JobSpec
from tasks.plan import Tier

LONGEST_PROMPT = 2000


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
    preset: str = ""
    protect: Sequence[str] = ()

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
        self._check(chosen[0])
        rights = cast(Rights, self.rights)
        if self.remove_text:
            return RemoveText(text=parse_text(self.text), rights=rights, preset=self.preset)
        if self.upscale:
            return Upscale(scale=cast(Literal[2, 3, 4], self.upscale), protect=self._protected())
        if self.clean:
            return Clean(protect=self._protected())
        mask: MaskSpec = parse_mask(self.mask)
        if self.replace:
            return Replace(mask=mask, prompt=self.replace, rights=rights)
        return RemoveObject(mask=mask, rights=rights)

    def _protected(self) -> tuple[Coordinates, ...]:
        boxes = parse_boxes(self.protect)
        if len(boxes) > MOST_PROTECTED:
            raise BadRequest(f"{len(boxes)} boxes are to be protected", cure=f"at most {MOST_PROTECTED}")
        return boxes

    def _check(self, chosen: str) -> None:
        one_of("--text", self.text, get_args(TextChoice))
        one_of("--rights", self.rights, get_args(Rights))
        one_of("--tier", self.tier, get_args(Tier))
        if self.upscale:
            one_of("--upscale", str(self.upscale), ("2", "3", "4"))
        if len(self.replace) > LONGEST_PROMPT:
            raise BadRequest(
                f"the prompt has {len(self.replace)} characters", cure=f"at most {LONGEST_PROMPT}"
            )
        wanted = chosen in ("--remove-object", "--replace")
        if wanted and not self.mask:
            cure = "--mask FILE, or box:x0,y0,x1,y1, poly:…, key:#rrggbb; or --object-box, --click, --object"
            raise BadRequest(f"{chosen} needs a mask", cure=cure)
        if self.protect and chosen not in ("--upscale", "--clean"):
            raise BadRequest(
                f"{chosen} takes no --protect", cure="leave it out: what the mask leaves out stays as it is"
            )
        if self.preset and not self.remove_text:
            raise BadRequest(f"{chosen} takes no preset", cure="leave out --preset, or use --remove-text")
        if self.mask and not wanted:
            raise BadRequest(
                f"{chosen} takes no mask", cure="leave out --mask, or use --remove-object or --replace"
            )


def edit_jobs(images: Sequence[Path], options: EditOptions) -> tuple[JobSpec, ...]:
    """A job for each picture. Outputs go beside their pictures as `NAME-edited`, or where `out` says.

    Raises BadRequest for what no picture could make right."""
    intent = options.intent()
    beside = companion_of(intent)
    companions = [Path(beside).absolute()] if beside else []
    if companions and not companions[0].is_file():
        kind = "preset" if isinstance(intent, RemoveText) else "mask file"
        raise BadRequest(f"there is no {kind} {companions[0]}", cure="check the path")
    given = [_speakable(image.absolute()) for image in images]
    places = destinations(given, options.out, companions)
    taken: set[str] = set()
    jobs = tuple(
        _job(image, intent, options, place, taken) for image, place in zip(given, places, strict=True)
    )
    for job in jobs[:1]:  # what is checked is the same for all
        check_job(job)
    return jobs


def _job(image: Path, intent: Intent, options: EditOptions, place: Destination, taken: set[str]) -> JobSpec:
    root, key, intent = _rooted(image, intent)
    return JobSpec(
        id=_unique(image.stem, taken), root=root, image=key, intent=intent, out=place.folder, name=place.name,
        suffix=place.suffix, engines=parse_engines(options.engines), params=parse_params(options.params),
        seed=options.seed, tier=cast(Tier, options.tier),
    )  # fmt: skip


def _rooted(image: Path, intent: Intent) -> tuple[str, str, Intent]:
    """The folder that holds the picture and its mask or preset, their keys below it, and the intent with that key.

    Links are followed here, where a person named them: below a root they may not lead out of it."""
    image = Path(os.path.realpath(image))
    beside = companion_of(intent)
    if not beside:
        return str(image.parent), image.name, intent
    where = Path(os.path.realpath(beside))
    root = Path(os.path.commonpath([image.parent, where.parent]))
    keyed = with_companion(intent, where.relative_to(root).as_posix())
    return str(root), image.relative_to(root).as_posix(), keyed


def _speakable(path: Path) -> Path:
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise BadRequest(f"the name {path.name!a} is not UTF-8", cure="rename the file") from error
    return path


def _unique(stem: str, taken: set[str]) -> str:
    safe = "".join(c if SAFE_ID.fullmatch(f"a{c}") else "_" for c in stem)[:100] or "picture"
    safe = safe if SAFE_ID.fullmatch(safe) else f"_{safe}"
    name, n = safe, 2
    while name.lower() in taken:
        name, n = f"{safe}-{n}", n + 1
    taken.add(name.lower())
    return name
