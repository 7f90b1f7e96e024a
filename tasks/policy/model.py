"""A policy and what it decides, as frozen values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Literal

from tasks.contracts import RegionKind
from tasks.errors import BadRequest
from tasks.intents import Rights

PolicyVerdict = Literal["allow", "flag", "review", "block"]
VERDICTS: tuple[PolicyVerdict, ...] = ("allow", "flag", "review", "block")
"""From lenient to strict."""
Spelling = Literal["loose", "close"]
Place = Literal["", "mark", "unread-mark", "unread"]
"""`mark`: lies as watermarks do, whatever it says; `unread-mark`: unread, and lies as watermarks or signatures do."""

REQUIRED = (
    "third-party-watermark", "copyright-notice", "credit-or-signature", "safety-wording", "allergen-wording",
    "certification-mark", "price", "legal-text", "promotional", "own-url", "foreign-url", "id-document", "licence-plate",
    "face", "qr-or-barcode", "watermark-geometry", "unread-mark", "unread",
)  # fmt: skip
"""Categories every policy must have: what is not wanted is switched off by name, never left out."""


class BadPolicy(BadRequest):
    """A policy cannot be used; `problems` lists every fault as `category.field: …`."""

    default_cure = "mend the policy file; the default one shows every field"

    def __init__(self, message: str, problems: tuple[str, ...] = (), **where: str) -> None:
        super().__init__("\n  ".join((message, *problems)), **where)
        self.problems = problems


@dataclass(frozen=True)
class Category:
    """One kind of content, how it is recognised and what follows for each declaration of rights."""

    name: str
    reason: str
    cure: str
    own: PolicyVerdict
    licensed: PolicyVerdict
    unknown: PolicyVerdict
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Language to words and phrases. They are compared without case, accents and look-alikes."""
    patterns: tuple[str, ...] = ()
    """Regular expressions over the folded text: lower case, no accents."""
    marks: tuple[str, ...] = ()
    """Words that count only as written, capitals included: `CE` is a mark, `ce` is French."""
    spelling: Spelling = "close"
    """`loose` also finds words run together, cut, and with letters wrong."""
    place: Place = ""
    detectors: tuple[str, ...] = ()
    """All of them are needed; a missing one blocks the regions that this category guards."""
    echoes: bool = False
    """The detector takes lettering for the thing: over text that was read, a find counts only if the text may be one."""
    mrz: bool = False
    """A machine-readable zone is of this category."""
    anywhere: bool = False
    """Decides for every region of a picture as soon as the picture's text, read together, is of it."""
    excuses: bool = False
    """Text strictly of this category, and well read, is no watermark, however it lies."""
    guards: tuple[RegionKind, ...] = ("text", "object", "picture")
    off: bool = False

    def verdict(self, rights: Rights) -> PolicyVerdict:
        """What follows for these declared rights."""
        verdicts: dict[Rights, PolicyVerdict] = {
            "own": self.own,
            "licensed": self.licensed,
            "unknown": self.unknown,
        }
        return verdicts[rights]


@dataclass(frozen=True)
class Safety:
    """What a policy demands of pictures that are generated: which classifier looks at them, and what its scores lead to."""

    engine: str
    """Id of an engine of role `safety`."""
    block: Mapping[str, float] = field(default_factory=dict)
    """Label to the score, 0–1, from which on the picture is withheld."""
    review: Mapping[str, float] = field(default_factory=dict)
    """Label to the score from which on a person decides."""

    @property
    def digest(self) -> str:
        """sha256 of everything that is decided by."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Policy:
    """Categories in the order in which equally strict ones win, and the bounds of being read."""

    categories: tuple[Category, ...]
    min_confidence: float
    """A text read with less is unread."""
    domains: tuple[str, ...] = ()
    """The catalogue's own, as `example.com`; their subdomains are own too."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """What edited regions are held against, sorted by name; of a kind of region alone as `text.leak_max`."""
    safety: Safety | None = None
    """Who looks at what was generated; None where the policy asks for nobody."""

    @cached_property
    def digest(self) -> str:
        """sha256 of everything that is decided by; comments and layout of the file do not count."""
        facts = asdict(self)
        if self.safety is None:
            del facts["safety"]  # the digest of a policy that asks for nobody is as it always was
        text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def detectors(self, kind: RegionKind, rights: Rights) -> tuple[str, ...]:
        """The detectors that regions of this kind need, sorted."""
        return tuple(sorted({
            name for c in self.categories if kind in c.guards and not c.off and c.verdict(rights) != "allow"
            for name in c.detectors
        }))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """What may happen to a region, and why."""

    verdict: PolicyVerdict
    category: str = ""
    """Empty where nothing speaks against it."""
    reason: str = ""
    cure: str = ""
    evidence: str = ""
    """What was found, in words: the text and its reading, or a box in the picture's pixels."""
