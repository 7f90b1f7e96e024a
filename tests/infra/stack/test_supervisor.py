"""Starting, looking at and stopping parts, on small real processes: nothing is left behind, and nobody else's is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from infra.stack import processes, state, supervisor
from infra.stack.contract import Part, StackError, nothing
from infra.stack.layout import Layout
from infra.stack.state import Started

SERVES = """
import pathlib, sys, time
print("hello from", sys.argv[1], flush=True)
pathlib.Path(sys.argv[2]).write_text("here")
time.sleep(600)
"""
WITH_CHILD = (
    """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
"""
    + SERVES
)
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + SERVES
ENDS = "import sys; print('no database at', sys.argv[1]); sys.exit(3)"


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    made = Layout.below(tmp_path / "a home")
    made.folder.mkdir(parents=True)
    yield made
    for process in processes.family(made.folder):
        with suppress(psutil.Error):
            process.kill()


def part(
    layout: Layout,
    name: str,
    script: str = SERVES,
    *,
    after: tuple[str, ...] = (),
    timeout: float = 20,
    answers: Callable[[], str] | None = None,
    prepare: Callable[[], None] = nothing,
) -> Part:
    sign = layout.folder / f"{name}.here"
    return Part(
        name=name, title=f"The {name}", command=(sys.executable, "-c", script, name, str(sign)),
        environment=dict(os.environ), folder=layout.folder, answers=answers or partial(is_there, sign),
        cure=f"mend the {name}", address=f"at {name}", after=after, timeout=timeout, prepare=prepare,
        before=partial(sign.unlink, missing_ok=True),
    )  # fmt: skip


def is_there(sign: Path) -> str:
    return "" if sign.is_file() else "not there yet"


def pids(layout: Layout) -> set[int]:
    return {process.pid for process in processes.family(layout.folder)}


def lives(pid: int) -> bool:
    """Whether there is such a process; one that has ended and waits to be reaped by init is none."""
    with suppress(psutil.Error):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


def silent(_: str) -> None:
    pass


def test_up_starts_what_is_missing_and_leaves_what_runs(layout: Layout) -> None:
    said: list[str] = []
    two = [part(layout, "first"), part(layout, "second", after=("first",))]
    supervisor.up(layout, two, said.append)
    before = pids(layout)
    assert len(before) == 2
    found = supervisor.status(layout, two)
    assert [(each.condition, each.address) for each in found] == [
        ("running", "at first"),
        ("running", "at second"),
    ]
    assert {each.pid for each in found} == before
    assert all(0 <= each.uptime < 60 for each in found)
    answered = next(place for place, line in enumerate(said) if line.startswith("The first answers after"))
    assert said.index("starting The first …") < answered < said.index("starting The second …")
    supervisor.up(layout, two, said.append)
    assert pids(layout) == before
    assert "The second runs already: at second" in said
    assert "hello from first" in layout.log("first").read_text()


def test_what_needs_a_part_is_started_only_once_that_one_answers(layout: Layout) -> None:
    seen: list[bool] = []
    first = part(layout, "first")
    second = part(
        layout,
        "second",
        after=("first",),
        prepare=lambda: seen.append((layout.folder / "first.here").is_file()),
    )
    supervisor.up(layout, [second, first], silent)
    assert seen == [True]
    with pytest.raises(ValueError, match="no part can come next: third"):
        supervisor.up(layout, [part(layout, "third", after=("nobody",))], silent)


def test_down_ends_everything_also_children_in_sessions_of_their_own(layout: Layout) -> None:
    supervisor.up(layout, [part(layout, "first", WITH_CHILD)], silent)
    everyone = pids(layout)
    assert len(everyone) == 2
    assert supervisor.down(layout) == 2
    assert pids(layout) == set()
    assert not any(lives(pid) for pid in everyone)
    assert not layout.state.exists()
    assert layout.log("first").is_file(), "what it said is kept"
    assert supervisor.down(layout) == 0


def test_down_with_purge_leaves_no_file(layout: Layout) -> None:
    supervisor.up(layout, [part(layout, "first")], silent)
    supervisor.down(layout, purge=True)
    assert not layout.folder.exists()
    assert supervisor.status(layout, [part(layout, "first")])[0].condition == "stopped"


def test_a_killed_part_is_seen_and_it_alone_is_started_again(layout: Layout) -> None:
    two = [part(layout, "first", WITH_CHILD), part(layout, "second")]
    supervisor.up(layout, two, silent)
    first, second = (each.pid for each in supervisor.status(layout, two))
    orphan = (pids(layout) - {first, second}).pop()
    os.kill(first, signal.SIGKILL)
    until(lambda: supervisor.status(layout, two)[0].condition == "ended")
    broken = supervisor.status(layout, two)[0]
    assert "hello from first" in broken.problem
    assert broken.cure == "pentimento stack up"
    supervisor.up(layout, two, silent)
    again = supervisor.status(layout, two)
    assert [each.condition for each in again] == ["running", "running"]
    assert again[0].pid != first
    assert again[1].pid == second
    assert orphan not in pids(layout), "what the killed one left behind holds its ports"


def test_a_part_that_ends_at_its_start_is_named_with_its_log_and_cure_and_takes_the_others_down(
    layout: Layout,
) -> None:
    with pytest.raises(
        StackError, match=r"(?s)The second ended at its start.*no database at second.*Cure: mend the second"
    ):
        supervisor.up(layout, [part(layout, "first"), part(layout, "second", ENDS)], silent)
    assert pids(layout) == set()
    assert state.read(layout) == {}


def test_what_ran_before_a_failed_start_goes_on(layout: Layout) -> None:
    first = part(layout, "first")
    supervisor.up(layout, [first], silent)
    before = pids(layout)
    with pytest.raises(StackError):
        supervisor.up(layout, [first, part(layout, "second", ENDS)], silent)
    assert pids(layout) == before
    assert supervisor.status(layout, [first])[0].condition == "running"


def test_a_part_that_does_not_answer_in_time_is_named_with_what_is_wrong(layout: Layout) -> None:
    mute = part(layout, "first", answers=lambda: "it answers HTTP 500", timeout=0.5)
    with pytest.raises(StackError, match=r"did not answer within 0\.5 s: it answers HTTP 500"):
        supervisor.up(layout, [mute], silent)
    assert pids(layout) == set()


def test_a_part_that_cannot_be_set_up_is_stopped_again(layout: Layout) -> None:
    def refuse() -> None:
        raise PermissionError("the bucket belongs to somebody else")

    with pytest.raises(StackError, match="could not be set up: the bucket belongs to somebody else"):
        supervisor.up(layout, [part(layout, "first", prepare=refuse)], silent)
    assert pids(layout) == set()


def test_a_part_whose_program_is_missing_is_named(layout: Layout) -> None:
    broken = part(layout, "first")
    with pytest.raises(StackError, match="The first cannot be started"):
        supervisor.up(layout, [replace(broken, command=("/nonexistent/program",))], silent)


def test_nobody_elses_process_is_taken_for_ours_or_ended(layout: Layout) -> None:
    first = part(layout, "first")
    supervisor.up(layout, [first], silent)
    supervisor.down(layout)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        began = psutil.Process(stranger.pid).create_time()
        state.write(layout, {"first": Started(stranger.pid, began)})  # the pid has passed to another
        assert supervisor.status(layout, [first])[0].condition == "ended"
        assert supervisor.down(layout) == 0
        assert stranger.poll() is None
        stranger.kill()


def test_a_later_process_of_the_stack_with_the_same_pid_is_another_one(layout: Layout) -> None:
    first = part(layout, "first")
    supervisor.up(layout, [first], silent)
    known = state.read(layout)["first"]
    assert processes.running(known.pid, known.began, layout.folder)
    assert processes.running(known.pid, known.began - 60, layout.folder) is None
    assert processes.running(known.pid, known.began, layout.folder.parent) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"first": {}}'])
def test_without_its_state_the_stack_is_still_found_and_ended(layout: Layout, text: str) -> None:
    supervisor.up(layout, [part(layout, "first")], silent)
    layout.state.write_text(text)
    assert len(pids(layout)) == 1
    assert supervisor.down(layout) == 1
    assert pids(layout) == set()


def test_what_will_not_end_is_killed_after_its_grace(layout: Layout) -> None:
    supervisor.up(layout, [part(layout, "first", STUBBORN)], silent)
    begun = time.monotonic()
    assert supervisor.down(layout, grace=1) == 1
    assert 1 <= time.monotonic() - begun < 10
    assert pids(layout) == set()


def test_one_command_at_a_time(layout: Layout) -> None:
    with state.alone(layout), pytest.raises(StackError, match="another command"), state.alone(layout):
        pass
    with state.alone(layout):
        pass


def test_a_start_that_is_itself_killed_leaves_what_down_ends(layout: Layout) -> None:
    script = f"""
import os, sys, time
from tests.infra.stack.test_supervisor import part, silent
from infra.stack import supervisor
from infra.stack.layout import Layout
from pathlib import Path
layout = Layout(Path({str(layout.folder)!r}))
supervisor.up(layout, [part(layout, "first"), part(layout, "second", answers=lambda: "never")], silent)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[3]) as starter:
        until(lambda: len(pids(layout)) == 2)
        starter.kill()
    assert len(pids(layout)) == 2
    assert supervisor.down(layout) == 2
    assert pids(layout) == set()


def until(look: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not look():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)
