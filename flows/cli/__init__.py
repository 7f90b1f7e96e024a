"""The `pentimento` command, a command a file."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Entry point. Exit codes: 0 good, 1 some pictures rejected or failed, 2 bad usage."""
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "300")
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "WARNING")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")

    from pydantic import ValidationError

    from flows.cli.app import app
    from infra.stack.contract import StackError
    from infra.store.contract import StoreError
    from model_registry.errors import RegistryError
    from tasks.errors import PentimentoError

    try:
        app(prog_name="pentimento")
    except (PentimentoError, RegistryError, StoreError, StackError) as error:
        print(f"pentimento: {error}", file=sys.stderr)
        sys.exit(2)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        print(f"pentimento: {'.'.join(map(str, first['loc']))}: {first['msg']}", file=sys.stderr)
        sys.exit(2)
