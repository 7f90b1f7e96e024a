"""Artifacts and records, in a folder or in S3: `open_store` gives a `Store`."""

from infra.store.store import Store, open_store

__all__ = ["Store", "open_store"]
