"""Every error a person can meet, and what to do about it.

PentimentoError            message, picture, stage, cure
├── Transient              the same call may work later: Prefect retries it
│   ├── StoreUnavailable       the store did not answer, or throttled
│   └── OutOfMemory            the engine ran out of memory
└── Permanent              no retry helps: the picture or the request must change
    ├── Rejected               the picture itself cannot be used          -> outcome `rejected`
    │   ├── Undecodable            empty, truncated, not a picture, lying header
    │   └── TooLarge               over the pixel or byte limit
    ├── BadRequest             the request is wrong                       -> exit 2, or `rejected` in a row
    │   ├── BadMask                missing, wrong size, empty
    │   └── BadManifest            every bad row, with its line number
    ├── NoEngine               no engine on the ladder can do this        -> outcome `failed`
    ├── EngineFailed           the engine broke, or gave NaN, black or a wrong shape
    └── ArtifactDamaged        stored bytes do not match their digest; recomputed, never trusted
"""

from __future__ import annotations


class PentimentoError(Exception):
    """Base of the tree. Its text reads `picture: stage: message. Cure: …`, leaving out what is unknown."""

    default_cure = ""

    def __init__(self, message: str, *, picture: str = "", stage: str = "", cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.picture = picture
        self.stage = stage
        self.cure = cure or self.default_cure

    def __str__(self) -> str:
        subject = ": ".join(part for part in (self.picture, self.stage) if part)
        text = f"{subject}: {self.message}" if subject else self.message
        return f"{text}. Cure: {self.cure}" if self.cure else text

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.picture, self.stage, self.cure)

    def about(self, *, picture: str = "", stage: str = "") -> PentimentoError:
        """Name the picture and stage where they are not yet named; returns self, to be raised."""
        self.picture = self.picture or picture
        self.stage = self.stage or stage
        return self


def _rebuild(
    kind: type[PentimentoError], message: str, picture: str, stage: str, cure: str
) -> PentimentoError:
    return kind(message, picture=picture, stage=stage, cure=cure)


class Transient(PentimentoError):
    """May succeed when tried again unchanged."""


class StoreUnavailable(Transient):
    """The artifact store did not answer, or throttled."""

    default_cure = "check the store's address and credentials; the run resumes where it stopped"


class OutOfMemory(Transient):
    """An engine ran out of memory."""

    default_cure = "lower PENTIMENTO_WORKERS or choose a lighter engine with --engine"


class Permanent(PentimentoError):
    """Fails again in the same way until the picture or the request changes."""


class Rejected(Permanent):
    """The picture itself cannot be used."""


class Undecodable(Rejected):
    """Empty, truncated, or not a picture of a known format."""

    default_cure = "ask the supplier for the file again"


class TooLarge(Rejected):
    """Over the pixel or byte limit."""

    default_cure = "scale the picture down, or raise PENTIMENTO_MAX_PIXELS"


class BadRequest(Permanent):
    """The request cannot be understood or carried out as written."""


class BadMask(BadRequest):
    """The mask is missing, empty, or does not fit the picture."""

    default_cure = "give a mask of the picture's own size, white where the edit goes"


class BadManifest(BadRequest):
    """One or more rows of a manifest are wrong; `problems` lists each as `line N: …`."""

    def __init__(self, message: str, problems: tuple[str, ...] = (), **where: str) -> None:
        super().__init__("\n  ".join((message, *problems)), **where)
        self.problems = problems


class NoEngine(Permanent):
    """No engine on the ladder can do the work."""

    default_cure = "see `pentimento models`; add a card, or pull the weights of one"


class EngineFailed(Permanent):
    """An engine raised, or its output was not finite, all black, or of the wrong shape."""


class ArtifactDamaged(Permanent):
    """Stored bytes do not match their digest."""

    default_cure = "run the same command again: the damaged artifact is recomputed"
