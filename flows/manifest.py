"""Read a manifest: CSV, JSON lines or Parquet, local or on S3, into one job a row; bad rows are all named at once.

Columns: `id, image, intent, mask, prompt, scale, rights, text, preset, protect, supplier, size, seed, engine, param, truth`. `image`, `mask`,
`preset` and `truth` are keys below the manifest's own folder; overlays that several pictures share are learnt from each supplier's apart. `protect` holds boxes x0,y0,x1,y1 with `;` between. `engine` and `param` are `;`-separated `stage=id` and `stage.name=value` pairs. `truth` is the picture as it
should come out, where that is known: comparisons measure against it, and nothing else reads it.
"""

from __future__ import annotations

import csv
import io
import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flows.options import parse_boxes, parse_engines, parse_params, parse_text
from infra.store.contract import Forbidden, NotFound
from infra.store.store import open_store
from tasks.detection.masks import parse_mask
from tasks.errors import BadManifest, BadRequest, PentimentoError
from tasks.intents import INTENT, Intent
from tasks.job import SAFE_ID, JobSpec
from tasks.plan import Tier

COLUMNS = (
    "id", "image", "intent", "mask", "prompt", "scale", "rights", "text", "preset", "protect", "supplier", "size", "seed",
    "engine", "param", "truth",
)  # fmt: skip
REQUIRED = ("id", "image", "intent")
LINE_BYTES = 1_000_000
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


@dataclass(frozen=True, slots=True)
class Manifest:
    """All rows of a manifest, in order."""

    root: str
    rows: tuple[Row, ...]
    unknown_columns: tuple[str, ...] = ()

    @property
    def jobs(self) -> tuple[JobSpec, ...]:
        """The good rows."""
        return tuple(row.job for row in self.rows if row.job)

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
    records = list(_records(location, data))
    if not records:
        raise BadManifest(
            f"the manifest {location} has no rows", cure="give it a header and at least one row"
        )
    columns = {name for _, record in records for name in record}
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise BadManifest(
            f"the manifest {location} has no column {', '.join(missing)}",
            cure=f"columns are {', '.join(COLUMNS)}",
        )
    seen: set[str] = set()
    rows = tuple(_row(line, record, root, defaults, seen) for line, record in records)
    return Manifest(root, rows, tuple(sorted(columns - set(COLUMNS))))


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
        return root, open_store(root, s3_endpoint_url).backend.get(name)
    except (NotFound, Forbidden) as error:
        raise BadManifest(f"the {what} {location} cannot be read: {error}") from error


def _records(location: str, data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number (1 = the file's first) and cells as text, of whichever format the name's suffix says."""
    suffix = posixpath.splitext(location)[1].lower()
    if suffix == ".parquet":
        yield from _parquet(location, data)
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadManifest(f"the manifest {location} is not UTF-8 text", cure="save it as UTF-8") from error
    if any(len(line) > LINE_BYTES for line in text.split("\n")):
        raise BadManifest(f"the manifest {location} has a line over {LINE_BYTES} characters")
    if suffix in (".jsonl", ".ndjson"):
        yield from _json_lines(location, text)
    elif suffix == ".csv":
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        try:
            for record in reader:
                yield (
                    reader.line_num,
                    {
                        k: (v or "").strip()
                        for k, v in record.items()
                        if isinstance(k, str) and isinstance(v, str | None)
                    },
                )
        except csv.Error as error:
            raise BadManifest(f"the manifest {location}, line {reader.line_num}: {error}") from error
    else:
        raise BadManifest(f"{location}: unknown kind of manifest", cure="name it .csv, .jsonl or .parquet")


def _json_lines(location: str, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    # Only a line feed ends a line of JSON: a text within may hold U+2028 and the like as they are.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except RecursionError as error:
            raise BadManifest(f"the manifest {location}, line {number}: nested too deeply") from error
        except ValueError as error:
            raise BadManifest(f"the manifest {location}, line {number}: not JSON: {error}") from error
        if not isinstance(record, dict):
            raise BadManifest(f"the manifest {location}, line {number}: not an object")
        yield number, {str(k): _cell(v) for k, v in record.items()}


def _parquet(location: str, data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(pyarrow.BufferReader(data))
    except (pyarrow.ArrowException, OSError) as error:
        raise BadManifest(f"the manifest {location} is not Parquet: {error}") from error
    for number, record in enumerate(table.to_pylist(), 1):
        yield number, {str(k): _cell(v) for k, v in record.items()}


def _cell(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _row(line: int, record: Mapping[str, str], root: str, defaults: Defaults, seen: set[str]) -> Row:
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
