"""The policy in force with the detectors at hand: what decides, loaded once a process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tasks.contracts import Box, Region
from tasks.intents import Rights
from tasks.policy.decide import decide_all
from tasks.policy.detectors.contract import Bytes3, Detectors, identity
from tasks.policy.detectors.registry import load_detectors
from tasks.policy.load import default_policy, load_policy
from tasks.policy.model import Decision, Policy


@dataclass(frozen=True)
class Guard:
    """A policy and the detectors that it is decided with."""

    policy: Policy
    detectors: Detectors

    @property
    def identity(self) -> dict[str, str]:
        """What decides, as the plan names it: the digest of the rules, and of the detectors that are here."""
        return {"rules": self.policy.digest[:16], "detectors": identity(self.detectors)[:16]}

    def decide(
        self, regions: Sequence[Region], look: Callable[[Box], Bytes3], size: tuple[int, int], rights: Rights
    ) -> tuple[Decision, ...]:
        """A decision for each region, in order. look: the H×W×3 uint8 RGB pixels of a box; size: (h, w) of the picture."""
        return decide_all(regions, look, size, rights, self.policy, self.detectors)


@lru_cache(maxsize=4)
def guard_of(path: str) -> Guard:
    """The guard for a policy file; the built-in policy for an empty path. Raises BadPolicy: no policy, no edits."""
    return Guard(load_policy(Path(path)) if path else default_policy(), load_detectors())
