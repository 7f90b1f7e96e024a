"""Where the local stack keeps everything: one folder below the home."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """The stack's folder and what is in it. Nothing is touched by asking."""

    folder: Path

    @classmethod
    def below(cls, home: Path) -> Layout:
        """The stack of a home; the path is made absolute, since other processes are told it."""
        return cls(home.expanduser().absolute() / "stack")

    @property
    def state(self) -> Path:
        """Pids, ports, commands: there while the stack is meant to run."""
        return self.folder / "state.json"

    @property
    def ports(self) -> Path:
        """The ports of the last start, so that addresses stay the same over a restart."""
        return self.folder / "ports.json"

    @property
    def lock(self) -> Path:
        """Held by the one command that starts or stops."""
        return self.folder / "lock"

    @property
    def environment(self) -> Path:
        """What a shell sources to use the stack."""
        return self.folder / "stack.env"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def s3(self) -> Path:
        return self.folder / "s3"

    @property
    def mlflow(self) -> Path:
        return self.folder / "mlflow"

    @property
    def prefect(self) -> Path:
        return self.folder / "prefect"

    def log(self, part: str) -> Path:
        """What a part says; of its last start alone."""
        return self.logs / f"{part}.log"
