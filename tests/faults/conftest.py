"""Real processes that may be killed: forked from one that has the modules loaded, so that a death costs little."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from typing import Any

import pytest

PRELOADED = ["tests.faults.shard_process", "tests.faults.test_marks"]


@pytest.fixture(scope="session")
def context() -> ForkServerContext:
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(PRELOADED)
    return found


@pytest.fixture
def ended(context: ForkServerContext) -> Callable[..., int]:
    """Runs a function in a process of its own; how that ended: 0, or minus the signal."""

    def run(target: Callable[..., None], *given: Any) -> int:
        process = context.Process(target=target, args=given)
        process.start()
        process.join(60)
        assert process.exitcode is not None, "it hangs"
        return process.exitcode

    return run
