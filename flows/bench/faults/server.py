"""A Prefect server of the bench's own, started for it and ended with it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 300.0


@contextmanager
def prefect_server(folder: Path) -> Iterator[str]:
    """Its API's address, which is in the environment while the block runs. Raises RuntimeError where it does not come up."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    folder.mkdir(parents=True, exist_ok=True)
    own = {
        "PREFECT_HOME": str(folder), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1",
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder / 'prefect.db'}",
        "PREFECT_LOGGING_LEVEL": "ERROR",
    }  # fmt: skip
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port]
    before = {name: os.environ.get(name) for name in (*own, "PREFECT_API_URL")}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **own}, stdout=log, stderr=log)  # noqa: S603 - ours
    try:
        _answers(f"http://127.0.0.1:{port}/api", process)
        os.environ.update(own, PREFECT_API_URL=f"http://127.0.0.1:{port}/api")
        yield f"http://127.0.0.1:{port}/api"
    finally:
        process.terminate()
        process.wait(30)
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def _answers(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):  # noqa: S310 - of this machine
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the Prefect server does not answer")
