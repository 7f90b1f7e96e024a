"""What the cheap rungs of a run saved, as values: for the result, the sheet and tracking."""

from __future__ import annotations

from tasks.intents import Frozen


class RungSavings(Frozen):
    """The regions whose pixels one rung of the ladder gave."""

    engine: str
    rung: int
    """Its place on the ladder, from its card."""
    regions: int
    seconds: float
    """Spent on filling these regions, failed attempts included."""
    top_seconds: float
    """What the top of the ladder would have taken for them, estimated."""
    scores: dict[str, float] = {}
    """Mean of each verification score."""


class Savings(Frozen):
    """An account over the regions that a run filled itself; what it found done before is only counted."""

    top: str
    """The engine at the top of the ladder."""
    basis: str
    """Where the estimate of its time comes from."""
    rungs: tuple[RungSavings, ...]
    reused: int = 0
    """Regions that were found done, and cost nothing."""
    quality: str = ""
    """What is known of what the cheap rungs cost."""

    @property
    def cheap(self) -> tuple[RungSavings, ...]:
        """The rungs below the top."""
        return tuple(rung for rung in self.rungs if rung.engine != self.top)

    @property
    def regions(self) -> int:
        """Regions that a cheaper rung was enough for."""
        return sum(rung.regions for rung in self.cheap)

    @property
    def seconds(self) -> float:
        """Spent on them."""
        return sum(rung.seconds for rung in self.cheap)

    @property
    def top_seconds(self) -> float:
        """What the top would have taken for them."""
        return sum(rung.top_seconds for rung in self.cheap)

    @property
    def saved(self) -> float:
        """Seconds; below 0 where the cheap rungs took longer."""
        return self.top_seconds - self.seconds

    def sentence(self) -> str:
        """In words, for a line of a report."""
        total = sum(rung.regions for rung in self.rungs)
        return (
            f"{self.regions} of {total} filled regions stayed below {self.top}: {self.seconds:.2f} s used, "
            f"about {self.top_seconds:.2f} s with {self.top} ({self.basis})"
        )


class RungCells(Frozen):
    """The cells of enlarged pictures that one rung made."""

    engine: str
    cells: int
    seconds: float
    """Expected by its card, surroundings included."""
    network: bool
    """Whether it is one; else it is classical code."""


class CellSavings(Frozen):
    """An account over the cells of the pictures that a run enlarged."""

    pictures: int
    rungs: tuple[RungCells, ...]
    top_seconds: float
    """What the top rung everywhere would have taken, by the cards."""

    @property
    def cells(self) -> int:
        return sum(rung.cells for rung in self.rungs)

    @property
    def without_network(self) -> int:
        """Cells that no network made."""
        return sum(rung.cells for rung in self.rungs if not rung.network)

    @property
    def seconds(self) -> float:
        """Expected of all rungs, by the cards."""
        return sum(rung.seconds for rung in self.rungs)

    def sentence(self) -> str:
        """In words, for a line of a report."""
        return (
            f"{self.without_network} of {self.cells} cells of {self.pictures} enlarged pictures needed no network; by the cards "
            f"{self.seconds:.2f} s in place of {self.top_seconds:.2f} s with the top of the ladder everywhere"
        )
