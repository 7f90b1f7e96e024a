"""What can go wrong with cards and engines.

RegistryError
├── BadCards          every bad card of a load, with every reason
├── UnknownEngine     no such id; names the nearest ones
├── WeightsMissing    the card is good, its weights are not here
├── WeightsDamaged    a weights file does not match its sha256, or is of a forbidden kind
└── EngineFault       an engine broke its contract: raised, NaN, wrong shape
    └── EngineOutOfMemory   the one fault worth trying again
"""

from __future__ import annotations


class RegistryError(Exception):
    """Base; `cure` says what to do."""

    def __init__(self, message: str, *, cure: str = "") -> None:
        super().__init__(f"{message}. Cure: {cure}" if cure else message)
        self.message = message
        self.cure = cure


class BadCards(RegistryError):
    """`problems` maps a card's file to all its faults."""

    def __init__(self, problems: dict[str, list[str]]) -> None:
        lines = [f"{path}: {fault}" for path, faults in sorted(problems.items()) for fault in faults]
        super().__init__("\n  ".join([f"{len(problems)} bad card(s)", *lines]))
        self.problems = problems


class UnknownEngine(RegistryError):
    """No engine has this id."""


class WeightsMissing(RegistryError):
    """The weights a card names are not on this machine."""


class WeightsDamaged(RegistryError):
    """The weights are not the ones the card names."""


class EngineFault(RegistryError):
    """An engine raised or broke its contract."""


class EngineOutOfMemory(EngineFault):
    """An engine ran out of memory; a smaller piece or another time may work."""
