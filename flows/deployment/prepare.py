"""One command's worth of setting a Prefect server up: everything that prefect.yaml takes for granted, then prefect.yaml."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from prefect import get_client
from prefect.exceptions import PrefectException

from flows.deployment.limits import put_limits
from flows.deployment.pools import put_pool
from flows.deployment.zombies import put_automation
from infra.prefect.pools import Kind
from tasks.errors import BadRequest

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "prefect.yaml"
SECONDS = 300


def prepare(kind: Kind, tell: Callable[[str], None]) -> None:
    """Work pool, limits, automation and the deployments of prefect.yaml, on the server of Prefect's settings.

    May be done again: what is there is brought up to date. Raises BadRequest when there is no server, or it refuses."""
    from prefect.settings import PREFECT_API_URL

    api = PREFECT_API_URL.value()
    if not api:
        raise BadRequest(
            "no Prefect server is named",
            cure="`pentimento stack up`, or set PREFECT_API_URL to the server's /api",
        )
    try:
        with get_client(sync_client=True) as client:
            tell(f"work pool {put_pool(client, kind)} ({kind})")
            for limit in put_limits(client):
                tell(f"limit {limit.name}: {limit.slots} ({limit.what})")
            tell(f"automation {put_automation(client)}")
    except (PrefectException, OSError) as error:
        raise BadRequest(f"the Prefect server at {api} refused: {error}", cure="pentimento doctor") from error
    deploy()
    tell(f"deployments of {PROJECT.name}")


def deploy() -> None:
    """`prefect deploy --all`, asking nothing. Raises BadRequest with what it said."""
    if not PROJECT.is_file():
        raise BadRequest(
            f"{PROJECT} is not there", cure="run it from a clone: deployments are no part of a wheel"
        )
    command = [
        sys.executable,
        "-m",
        "prefect",
        "--no-prompt",
        "deploy",
        "--all",
        "--prefect-file",
        str(PROJECT),
    ]
    done = subprocess.run(  # noqa: S603 - fixed words
        command,
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-2000:]
        raise BadRequest(f"`prefect deploy --all` failed: {said}", cure="correct prefect.yaml")
