"""Read a manifest: CSV, JSON lines or Parquet, local or on S3, into one job a row; bad rows are all named at once.

Columns: `id, image, intent, mask, prompt, scale, rights, text, preset, protect, supplier, size, seed, engine, param, truth`. `image`, `mask`,
`preset` and `truth` are keys below the manifest's own folder; overlays that several pictures share are learnt from each supplier's apart. `protect` holds boxes x0,y0,x1,y1 with `;` between. `engine` and `param` are `;`-separated `stage=id` and `stage.name=value` pairs. `truth` is the picture as it
should come out, where that is known: comparisons measure against it, and nothing else reads it.
"""

from __future__ import annotations

import posixpath
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flows.manifest_records import Record, read_records
from flows.options import parse_boxes, parse_engines, parse_params, parse_text
from infra.secrets import without_secrets
from infra.store.contract import Forbidden, NotFound
from infra.store.store import open_store
from tasks.detection.masks import parse_mask
from tasks.errors import BadManifest, BadRequest, PentimentoError
from tasks.intents import INTENT, Intent
from tasks.job import SAFE_ID, JobSpec
from tasks.plan import Tier
from tasks.spooled import Picked, held

COLUMNS = (
    "id", "image", "intent", "mask", "prompt", "scale", "rights", "text", "preset", "protect", "supplier", "size", "seed",
    "engine", "param", "truth",
)  # fmt: skip
REQUIRED = ("id", "image", "intent")
MOST_BYTES = 2**28
"""Of a manifest: it is held in memory as it is read."""
_MOST_NAMES = 1_000
"""Columns that are told apart."""
INTENTS = ("remove_text", "remove_object", "replace", "generate", "upscale", "clean")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a job, or the reason why it is none."""

    line: int
    id: str
    image: str
    job: JobSpec | None
    problem: str = ""
    truth: str = ""
    """Key of the true picture below the manifest's folder; empty where it is not known."""


@dataclass(frozen=True)
class Manifest:
    """All rows of a manifest, in order; those of a long one are not in memory, but read when they are asked for."""

    root: str
    rows: Sequence[Row]
    unknown_columns: tuple[str, ...] = ()

    @cached_property
    def jobs(self) -> Sequence[JobSpec]:
        """The good rows."""
        if isinstance(self.rows, tuple):
            return tuple(row.job for row in self.rows if row.job)
        return Picked(self._job, array("L", (n for n, row in enumerate(self.rows) if row.job)))

    def _job(self, place: int) -> JobSpec:
        job = self.rows[place].job
        assert job is not None
        return job

    @property
    def problems(self) -> tuple[str, ...]:
        """Every bad row as `line N (id): reason`."""
        return tuple(f"line {r.line} ({r.id}): {r.problem}" for r in self.rows if r.problem)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the command line says for rows that do not."""

    out: str
    tier: Tier = "final"
    seed: int = 0
    engines: Mapping[str, str] | None = None
    params: Mapping[str, Mapping[str, str | int | float | bool]] | None = None


def read_manifest(location: str, defaults: Defaults, *, s3_endpoint_url: str = "") -> Manifest:
    """Every row of the manifest at a path or `s3://` address.

    Raises BadManifest when it cannot be read at all: missing, not text, no rows, or without a needed column."""
    root, data = fetched(location, s3_endpoint_url)
    columns = set[str]()
    rows = held(_rows(read_records(location, data), root, defaults, columns), Row)
    del data
    if not rows:
        raise BadManifest(
            f"the manifest {location} has no rows", cure="give it a header and at least one row"
        )
    if not columns:
        raise BadManifest(f"the manifest {location}, line {rows[0].line}: {rows[0].problem}")
    missing = [name for name in REQUIRED if name not in columns]
    if missing and not any(row.job for row in rows):  # what is generated needs no column of images
        raise BadManifest(
            f"the manifest {location} has no column {', '.join(missing)}",
            cure=f"columns are {', '.join(COLUMNS)}",
        )
    return Manifest(root, rows, tuple(sorted(_shown(name) for name in columns - set(COLUMNS))))


def fetched(location: str, s3_endpoint_url: str, what: str = "manifest") -> tuple[str, bytes]:
    """Its folder, and the bytes of a file at a path or `s3://` address. Raises BadManifest, which calls the file `what`."""
    if location.startswith("s3://"):
        root, name = posixpath.split(location)
    elif "://" in location:
        raise BadManifest(f"{location} is not a local path or s3:// address")
    else:
        path = Path(location).absolute()
        root, name = str(path.parent), path.name
        if not path.is_file():
            raise BadManifest(f"there is no {what} {location}", cure="check the path")
    try:
        backend = open_store(root, s3_endpoint_url).backend
        entry = backend.entry(name)
        if entry and entry.size > MOST_BYTES:
            raise BadManifest(
                f"the {what} {location} has {entry.size} bytes, the limit is {MOST_BYTES}",
                cure="divide it into several",
            )
        return root, backend.get(name)
    except (NotFound, Forbidden) as error:
        raise BadManifest(f"the {what} {without_secrets(location)} cannot be read: {error}") from error


def _rows(records: Iterator[Record], root: str, defaults: Defaults, columns: set[str]) -> Iterator[Row]:
    """Every row, in order. columns: takes the names of those that occur."""
    seen: set[str] = set()
    for record in records:
        if len(columns) < _MOST_NAMES:
            columns.update(record.cells)
        yield _row(record, root, defaults, seen)


def _row(read: Record, root: str, defaults: Defaults, seen: set[str]) -> Row:
    line, record = read.line, read.cells
    if read.problem:
        return Row(line, f"row-{line}", "", None, read.problem)
    name, image = record.get("id", ""), _shown(record.get("image", ""))
    shown = name if SAFE_ID.fullmatch(name) else f"row-{line}"
    try:
        _writable(record)
        if not SAFE_ID.fullmatch(name):
            raise BadRequest(
                f"id {name[:60]!r} is not usable as a file name", cure="use letters, digits, . _ -"
            )
        if name.lower() in seen:
            shown = f"row-{line}"
            raise BadRequest(f"id {name!r} stands in an earlier row", cure="give every row an id of its own")
        seen.add(name.lower())
        job = JobSpec(
            id=name, root=root, image=_image(record), intent=_intent(record), out=defaults.out, tier=defaults.tier,
            seed=_whole(record, "seed", defaults.seed), supplier=record.get("supplier", ""),
            engines={**(defaults.engines or {}), **parse_engines(record.get("engine", "").split(";"))},
            params=_merged(defaults.params or {}, parse_params(record.get("param", "").split(";"))),
        )  # fmt: skip
        return Row(line, name, image, job, truth=record.get("truth", ""))
    except ValidationError as error:
        first = error.errors()[0]
        return Row(
            line, shown, image, None, f"{'.'.join(map(str, first['loc'][1:]))}: {first['msg']}".strip(": ")
        )
    except PentimentoError as error:
        return Row(
            line, shown, image, None, f"{error.message} ({error.cure})" if error.cure else error.message
        )
    except (
        ValueError,
        OverflowError,
    ) as error:  # such as a number of thousands of digits: one row's fault alone
        return Row(line, shown, image, None, f"a cell cannot be understood: {str(error)[:200]}")


def _writable(record: Mapping[str, str]) -> None:
    """Raises BadRequest for half a character: it would break the first record of the run that names it."""
    for column, text in record.items():
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise BadRequest(
                f"{_shown(column)[:60]} holds half of a character", cure="save the manifest as UTF-8 text"
            )


def _shown(text: str) -> str:
    """As records and pages may hold it: short, and without halves of characters, which no file can be written with."""
    return text[:1000].encode("utf-8", "backslashreplace").decode()


def _image(record: Mapping[str, str]) -> str:
    image = record.get("image", "")
    if record.get("intent") != "generate" and not image:
        raise BadRequest("no image", cure="give its path relative to the manifest")
    return image


def _whole(record: Mapping[str, str], column: str, default: int) -> int:
    text = record.get(column, "")
    try:
        return int(float(text)) if text else default
    except (ValueError, OverflowError) as error:
        raise BadRequest(f"{column} {text!r} is not a whole number") from error


def _merged(*layers: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for layer in layers:
        for stage, params in layer.items():
            merged.setdefault(stage, {}).update(params)
    return merged


def _intent(record: Mapping[str, str]) -> Intent:
    kind = record.get("intent", "")
    if kind not in INTENTS:
        raise BadRequest(f"intent {kind!r} is not known", cure=f"one of {', '.join(INTENTS)}")
    fields: dict[str, Any] = {"kind": kind}
    if kind in ("remove_object", "replace"):
        if not record.get("mask"):
            raise BadRequest(
                f"{kind} needs a mask", cure="a file, box:…, poly:…, key:…, object:…, click:… or words:…"
            )
        fields["mask"] = parse_mask(record["mask"])
    if kind in ("replace", "generate"):
        fields["prompt"] = record.get("prompt", "")
    if kind == "upscale":
        fields["scale"] = _whole(record, "scale", 2)
    if kind in ("upscale", "clean"):
        fields["protect"] = parse_boxes([record.get("protect", "")])
    if kind in ("remove_text", "remove_object", "replace") and record.get("rights"):
        fields["rights"] = record["rights"]
    if kind == "remove_text" and record.get("text"):
        fields["text"] = parse_text(record["text"])
    if kind == "remove_text":
        fields["preset"] = record.get("preset", "")
    if kind == "generate" and record.get("size"):
        fields["width"], fields["height"] = _size(record["size"])
    return INTENT.validate_python(fields)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise BadRequest(f"size {text!r} is not WIDTHxHEIGHT", cure="such as 512x512")
    return int(width), int(height)
