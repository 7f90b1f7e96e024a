"""The decision on a generated picture, from what a classifier says of it. Fails closed: who cannot look, blocks."""

from __future__ import annotations

from collections.abc import Mapping

from tasks.policy.model import VERDICTS, Decision, Safety

CATEGORY = "generated-content"
BLOCK_CURE = (
    "ask for something else; if the classifier is mistaken, raise the score that blocks in the policy"
)
REVIEW_CURE = "look at the candidate in the review sheet, and approve or reject it"
LABEL_CURE = "correct the labels under [safety] in the policy file"


def judged(safety: Safety, scores: Mapping[str, float]) -> Decision:
    """Block from a label's blocking score on, review from its reviewing score on, else allow; the strictest label counts.

    scores: label to 0–1. A label that the policy names and the classifier does not know blocks."""
    unknown = sorted((set(safety.block) | set(safety.review)) - set(scores))
    if unknown:
        known = ", ".join(sorted(scores))
        why = f"{safety.engine} knows no label {', '.join(unknown)}; it knows {known}"
        return Decision("block", CATEGORY, why, LABEL_CURE)
    found = [Decision("allow", evidence=_said(scores))]
    for verdict, bounds, cure in (
        ("block", safety.block, BLOCK_CURE),
        ("review", safety.review, REVIEW_CURE),
    ):
        over = {label: scores[label] for label, bound in bounds.items() if scores[label] >= bound}
        if over:
            reason = f"{safety.engine} takes it for {' and '.join(sorted(over))}"
            found.append(Decision(verdict, CATEGORY, reason, cure, _said(over)))  # type: ignore[arg-type]
    return max(found, key=lambda decision: VERDICTS.index(decision.verdict))


def unseen(safety: Safety, why: str, cure: str) -> Decision:
    """Nobody could look at the picture: it is blocked."""
    reason = f"the policy asks for {safety.engine} to look at what is generated, and it cannot"
    return Decision("block", CATEGORY, f"{reason}: {why}", cure)


def _said(scores: Mapping[str, float]) -> str:
    return ", ".join(f"{label} {score:.2f}" for label, score in sorted(scores.items()))
