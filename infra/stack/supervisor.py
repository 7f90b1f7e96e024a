"""Starts, looks at and stops the parts of a stack. Holds nothing itself: every call begins from what really runs."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import psutil  # type: ignore[import-untyped]

from infra.stack import processes, state
from infra.stack.contract import Part, StackError
from infra.stack.layout import Layout
from infra.stack.state import Started

Condition = Literal["running", "not answering", "ended", "stopped"]
LOOKS = 3
"""How often nothing must be found, one after the other, before nothing is there: a process that is just turning into
another program is not recognised for a moment."""
TAIL = 25
"""Lines of a log that are quoted."""


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One part as it is now."""

    name: str
    title: str
    condition: Condition
    address: str
    pid: int = 0
    uptime: float = 0.0
    """Seconds."""
    problem: str = ""
    cure: str = ""
    log: str = ""


def up(layout: Layout, parts: Sequence[Part], tell: Callable[[str], None]) -> None:
    """Start what does not run, and wait until every part answers; a part that answers already is left as it is.

    Call it within `state.alone`. Raises StackError naming the part that failed; what this call started is then stopped
    again, and nothing else."""
    layout.logs.mkdir(parents=True, exist_ok=True)
    begun: list[str] = []
    try:
        _start_all(layout, parts, tell, begun)
    except BaseException:
        if begun:
            tell("stopping again what was started")
        stop(layout, begun)
        raise


def down(layout: Layout, *, purge: bool = False, grace: float = processes.GRACE) -> int:
    """Stop every process of the stack, found by its mark; how many there were. What is not ours is not touched.

    purge: its data goes too. Call it within `state.alone`."""
    ended = _end_in_turn(layout, grace)
    for path in (layout.state, layout.environment):
        path.unlink(missing_ok=True)
    if purge:
        shutil.rmtree(layout.folder)
    return ended


def stop(layout: Layout, names: Sequence[str]) -> None:
    """End the processes of some parts, the last started first, and forget them."""
    for name in reversed(names):
        processes.end(lambda wanted=name: _of(layout, wanted))  # type: ignore[misc]
    kept = {part: each for part, each in state.read(layout).items() if part not in names}
    if kept or layout.state.exists():
        state.write(layout, kept)


def status(layout: Layout, parts: Iterable[Part]) -> tuple[PartStatus, ...]:
    """Every part as it is now; asks each whether it answers."""
    known = state.read(layout)
    return tuple(_look(layout, part, known.get(part.name)) for part in parts)


def _start_all(layout: Layout, parts: Sequence[Part], tell: Callable[[str], None], begun: list[str]) -> None:
    """Every part as soon as what it needs answers; parts that need nothing of each other come up side by side."""
    waiting, starting, ready = list(parts), dict[str, tuple[Part, float]](), set[str]()
    while waiting or starting:
        free = [part for part in waiting if ready.issuperset(part.after)]
        if not (free or starting):
            raise ValueError(f"no part can come next: {', '.join(part.name for part in waiting)}")
        for part in free:
            waiting.remove(part)
            if _runs(layout, part, tell):
                ready.add(part.name)
                continue
            begun.append(part.name)
            _start(layout, part)
            tell(f"starting {part.title} …")
            starting[part.name] = (part, time.monotonic())
        for part, since in list(starting.values()):
            if _answers(layout, part, since):
                _prepare(layout, part)
                tell(f"{part.title} answers after {time.monotonic() - since:.0f} s: {part.address}")
                del starting[part.name]
                ready.add(part.name)
        time.sleep(0.3 if starting else 0)


def _runs(layout: Layout, part: Part, tell: Callable[[str], None]) -> bool:
    """Whether it runs already; what is left of it is ended when it does not."""
    if _look(layout, part, state.read(layout).get(part.name)).condition != "running":
        stop(layout, [part.name])
        return False
    _prepare(layout, part)
    tell(f"{part.title} runs already: {part.address}")
    return True


def _start(layout: Layout, part: Part) -> None:
    part.before()
    try:
        process = processes.start(
            part.name, part.command, part.environment, stack=layout.folder, folder=part.folder, log=layout.log(part.name)
        )  # fmt: skip
        known = Started(process.pid, process.create_time())
    except (OSError, psutil.Error) as error:
        raise _failed(layout, part, f"cannot be started: {error}") from error
    state.write(layout, {**state.read(layout), part.name: known})


def _answers(layout: Layout, part: Part, since: float) -> bool:
    """Whether it answers by now. Raises StackError when it has ended, or has had its time."""
    known = state.read(layout).get(part.name)
    if known is None or processes.running(known.pid, known.began, layout.folder) is None:
        raise _failed(layout, part, "ended at its start")
    wrong = part.answers()
    if wrong and time.monotonic() - since > part.timeout:
        raise _failed(layout, part, f"did not answer within {part.timeout:g} s: {wrong}")
    return not wrong


def _prepare(layout: Layout, part: Part) -> None:
    try:
        part.prepare()
    except Exception as error:
        raise _failed(layout, part, f"answers, but could not be set up: {error}") from error


def _failed(layout: Layout, part: Part, what: str) -> StackError:
    log = layout.log(part.name)
    lines = [f"{part.title} {what}", *(f"  | {line}" for line in tail(log)), f"the whole log: {log}"]
    return StackError("\n".join([*lines, f"Cure: {part.cure}"]))


def tail(log: object, lines: int = TAIL) -> list[str]:
    """The last lines of a log that are not empty; none when there is no log."""
    from pathlib import Path

    with suppress(OSError):
        return [line for line in Path(str(log)).read_text(errors="replace").splitlines() if line.strip()][
            -lines:
        ]
    return []


def _look(layout: Layout, part: Part, known: Started | None) -> PartStatus:
    process = known and processes.running(known.pid, known.began, layout.folder)
    log = str(layout.log(part.name))
    if known is None:
        return PartStatus(part.name, part.title, "stopped", part.address, cure="pentimento stack up")
    if process is None:
        last = (tail(log, 1) or ["its log is empty"])[0]
        return PartStatus(
            part.name, part.title, "ended", part.address, known.pid,
            problem=f"it ended by itself or was killed; its log ends: {last[:200]}", cure="pentimento stack up", log=log,
        )  # fmt: skip
    uptime = max(0.0, time.time() - known.began)
    wrong = part.answers()
    condition: Condition = "not answering" if wrong else "running"
    cure = f"wait a little; then `pentimento stack up` starts it again. {part.cure}" if wrong else ""
    return PartStatus(part.name, part.title, condition, part.address, known.pid, uptime, wrong, cure, log)


def _of(layout: Layout, name: str) -> list[psutil.Process]:
    return [process for process in processes.family(layout.folder) if processes.part_of(process) == name]


def _end_in_turn(layout: Layout, grace: float) -> int:
    """The last started part first, so that what it leaves behind is still heard; then whatever bears the mark."""
    ended, looks = 0, 0
    while looks < LOOKS:
        left = processes.family(layout.folder)
        looks = 0 if left else looks + 1
        if left:
            name = processes.part_of(left[-1])
            ended += processes.end(lambda wanted=name: _of(layout, wanted), grace=grace)  # type: ignore[misc]
        else:
            time.sleep(0.1)
    return ended
