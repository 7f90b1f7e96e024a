"""Notes what a process and its children write and whom they call, by Python's audit events; nothing is prevented."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

LOG = "PENTIMENTO_AUDIT_LOG"
"""The file that events are added to."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = (
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "sqlite3.connect",
)
_IN_A_FOLDER = ("os.mkdir", "os.remove", "os.rmdir")
"""Changes whose last argument may be an open folder that the path begins from."""
_CALLS = ("socket.connect", "socket.getaddrinfo", "socket.sendto")


def install() -> None:
    """From now on, every file opened to be written, every change of a folder and every call of another machine is noted."""
    place = os.environ.get(LOG, "")
    if not place:
        return
    log = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            _, mode, flags = args
            if not (isinstance(flags, int) and flags & _WRITING) and not (
                isinstance(mode, str) and set(mode) & set("wax+")
            ):
                return
            told = [str(args[0])]
        elif event in _CHANGES:
            told = [os.fsdecode(a) if isinstance(a, bytes) else str(a) for a in args[:2]]
            if event in _IN_A_FOLDER and isinstance(args[-1], int) and args[-1] >= 0:
                told[0] = os.path.join(os.readlink(f"/proc/self/fd/{args[-1]}"), told[0])
        elif event in _CALLS:
            told = [str(args[1] if event != "socket.getaddrinfo" else args[0])]
        else:
            return
        os.write(log, (json.dumps([event, os.getcwd(), *told]) + "\n").encode())

    sys.addaudithook(note)


def prepare(folder: Path) -> dict[str, str]:
    """What must be in the environment of a Python process for it, and all that it starts, to be watched. Writes below `folder`."""
    (folder / "site").mkdir(parents=True, exist_ok=True)
    (folder / "site" / "sitecustomize.py").write_text(
        "from flows.bench.hostile.auditing import install\n\ninstall()\n"
    )
    root = str(Path(__file__).parents[3])
    return {LOG: str(folder / "events.jsonl"), "PYTHONPATH": f"{folder / 'site'}{os.pathsep}{root}"}


def events(folder: Path) -> list[list[str]]:
    """What was noted: the event, the working folder, and its paths or address."""
    lines = (folder / "events.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def written_outside(noted: list[list[str]], *roots: Path) -> list[str]:
    """Paths that were written or changed and are not below one of the roots. Devices are no files, and numbers no paths."""
    allowed = (*(os.path.realpath(root) for root in roots), "/dev", "/proc")
    paths = {os.path.realpath(os.path.join(e[1], p)) for e in noted if e[0] not in _CALLS for p in _paths(e)}
    return sorted(p for p in paths if not any(p == root or p.startswith(f"{root}/") for root in allowed))


def _paths(event: list[str]) -> list[str]:
    told = event[2:4] if event[0] in ("os.rename", "os.link") else event[2:3]
    if event[0] == "os.symlink":
        told = event[3:4]
    return [
        p.removeprefix("file:").partition("?")[0]
        for p in told
        if p and not p.lstrip("-").isdigit() and ":memory:" not in p
    ]


def called(noted: list[list[str]]) -> list[str]:
    """Addresses that were called or asked for and are not this machine."""
    here = ("127.", "localhost", "::1", "0.0.0.0", "None", "b'127.", "b'localhost")  # noqa: S104
    return sorted(a for a in _told(noted) if not a.lstrip("('\"").startswith(here))


def called_beyond(noted: list[list[str]], *allowed: tuple[str, int]) -> list[str]:
    """Addresses that were called, by host and port, but none of those; and names asked for that none of those has."""
    ends = {f"('{host}', {port}" for host, port in allowed}
    names = {form for host, _ in allowed for form in (host, f"b'{host}'")}
    return sorted(a for a in _told(noted) if a not in names and not a.startswith(tuple(ends)) and a != "None")


def _told(noted: list[list[str]]) -> set[str]:
    """Addresses of other programs: no files, and nothing that is no address."""
    told = {event[2] for event in noted if event[0] in _CALLS}
    return {a for a in told if not a.startswith(("/", "b'/", "\0"))}
