"""Two processes that train one network: each works off its part of a batch, and they add up their gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Team:
    """A process's place among `of`; alone, everything here does nothing."""

    number: int
    of: int

    @classmethod
    @contextmanager
    def joined(cls, number: int, of: int, meeting: Path) -> Iterator[Team]:
        """For as long as the block lasts. meeting: a file that is not yet there, by which the processes find one another."""
        if of > 1:
            torch.distributed.init_process_group(
                "gloo", init_method=f"file://{meeting.resolve()}", rank=number, world_size=of
            )
        try:
            yield cls(number, of)
        finally:
            if of > 1:
                torch.distributed.destroy_process_group()

    @property
    def first(self) -> bool:
        """Whether it is this one that keeps the state."""
        return self.number == 0

    def add_up(self, parts: Sequence[Tensor]) -> None:
        """Replaces each by its sum over the processes, in one exchange."""
        if self.of == 1:
            return
        whole = torch.cat([p.flatten() for p in parts])
        torch.distributed.all_reduce(whole)
        for own, summed in zip(parts, torch.split(whole, [p.numel() for p in parts]), strict=True):
            own.copy_(summed.view_as(own))

    def agreed(self, said: bool) -> bool:
        """What the first process says."""
        if self.of == 1:
            return said
        word = torch.tensor([int(said)])
        torch.distributed.broadcast(word, 0)
        return bool(word.item())
