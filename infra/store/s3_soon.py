"""Writes to S3 by a few threads at once, within a bound of bytes that wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Final

AT_ONCE: Final = 8
"""Requests of a process at the same time."""
WAITING: Final = 32
"""Most writes of a process that are under way or wait for their turn; whoever puts more waits for one to end."""
LARGE: Final = 2**21
"""A write longer than this is not put off but done at once, bytes: so no more than WAITING times this is held."""
Put = Callable[[str, bytes, str], None]


class PooledWrites:
    """Puts of one thread, sent by others. `put`: the backend's own."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self._under_way: deque[Future[None]] = deque()

    def put(self, key: str, data: bytes, media_type: str) -> None:
        """Sent soon; at once where it is large."""
        while self._under_way and self._under_way[0].done() and not self._under_way[0].exception():
            self._under_way.popleft()
        if len(data) > LARGE:
            self._put(key, data, media_type)
            return
        slots = _slots()
        slots.acquire()
        try:
            sent = _pool().submit(self._put, key, data, media_type)
        except BaseException:
            slots.release()
            raise
        sent.add_done_callback(lambda _: slots.release())
        self._under_way.append(sent)

    def settle(self) -> None:
        """Waits for all of them, and then raises the first fault, if there was one."""
        faults = [fault for sent in self._under_way if (fault := sent.exception())]
        self._under_way.clear()
        if faults:
            raise faults[0]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="s3-put")


@cache
def _slots() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(WAITING)
