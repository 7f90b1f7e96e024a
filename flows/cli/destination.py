"""Where an edited picture goes: never over a picture that was given, and never two to one place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tasks.errors import BadRequest

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
UNWRITTEN = (".bmp", ".gif", ".heic", ".heif", ".avif", ".jp2", ".ppm", ".tga", ".psd", ".svg", ".pdf")
"""Suffixes that mean a file, of kinds that are not written."""
S3 = "s3://"


class Destination(NamedTuple):
    """Folder (or `s3://…`), file name without suffix, and the suffix when the person chose one."""

    folder: str
    name: str
    suffix: str


def named_file(out: str) -> Destination | None:
    """What `out` says when it names one file; None when it is a folder, which need not exist yet.

    Raises BadRequest for a file of a kind that is not written, a file where a folder is wanted, or another address."""
    s3 = out.startswith(S3)
    if "://" in out and not s3:
        raise BadRequest(
            f"--out {out} is neither a path nor s3://…", cure="give a file, a folder or s3://bucket/prefix"
        )
    path = Path(out)
    suffix = path.suffix.lower()
    if not s3 and path.is_dir():
        return None
    if suffix in SUFFIXES:
        folder, _, file = (out if s3 else str(path.absolute())).rpartition("/")
        if not s3 or folder.startswith(S3):
            return Destination(folder or "/", file[: -len(suffix)], suffix)
    if suffix in UNWRITTEN:
        raise BadRequest(
            f"--out {out}: {suffix} files are not written", cure=f"one of {', '.join(SUFFIXES)}, or a folder"
        )
    if not s3 and path.exists():
        raise BadRequest(
            f"--out {out} is a file, not a folder", cure=f"a folder, or a file named {', '.join(SUFFIXES)}"
        )
    return None


def destinations(images: Sequence[Path], out: str, others: Sequence[Path] = ()) -> list[Destination]:
    """A place for each picture: beside it as `NAME-edited`, or where `out` says. Raises BadRequest.

    images: absolute; others: further files that must not be written over, such as the mask."""
    file = named_file(out) if out else None
    if file and len(images) > 1:
        raise BadRequest(f"--out {out} is one file for {len(images)} pictures", cure="give a folder")
    if file:
        if os.path.realpath(out) in {os.path.realpath(given) for given in (*images, *others)}:
            raise BadRequest(f"--out {out} would write over what is read", cure="give another name")
        return [file]
    given = {_place(str(path.parent), path.stem) for path in (*images, *others)}
    taken: set[tuple[str, str]] = set()
    return [_free(image, out, given, taken) for image in images]


def _free(image: Path, out: str, given: set[tuple[str, str]], taken: set[tuple[str, str]]) -> Destination:
    """Whatever the suffixes, a stem is given away once a folder: the format may change on the way."""
    folder = out if out.startswith(S3) else str(Path(out).absolute() if out else image.parent)
    plain = bool(out) and _place(folder, image.stem) not in given
    stem = image.stem if plain else f"{image.stem}-edited"
    name, n = stem, 2
    while _place(folder, name) in given | taken:
        name, n = f"{stem}-{n}", n + 1
    taken.add(_place(folder, name))
    return Destination(folder, name, "")


def _place(folder: str, name: str) -> tuple[str, str]:
    return (folder if folder.startswith(S3) else os.path.realpath(folder)), name.lower()
