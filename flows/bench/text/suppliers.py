"""The pictures of one supplier edited as a catalogue run does it: what they share is learnt first, then each is edited."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from flows.bench.text.case import Case
from flows.bench.text.edited import Edited
from flows.bench.text.ours import Bench, edited_of
from tasks.run_files import write_jobs
from tasks.steps.item import finish
from tasks.steps.repeated import find_overlays


def edit_together(bench: Bench, cases: Sequence[Case]) -> tuple[Edited, ...]:
    """Each picture, by way of a run of its own that holds them all."""
    run = f"bench-{hashlib.sha256(''.join(case.id for case in cases).encode()).hexdigest()[:10]}-0"
    shop = bench.shop(run)
    jobs = [bench.job(case.id, case.data, case.suffix) for case in cases]
    write_jobs(shop, run, 0, jobs)
    find_overlays(shop, run, [0])
    return tuple(edited_of(shop, finish(shop, job), case) for job, case in zip(jobs, cases, strict=True))
