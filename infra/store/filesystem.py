"""Flush a whole filesystem at once: one call in place of one for every file."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from typing import Any


def flush_filesystem(folder: str) -> None:
    """Returns when everything written to the filesystem of `folder` is on the disk (Linux `syncfs`; elsewhere `sync`).

    Raises OSError, also for writes of others that failed since the last call."""
    call = _syncfs()
    if call is None:
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if call(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), folder)
    finally:
        os.close(descriptor)


@cache
def _syncfs() -> Any:
    """The C library's function; None where it has none."""
    try:
        found = ctypes.CDLL(None, use_errno=True).syncfs
    except (OSError, AttributeError, TypeError):
        return None
    found.argtypes, found.restype = [ctypes.c_int], ctypes.c_int
    return found
