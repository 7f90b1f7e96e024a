"""What tells people about results must not lose them: a part that fails is warned of and passed over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

log = logging.getLogger("pentimento")
T = TypeVar("T")


def guarded(what: str, work: Callable[[], T]) -> T | None:
    """What `work` returns; None, with a warning that names `what`, where it raises."""
    try:
        return work()
    except Exception as error:
        log.warning("%s failed, the results are not affected: %s", what, error, exc_info=True)
        return None
