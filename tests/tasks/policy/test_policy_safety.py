"""What a policy may demand of generated pictures: read with every fault named, judged by the strictest label, closed when in doubt."""

from __future__ import annotations

import pytest

from tasks.policy.load import default_policy, load_policy
from tasks.policy.model import Safety
from tasks.policy.safety import judged, unseen
from tests.tasks.policy.test_policy_files import TEXT, fault

DEMAND = '[safety]\nengine = "looker"\nblock = { nsfw = 0.8, gore = 0.5 }\nreview = { nsfw = 0.3 }\n'
SAFETY = Safety("looker", {"gore": 0.5, "nsfw": 0.8}, {"nsfw": 0.3})


def test_the_default_demands_nobody_and_a_file_may() -> None:
    assert default_policy().safety is None
    demanding = load_policy(f"{DEMAND}\n{TEXT}")
    assert demanding.safety == SAFETY
    assert demanding.digest != default_policy().digest
    assert load_policy(TEXT).digest == default_policy().digest
    other = load_policy(f"{DEMAND.replace('0.8', '0.7')}\n{TEXT}")
    assert other.safety is not None
    assert other.safety.digest != SAFETY.digest


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("safety = 3", "safety: a table is wanted"),
        ("[safety]\nblock = { nsfw = 0.5 }", "safety.engine: the id of an engine"),
        ('[safety]\nengine = "x"', "no label is named"),
        ('[safety]\nengine = "x"\nblok = { nsfw = 0.5 }', "safety.blok: there is no such field"),
        ('[safety]\nengine = "x"\nblock = { nsfw = 1.5 }', "safety.block.nsfw: a score"),
        ('[safety]\nengine = "x"\nblock = { nsfw = 0 }', "safety.block.nsfw: a score"),
        ('[safety]\nengine = "x"\nblock = { nsfw = true }', "safety.block.nsfw: a score"),
        ('[safety]\nengine = "x"\nblock = 0.5', "safety.block: a table of labels"),
        (
            '[safety]\nengine = "x"\nblock = { nsfw = 0.5 }\nreview = { nsfw = 0.6 }',
            "0.6 is not below the 0.5",
        ),
    ],
)
def test_a_faulty_demand_is_no_policy(table: str, said: str) -> None:
    assert said in fault(f"{table}\n{TEXT}")


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        ({"nsfw": 0.29, "gore": 0.1, "other": 1.0}, "allow"),
        ({"nsfw": 0.3, "gore": 0.1}, "review"),
        ({"nsfw": 0.8, "gore": 0.1}, "block"),
        ({"nsfw": 0.3, "gore": 0.5}, "block"),
        ({"nsfw": 0.0}, "block"),
    ],
)
def test_the_strictest_label_counts(scores: dict[str, float], verdict: str) -> None:
    decision = judged(SAFETY, scores)
    assert decision.verdict == verdict
    if verdict != "allow":
        assert decision.reason
        assert decision.cure
        assert decision.category == "generated-content"


def test_who_cannot_look_blocks() -> None:
    decision = unseen(SAFETY, "no weights at x", "pull them")
    assert (decision.verdict, decision.cure) == ("block", "pull them")
    assert "no weights at x" in decision.reason
