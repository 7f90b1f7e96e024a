"""The variants on the pictures without a server: the pipeline's own code, picture by picture, in turns."""

from __future__ import annotations

import time

from flows.bench.compare.cases import Cases
from flows.bench.setting import tell
from flows.comparing.assemble import Compared, assemble
from flows.comparing.model import Comparison, VariantChoice
from flows.comparing.variants import applied
from tasks.plan import Value
from tasks.results import ItemResult, RunResult, count
from tasks.steps.item import finish
from tasks.workshop import Workshop, WorkshopSpec, workshop

PLANTED = "exact"
EQUAL = ("wide-1", "wide-2")
AS_GIVEN: dict[str, Value] = {"refine": False}
"""The masks are exact: nothing is to be put right on their rims."""
VARIANTS = (
    VariantChoice(
        name=EQUAL[0], engines={"generation": "exemplar"}, params={"detection": {**AS_GIVEN, "grow": 10}}, seed=1,
        note="equal to the next but for its seed",
    ),
    VariantChoice(
        name=EQUAL[1], engines={"generation": "exemplar"}, params={"detection": {**AS_GIVEN, "grow": 10}}, seed=2,
        note="equal to the one before but for its seed",
    ),
    VariantChoice(
        name="widest", engines={"generation": "telea"}, params={"detection": {**AS_GIVEN, "grow": 20}},
        note="another engine, and a mask that takes still more of the picture",
    ),
    VariantChoice(
        name=PLANTED, engines={"generation": "exemplar"}, params={"detection": AS_GIVEN},
        note="planted: truly better, for its mask takes nothing that was not covered",
    ),
)  # fmt: skip
"""Two that differ by chance alone, one that is better by construction, and one of another engine."""


def compared(cases: Cases, store: str, seed: int = 0) -> tuple[Comparison, Workshop]:
    """Every picture by every variant, forwards and backwards, and what the product makes of it."""
    begun = time.perf_counter()
    base = WorkshopSpec(store=store)
    shops = {
        choice.name: workshop(base.model_copy(update={"run": f"bench-{choice.name}-1"}))
        for choice in VARIANTS
    }
    made: dict[str, list[ItemResult]] = {choice.name: [] for choice in VARIANTS}
    for turn, job in enumerate(cases.jobs.values()):
        for choice in VARIANTS if turn % 2 == 0 else VARIANTS[::-1]:
            made[choice.name].append(finish(shops[choice.name], applied(choice, job)))
        tell(f"compare: {turn + 1} of {len(cases.jobs)} pictures")
    results = {
        name: RunResult(run_id=f"bench-{name}-1", counts=count(items), seconds=0.0, items=tuple(items))
        for name, items in made.items()
    }  # fmt: skip
    shop = shops[PLANTED]
    seconds = time.perf_counter() - begun
    run = Compared(
        "compare-bench-1",
        "the sample catalogue",
        VARIANTS,
        results,
        cases.jobs,
        cases.truths,
        seed=seed,
        seconds=seconds,
    )
    return assemble(shop, run), shop  # fmt: skip
