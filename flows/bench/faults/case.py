"""A small catalogue in a folder of its own, and what a run of it has left there: to be held against an undisturbed one."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from flows.bench.faults.toys import write_cards, write_picture
from flows.manifest import Defaults, read_manifest
from flows.publish import POINTER
from infra.settings import Settings
from infra.store.at_work import FOLDER
from infra.store.contract import StoreError
from infra.store.keys import TEMPORARY
from infra.store.store import open_store
from tasks.job import JobSpec

SHARD: Final = 2
OF_RUNS = ("run", "shown")
"""Records about runs, whose keys and bytes are theirs."""


@dataclass(frozen=True)
class Case:
    """Everything below one folder, which may be emptied: the pictures and the cards stay."""

    folder: Path
    pictures: int = 4

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, cards=str(self.folder / "cards"), sample=1, workers=1)

    def write(self) -> Case:
        """The pictures and the cards."""
        write_cards(self.folder / "cards")
        for n in range(self.pictures - 1):
            write_picture(self.folder / "in" / f"p{n}.png", n)
        (self.folder / "in" / f"p{self.pictures - 1}.png").write_bytes(b"no picture")
        with self.manifest.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(("id", "image", "rights", "intent", "mask", "scale", "engine"))
            rows.writerows((f"p{n}", f"p{n}.png", "own", *ROWS[n % len(ROWS)]) for n in range(self.pictures))
        return self

    def empty(self) -> None:
        """As before the first run."""
        for folder in (self.out, self.home):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def manifest(self) -> Path:
        return self.folder / "in" / "catalogue.csv"

    @property
    def jobs(self) -> Sequence[JobSpec]:
        """Text, an object, an enlargement, text …, and one that is no picture."""
        return read_manifest(str(self.manifest), Defaults(str(self.out))).jobs


ROWS: Final = (
    ("remove_text", "", "", "detection=toy-reader;generation=toy-fill"),
    ("remove_object", "box:12,14,30,24", "", "generation=toy-fill"),
    ("upscale", "", "2", "enhancement=bicubic"),
)
"""Intent, mask, scale and engines, in turn."""


@dataclass(frozen=True, slots=True)
class Left:
    """What lies in a case's folder: digests by name."""

    outputs: dict[str, str] = field(default_factory=dict)
    """Pictures, without the pointer and its manifests."""
    records: frozenset[str] = frozenset()
    artifacts: frozenset[str] = frozenset()
    damaged: tuple[str, ...] = ()
    """Artifacts that are not what they are named by, records that cannot be read, pieces of files."""
    runs: tuple[str, ...] = ()
    visible: dict[str, str] = field(default_factory=dict)
    """Of the published manifest: file to digest."""

    def apart(self, ref: Left) -> tuple[list[str], list[str]]:
        """What of `ref` is missing or other here, and what is here besides."""
        lost = [f"output {n}" for n, sha in ref.outputs.items() if self.outputs.get(n) != sha]
        lost += [f"visible {n}" for n, sha in ref.visible.items() if self.visible.get(n) != sha]
        lost += [f"record {n}" for n in ref.records - self.records]
        lost += [f"artifact {n}" for n in ref.artifacts - self.artifacts]
        more = [f"output {n}" for n in self.outputs.keys() - ref.outputs.keys()]
        more += [f"visible {n}" for n in self.visible.keys() - ref.visible.keys()]
        more += [f"record {n}" for n in self.records - ref.records]
        more += [f"artifact {n}" for n in self.artifacts - ref.artifacts]
        more += [f"run {n}" for n in self.runs[2:]]
        return lost, more


def left(case: Case) -> Left:
    """Reads everything, and changes nothing."""
    store, home = open_store(str(case.home / "store")), case.home / "store"
    damaged: list[str] = []
    # A manifest names its run, whose number is higher where the first did not end well: compared by what it shows.
    manifests = {p.stem for p in (case.out / "published").glob("*.json")}
    artifacts = [key.rpartition("/")[2] for key in store.backend.keys("cas/")]
    for digest in artifacts:
        try:
            store.get(digest)
        except StoreError:
            damaged.append(f"artifact {digest}")
    records = []
    for key in store.backend.keys("stages/"):
        stage, name = key.removeprefix("stages/").split("/")
        if store.read_record(stage, name.removesuffix(".json")) is None:
            damaged.append(f"record {key}")
        if stage not in OF_RUNS:
            records.append(f"{stage}/{name}")
    for key in store.backend.keys("runs/"):
        if key.endswith(".json") and not _is_json(home / key):
            damaged.append(f"document {key}")
        if f"/{FOLDER}/" in key:
            damaged.append(f"mark {key}")
    files = [p for p in case.out.rglob("*") if p.is_file()] if case.out.is_dir() else []
    damaged += [f"piece {p.name}" for p in files if p.name.startswith(TEMPORARY)]
    pictures = [p for p in files if p.suffix != ".json" and not p.name.startswith(TEMPORARY)]
    return Left(
        {str(p.relative_to(case.out)): _sha(p.read_bytes()) for p in pictures}, frozenset(records),
        frozenset(artifacts) - manifests,
        tuple(damaged), tuple(r for r in store.run_ids()), _visible(case.out, damaged),
    )  # fmt: skip


def _visible(out: Path, damaged: list[str]) -> dict[str, str]:
    """By the pointer; a picture that is not what the manifest says is damaged."""
    try:
        pointer = json.loads((out / POINTER).read_bytes())
    except FileNotFoundError:
        return {}
    try:
        manifest = json.loads((out / pointer["manifest_file"]).read_bytes())
    except FileNotFoundError:
        damaged.append(f"pointer to {pointer['manifest_file']}")
        return {}
    shown = {one["file"]: one["sha256"] for one in manifest["pictures"]}
    damaged += [f"visible {f}" for f, sha in shown.items() if _sha((out / Path(f).name).read_bytes()) != sha]
    return shown


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
