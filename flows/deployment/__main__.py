"""`python -m flows.deployment [process|kubernetes|ecs]`: sets up the Prefect server of the environment, in a process of its own."""

from __future__ import annotations

import sys

from flows.deployment.prepare import prepare
from infra.prefect.pools import KINDS
from tasks.errors import BadRequest


def main(kind: str) -> int:
    """Say each step on stdout. Returns 0, or 2 with what was wrong on stderr."""
    if kind not in KINDS:
        print(f"{kind!r} is no kind of work pool; one of {', '.join(KINDS)}", file=sys.stderr)  # noqa: T201
        return 2
    try:
        prepare(kind, lambda line: print(line, flush=True))  # noqa: T201
    except BadRequest as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "process"))
