"""`python -m infra.store.make_bucket`: makes the settings' bucket where it is missing, for a server that starts empty."""

from __future__ import annotations

import sys

from infra.settings import Settings
from infra.store.contract import StoreError
from infra.store.store import open_store


def main() -> int:
    """Returns 0, or 2 with what was wrong on stderr. A folder is made likewise."""
    settings = Settings()
    try:
        open_store(settings.store_url, settings.s3_endpoint_url, create=True)
    except StoreError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
