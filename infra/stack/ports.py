"""Free ports on the loopback, the same ones again where they can be had."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from contextlib import ExitStack

from infra.stack.contract import StackError
from infra.stack.files import write_whole
from infra.stack.layout import Layout

HOST = "127.0.0.1"
LISTENING = ("prefect", "mlflow", "s3", "worker")
"""The parts that listen."""


def remembered(layout: Layout) -> dict[str, int]:
    """The ports of the last start; empty when there was none, or its file is torn."""
    try:
        found = json.loads(layout.ports.read_bytes())
        return {part: int(found[part]) for part in LISTENING}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def chosen(
    layout: Layout, wanted: Mapping[str, int], *, held: frozenset[str] = frozenset()
) -> dict[str, int]:
    """A port for each part that listens: the one asked for, else the last one's if free, else any free one.

    held: parts that run now, whose ports are theirs. Raises StackError when one that was asked for is taken, or a part
    runs at another. The choice is written down."""
    before = remembered(layout)
    ports: dict[str, int] = {}
    with ExitStack() as sockets:
        for part in LISTENING:
            asked, last = wanted.get(part, 0), before.get(part, 0)
            if part in held and last:
                ports[part] = _running_at(part, asked, last)
            else:
                held_socket = sockets.enter_context(_bound(part, asked, last))
                ports[part] = int(held_socket.getsockname()[1])
    write_whole(layout.ports, json.dumps(ports, indent=1) + "\n")
    return ports


def _running_at(part: str, asked: int, last: int) -> int:
    if asked not in (0, last):
        raise StackError(
            f"{part} runs already, at port {last}, not {asked}. Cure: `pentimento stack down` first, or leave the port out"
        )
    return last


def _bound(part: str, asked: int, last: int) -> socket.socket:
    for port in (asked,) if asked else (last, 0):
        held = socket.socket()
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind((HOST, port))
            return held
        except (OSError, OverflowError):
            held.close()
    raise StackError(f"port {asked} for {part} is taken or not allowed. Cure: name another, or leave it out")
