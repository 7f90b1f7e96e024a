"""The table of cases: nothing is waved through, and being over-cautious is counted."""

from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tasks.intents import Rights
from tasks.policy.decide import decide
from tasks.policy.detectors.registry import load_detectors
from tasks.policy.load import default_policy
from tasks.policy.model import VERDICTS, Decision
from tests.tasks.policy.pictures import SIZE, blank, region

PLAIN = np.ascontiguousarray(blank()[::20, ::20])

CASES = list(csv.DictReader(Path(__file__).with_name("cases.csv").open(encoding="utf-8")))
OVER_CAUTIOUS = 13
"""Cases decided more strictly than a person would; a change for the better is to be written down."""
DETECTORS = load_detectors()


def decided(case: dict[str, str]) -> Decision:
    return _decided(CASES.index(case))


@cache
def _decided(number: int) -> Decision:
    case = CASES[number]
    rights: Rights = case["rights"]  # type: ignore[assignment]
    one = region(case["text"], case["place"], float(case["confidence"]))
    return decide(one, PLAIN, SIZE, rights, default_policy(), DETECTORS)


def rank(verdict: str) -> int:
    return [*VERDICTS].index(verdict)  # type: ignore[arg-type]


def test_the_table_is_large_and_speaks_many_languages() -> None:
    assert len(CASES) >= 120
    assert len({case["language"] for case in CASES}) >= 16
    assert {case["rights"] for case in CASES} == {"own", "licensed", "unknown"}
    assert {case["expected"] for case in CASES} == set(VERDICTS)
    assert min(Counter(case["expected"] for case in CASES).values()) >= 20


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['text']}|{c['rights']}|{c['place']}")
def test_no_case_is_waved_through(case: dict[str, str]) -> None:
    decision = decided(case)
    assert rank(decision.verdict) >= rank(case["expected"]), decision
    if decision.verdict == case["expected"] and case["category"]:
        assert decision.category == case["category"]
    if decision.verdict != "allow":
        assert decision.reason
        assert decision.cure
        assert decision.evidence


def test_few_cases_are_over_cautious() -> None:
    strict = [
        (case["text"], d.category)
        for case in CASES
        if rank((d := decided(case)).verdict) > rank(case["expected"])
    ]
    assert len(strict) == OVER_CAUTIOUS, strict
