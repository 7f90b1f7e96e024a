"""The stack of one home: which parts it has, and the three things one does with it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from infra.stack import environment, ports, state, supervisor
from infra.stack.contract import Part, StackError
from infra.stack.layout import Layout
from infra.stack.parts import ROOT, WORKER_PART, make_folders, parts
from infra.stack.supervisor import PartStatus

SETTING_UP = 400.0
"""Seconds for pool, limits and deployments."""
NO_PORTS = dict.fromkeys(ports.LISTENING, 0)


def up(
    layout: Layout,
    wanted: Mapping[str, int],
    *,
    timeout: float,
    deploy: Sequence[str],
    tell: Callable[[str], None],
) -> None:
    """Start what does not run and wait until all of it answers; then write the file to source.

    wanted: ports by part, 0 or missing = any. deploy: the command that sets the Prefect server up, in the stack's own
    environment. Raises StackError: then nothing that this call started runs any more."""
    with state.alone(layout):
        make_folders(layout)
        chosen = _ports(layout, wanted)
        prepare = partial(_deploy, deploy, environment.of_parts(layout, chosen), tell)
        mine = [replace(part, timeout=timeout) for part in parts(layout, chosen, prepare_prefect=prepare)]
        supervisor.up(layout, mine, tell)
        environment.write(layout, chosen)


def down(layout: Layout, *, purge: bool = False) -> int:
    """Stop all of it; how many processes there were. purge: delete its data. Raises StackError."""
    with state.alone(layout):
        return supervisor.down(layout, purge=purge)


def status(layout: Layout) -> tuple[PartStatus, ...]:
    """Every part as it is now. Reads only."""
    return _status(layout)


def _ports(layout: Layout, wanted: Mapping[str, int]) -> dict[str, int]:
    """The ports of this start. What is left of parts that broke is ended first, since it may still hold theirs; and
    where an address changes, so is the worker, which was told the old one."""
    condition = {part.name: part.condition for part in _status(layout)}
    supervisor.stop(layout, [name for name, how in condition.items() if how != "running"])
    held = frozenset(name for name, how in condition.items() if how == "running")
    before = ports.remembered(layout)
    chosen = ports.chosen(layout, wanted, held=held)
    if chosen != before:
        supervisor.stop(layout, [WORKER_PART])
    return chosen


def _status(layout: Layout) -> tuple[PartStatus, ...]:
    known = ports.remembered(layout)
    all_parts: tuple[Part, ...] = parts(layout, known or NO_PORTS)
    found = supervisor.status(layout, all_parts)
    return found if known else tuple(replace(part, address="") for part in found)


def _deploy(command: Sequence[str], told: Mapping[str, str], tell: Callable[[str], None]) -> None:
    """In a process of its own, since Prefect reads its settings once. Raises StackError with what it said."""
    tell("work pool, limits, automation, deployments …")
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command, cwd=ROOT, env=dict(told), check=False, capture_output=True, text=True, timeout=SETTING_UP,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise StackError(f"it took more than {SETTING_UP:g} s") from error
    if done.returncode:
        raise StackError((done.stderr.strip() or done.stdout.strip())[-2000:])
