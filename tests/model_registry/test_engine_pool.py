"""The pool: one instance or many, a bound of memory, failed loads, and no deadlock. Events and barriers, no sleeps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from model_registry.errors import EngineFault, EngineOutOfMemory, UnknownEngine
from model_registry.pool import EnginePool
from model_registry.registry import Registry
from tests.model_registry import toy_engines
from tests.model_registry.cards import TOYS, write_card

WAIT = 20.0


class Daemons:
    """Runs each job on a daemon thread: where the pool locks up, the test fails and nothing waits for the thread."""

    def submit(self, work: Callable[..., Any], *args: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def run() -> None:
            try:
                future.set_result(work(*args))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        return future


@pytest.fixture
def threads() -> Daemons:
    return Daemons()


@pytest.fixture(autouse=True)
def no_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy_engines, "loads", [])


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    for name, megabytes in (("small", 40), ("other", 40), ("third", 40), ("huge", 500)):
        write_card(tmp_path, name, f"[cost]\nmemory_mb = {megabytes}\n")
    write_card(tmp_path, "shared", "[cost]\nmemory_mb = 40\n", thread_safe="true")
    write_card(tmp_path, "broken", "[cost]\nmemory_mb = 90\n", entry=f'"{TOYS}:OutOfMemoryFill"')
    write_card(tmp_path, "wrong", entry=f'"{TOYS}:NoEngineAtAll"')
    write_card(tmp_path, "absent", entry='"no_such_module_at_all:X"')
    return Registry.load(tmp_path)


def waiting(pool: EnginePool, count: int) -> None:
    """Return once `count` threads wait for the pool to change."""
    while True:
        with pool._changed:
            if len(pool._changed._waiters) >= count:  # type: ignore[attr-defined]
                return


def lease_and_tell(pool: EnginePool, name: str) -> Callable[[], int]:
    def work() -> int:
        with pool.lease(name) as engine:
            return id(engine)

    return work


def test_a_thread_safe_engine_is_loaded_once_for_all(registry: Registry, threads: Daemons) -> None:
    pool, together = EnginePool(registry, 1000), threading.Barrier(8)

    def work() -> int:
        with pool.lease("shared") as engine:
            together.wait(WAIT)
            return id(engine)

    assert len({f.result(WAIT) for f in [threads.submit(work) for _ in range(8)]}) == 1
    assert toy_engines.loads == ["ToyFill"]


def test_others_are_lent_to_one_at_a_time_and_used_again(registry: Registry, threads: Daemons) -> None:
    pool, together = EnginePool(registry, 1000), threading.Barrier(4)

    def work() -> int:
        with pool.lease("small") as engine:
            together.wait(WAIT)
            return id(engine)

    assert len({f.result(WAIT) for f in [threads.submit(work) for _ in range(4)]}) == 4
    assert len({f.result(WAIT) for f in [threads.submit(work) for _ in range(4)]}) == 4
    assert pool.loaded == ("small",) * 4
    assert len(toy_engines.loads) == 4


def test_the_least_recently_used_idle_engine_goes_first(registry: Registry) -> None:
    pool = EnginePool(registry, 100)
    for name in ("small", "other", "small", "third"):
        with pool.lease(name):
            pass
    assert pool.loaded == ("small", "third")
    pool.clear()
    assert pool.loaded == ()


def test_a_lease_waits_while_all_memory_is_lent(registry: Registry, threads: Daemons) -> None:
    pool = EnginePool(registry, 100)
    with pool.lease("small"), pool.lease("other"):
        late: Future[int] = threads.submit(lease_and_tell(pool, "third"))
        waiting(pool, 1)
        assert pool.loaded == ("other", "small")
        assert not late.done()
    late.result(WAIT)
    assert "third" in pool.loaded
    assert len(pool.loaded) == 2


def test_an_engine_over_the_bound_is_loaded_alone(registry: Registry, threads: Daemons) -> None:
    pool = EnginePool(registry, 100)
    with pool.lease("small"):
        late = threads.submit(lease_and_tell(pool, "huge"))
        waiting(pool, 1)
        assert not late.done()
    late.result(WAIT)
    assert pool.loaded == ("huge",)
    with pool.lease("small"):
        assert pool.loaded == ("small",)


def test_two_threads_that_each_hold_one_and_want_another_do_not_lock(
    registry: Registry, threads: Daemons
) -> None:
    pool, both_hold = EnginePool(registry, 80), threading.Barrier(2)

    def work(first: str, second: str) -> None:
        with pool.lease(first):
            both_hold.wait(WAIT)
            with pool.lease(second):
                pass

    for job in [threads.submit(work, "small", "other"), threads.submit(work, "other", "third")]:
        job.result(WAIT)


def test_a_failed_load_frees_its_place(registry: Registry, threads: Daemons) -> None:
    pool = EnginePool(registry, 100)
    for _ in range(2):
        with pytest.raises(EngineOutOfMemory, match="broken"), pool.lease("broken"):
            pass
    assert pool.loaded == ()
    threads.submit(lease_and_tell(pool, "small")).result(WAIT)


def test_a_failed_load_of_a_shared_engine_lets_the_next_try(
    registry: Registry, threads: Daemons, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, go_on, started = EnginePool(registry, 100), threading.Event(), threading.Event()

    def fail_the_first() -> None:
        if len(toy_engines.loads) == 1:
            started.set()
            go_on.wait(WAIT)
            raise RuntimeError("the first load fails")

    monkeypatch.setattr(toy_engines, "on_load", fail_the_first)
    first = threads.submit(lease_and_tell(pool, "shared"))
    assert started.wait(WAIT)
    second = threads.submit(lease_and_tell(pool, "shared"))
    waiting(pool, 1)
    go_on.set()
    with pytest.raises(EngineFault, match="the first load fails"):
        first.result(WAIT)
    second.result(WAIT)
    assert pool.loaded == ("shared",)


def test_an_error_of_the_user_gives_the_engine_back(registry: Registry) -> None:
    pool = EnginePool(registry, 100)
    with pytest.raises(ZeroDivisionError), pool.lease("small"):
        raise ZeroDivisionError
    with pool.lease("small"):
        assert toy_engines.loads == ["ToyFill"]


@pytest.mark.parametrize(
    ("name", "kind"), [("wrong", EngineFault), ("absent", EngineFault), ("nowhere", UnknownEngine)]
)
def test_what_cannot_be_an_engine_is_refused(registry: Registry, name: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=name), EnginePool(registry, 100).lease(name):
        pass
