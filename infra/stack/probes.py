"""Whether a server really does its work: it is asked something that it can only answer when it does."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

SECONDS = 10.0
"""For one answer; a busy machine is slow."""
SEEN = timedelta(seconds=100)
"""A worker says every 30 s that it is there; three may be missed."""
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""A proxy from the environment cannot reach this machine's own loopback."""


def answers_http(url: str) -> str:
    """Empty when `url` answers with 200, else what is wrong."""
    return _asked(url, None)[1]


def answers_mlflow(address: str) -> str:
    """Empty when the server finds its experiments, which takes its database; else what is wrong."""
    _, wrong = _asked(f"{address}/api/2.0/mlflow/experiments/search", {"max_results": 1})
    return wrong


def answers_prefect(api: str) -> str:
    """Empty when the server reads its database, else what is wrong."""
    _, wrong = _asked(f"{api}/work_pools/filter", {"limit": 1})
    return wrong


def answers_worker(health: str, api: str, pool: str, name: str) -> str:
    """Empty when the worker asks for work, and the server has heard so from it; else what is wrong."""
    wrong = answers_http(health)
    if wrong:
        return wrong
    found, wrong = _asked(f"{api}/work_pools/{pool}/workers/filter", {})
    if wrong:
        return f"the Prefect server does not answer: {wrong}"
    beats = [str(each.get("last_heartbeat_time")) for each in found or () if each.get("name") == name]
    if not beats:
        return f"the Prefect server has not heard of a worker {name} in the pool {pool}"
    silent = datetime.now(UTC) - datetime.fromisoformat(beats[0].replace("Z", "+00:00"))
    return (
        "" if silent < SEEN else f"the Prefect server has not heard of it for {silent.total_seconds():.0f} s"
    )


def forget_worker(api: str, pool: str, name: str) -> None:
    """Take a worker that has ended off the server's list, so that the next of its name is not taken for it."""
    request = urllib.request.Request(f"{api}/work_pools/{pool}/workers/{name}", method="DELETE")  # noqa: S310
    with suppress(OSError):
        _direct.open(request, timeout=SECONDS).close()


def _asked(url: str, body: object) -> tuple[Any, str]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - http, by our own parts
    try:
        with _direct.open(request, timeout=SECONDS) as reply:
            text = reply.read()
        return (json.loads(text) if data is not None else None), ""
    except urllib.error.HTTPError as error:
        return None, f"it answers HTTP {error.code}"
    except (OSError, ValueError) as error:
        return None, f"no answer: {getattr(error, 'reason', error)}"
