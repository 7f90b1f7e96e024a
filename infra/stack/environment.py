"""What the stack's processes are told, and the file by which a shell uses the stack."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from infra.stack.files import write_whole
from infra.stack.layout import Layout
from infra.stack.ports import HOST
from infra.stack.swift import SwiftServer

BUCKET = "pentimento"
STORE = f"s3://{BUCKET}/store"
FOREIGN = ("PREFECT_", "MLFLOW_", "AWS_")
"""Of the caller's environment, what would lead the parts to other servers."""
HEAD = """# Written by `pentimento stack up`; gone after `pentimento stack down`. Use it with:  . {path}
# The S3 account is the local server's only one, and good for nothing else.
"""


def addresses(ports: Mapping[str, int]) -> dict[str, str]:
    """Of each server: where it is."""
    return {
        "prefect": f"http://{HOST}:{ports['prefect']}/api",
        "mlflow": f"http://{HOST}:{ports['mlflow']}",
        "s3": f"http://{HOST}:{ports['s3']}",
        "worker": f"http://{HOST}:{ports['worker']}",
    }


def settings(layout: Layout, ports: Mapping[str, int]) -> dict[str, str]:
    """The environment variables by which any command uses the stack."""
    at = addresses(ports)
    return {
        "PENTIMENTO_HOME": str(layout.folder.parent),
        "PENTIMENTO_STORE": STORE,
        "PENTIMENTO_S3_ENDPOINT_URL": at["s3"],
        "PENTIMENTO_TRACKING_URI": at["mlflow"],
        "PREFECT_API_URL": at["prefect"],
        "AWS_ACCESS_KEY_ID": SwiftServer.access_key,
        "AWS_SECRET_ACCESS_KEY": SwiftServer.secret_key,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": _no_proxy(os.environ),
    }


def of_parts(layout: Layout, ports: Mapping[str, int]) -> dict[str, str]:
    """The whole environment of the stack's own processes: the caller's, without what would lead them elsewhere."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    own = {
        "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PREFECT_HOME": str(layout.prefect), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONUNBUFFERED": "1",
        # it would keep eight processes and 1.5 GB for judging language models
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }  # fmt: skip
    return {**plain, **own, **settings(layout, ports)}


def write(layout: Layout, ports: Mapping[str, int]) -> None:
    """The file to source."""
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in settings(layout, ports).items()]
    write_whole(layout.environment, HEAD.format(path=shlex.quote(str(layout.environment))) + "".join(lines))


@contextmanager
def borrowed(values: Mapping[str, str]) -> Iterator[None]:
    """These variables in this process's environment, and what was there before put back. For a command with one thread."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _no_proxy(environment: Mapping[str, str]) -> str:
    known = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    names = [name for name in known.split(",") if name]
    return ",".join(dict.fromkeys([*names, HOST, "localhost"]))
