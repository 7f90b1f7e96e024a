"""Blind votes on pairs of results: what is asked, what a ballot says, and how ballots are counted. Pure.

A page shows two results of one picture under opaque tokens. Tokens are made of the digests of all results, which the page
does not hold: nobody can tell from the page which variant a side is, and a ballot fits the very pixels that were judged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, sqrt
from typing import Literal

from pydantic import Field, ValidationError

from flows.comparing.model import ComparedPicture, Comparison, Says
from infra.store.canonical import canonical_json
from tasks.errors import BadRequest
from tasks.intents import Frozen

HEX = r"^[0-9a-f]{24}$"
TIE = "tie"
MOST_BYTES = 1 << 20
"""Of a ballot."""
MOST_VOTES = 5000
Z = 1.959964
"""Of the normal distribution, for 95 %."""


class BadBallot(BadRequest):
    """A ballot that cannot be counted: not one, of another comparison, or about what was not asked."""

    default_cure = "nothing of it was counted; send the ballot as the page made it"


class Vote(Frozen):
    """One answer."""

    question: str = Field(pattern=HEX)
    choice: str = Field(pattern=r"^([0-9a-f]{24}|tie)$")
    """Token of the better side, or `tie`."""


class Ballot(Frozen):
    """What one person said at one sitting."""

    schema_version: Literal[1] = 1
    box: str = Field(pattern=HEX)
    """Of the comparison as it was judged."""
    voter: str = Field(
        min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+$"
    )
    at: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$")
    """UTC, by the voter's clock."""
    votes: tuple[Vote, ...] = Field(min_length=1, max_length=MOST_VOTES)

    def encoded(self) -> bytes:
        """The bytes that are stored: equal ballots give equal bytes."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def digest(self) -> str:
        """sha256 of the stored bytes."""
        return hashlib.sha256(self.encoded()).hexdigest()


@dataclass(frozen=True, slots=True)
class Question:
    """Two results of one picture."""

    token: str
    picture: str
    sides: Mapping[str, str]
    """Token to variant, in the order of the file."""


class PairVotes(Frozen):
    """What people said of two variants."""

    a: str
    b: str
    better_a: int
    better_b: int
    ties: int
    voters: int
    pictures: int
    """On which somebody voted."""
    share_b: float | None = None
    """Of the votes that are no ties; None without any."""
    low: float | None = None
    high: float | None = None
    """95 % interval of the share (Wilson 1927). It takes votes as independent, which several on one picture are not quite."""
    p: float | None = None
    """Exact two-sided binomial against one half."""
    says: Says = "not shown"


def box_of(comparison: Comparison) -> str:
    """The token of a comparison's ballots: another one as soon as one result is another."""
    return _token(_key(comparison), "box")


def pairs_of(comparison: Comparison, only: Sequence[str] = ()) -> tuple[tuple[str, str], ...]:
    """Pairs of variants in the order of the file; of `only` two. Raises BadRequest for an unknown or a repeated one."""
    names = [one.name for one in comparison.variants]
    unknown = [name for name in only if name not in names]
    if unknown or (only and len(set(only)) != 2):
        what = f"no variant {unknown[0]!r} in {comparison.id}" if unknown else "a pair is of two variants"
        raise BadRequest(what, cure=f"its variants are {', '.join(names)}")
    return tuple(combinations([name for name in names if not only or name in only], 2))


def questions(comparison: Comparison, pairs: Sequence[tuple[str, str]]) -> tuple[Question, ...]:
    """What can be asked of these pairs, in the manifest's order: pictures that both made, and not byte for byte alike."""
    key = _key(comparison)
    return tuple(
        _question(key, picture, pair)
        for picture in comparison.pictures
        for pair in pairs
        if _differ(picture, pair)
    )


def read_ballot(data: bytes, comparison: Comparison) -> Ballot:
    """A ballot of this comparison. Raises BadBallot, saying why it is none."""
    if len(data) > MOST_BYTES:
        raise BadBallot(f"the ballot has {len(data)} bytes; {MOST_BYTES} are the most")
    try:
        ballot = Ballot.model_validate_json(data)
    except (ValidationError, RecursionError) as error:
        raise BadBallot(f"this is no ballot: {_first(error)}") from error
    if ballot.box != box_of(comparison):
        raise BadBallot(
            f"the ballot is of another comparison than {comparison.id}, or of other results of it",
            cure=f"vote again on the page of `pentimento vote {comparison.id}`",
        )
    known = {one.token: one for one in questions(comparison, pairs_of(comparison))}
    seen: set[str] = set()
    for n, vote in enumerate(ballot.votes, 1):
        asked = known.get(vote.question)
        if asked is None:
            raise BadBallot(f"vote {n} is on a picture that {comparison.id} does not ask about")
        if vote.choice != TIE and vote.choice not in asked.sides:
            raise BadBallot(f"vote {n} is for a side that its picture has not")
        if vote.question in seen:
            raise BadBallot(f"vote {n} is on a picture that was voted on before in the same ballot")
        seen.add(vote.question)
    return ballot


def counted(comparison: Comparison, ballots: Iterable[Ballot]) -> tuple[PairVotes, ...]:
    """Votes by pair, in the order of the file; pairs without votes are left out.

    A person counts once a question, with the last answer: persons are told apart by name, whatever its case and spaces."""
    last: dict[tuple[str, str], str] = {}
    for ballot in sorted(ballots, key=lambda b: (b.at, b.digest)):
        for vote in ballot.votes:
            last[_person(ballot.voter), vote.question] = vote.choice
    found = []
    for pair in pairs_of(comparison):
        asked = {one.token: one for one in questions(comparison, [pair])}
        given = [(who, asked[q], choice) for (who, q), choice in last.items() if q in asked]
        if given:
            found.append(_pair_votes(pair, given))
    return tuple(found)


def _pair_votes(pair: tuple[str, str], given: Sequence[tuple[str, Question, str]]) -> PairVotes:
    a, b = (sum(choice != TIE and q.sides[choice] == name for _, q, choice in given) for name in pair)
    counts = PairVotes(
        a=pair[0], b=pair[1], better_a=a, better_b=b, ties=len(given) - a - b,
        voters=len({who for who, _, _ in given}), pictures=len({question.picture for _, question, _ in given}),
    )  # fmt: skip
    return counts.model_copy(update=_tested(a, b)) if a + b else counts


def _tested(a: int, b: int) -> dict[str, object]:
    n, share = a + b, b / (a + b)
    p = min(1.0, 2 * sum(comb(n, k) for k in range(min(a, b) + 1)) / 2**n)
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    says: Says = "not shown" if p >= 0.05 else "b" if b > a else "a"
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    return {"share_b": share, "low": low, "high": high, "p": p, "says": says}


def _question(key: str, picture: ComparedPicture, pair: tuple[str, str]) -> Question:
    token = _token(key, "question", picture.id, *pair)
    return Question(token, picture.id, {_token(key, "side", picture.id, *pair, name): name for name in pair})


def _differ(picture: ComparedPicture, pair: tuple[str, str]) -> bool:
    one, two = (picture.made[name].output_sha256 if name in picture.made else "" for name in pair)
    return bool(one and two) and one != two


def _key(comparison: Comparison) -> str:
    made = {p.id: {name: one.output_sha256 for name, one in p.made.items()} for p in comparison.pictures}
    names = [one.name for one in comparison.variants]
    return hashlib.sha256(canonical_json([comparison.id, names, made])).hexdigest()


def _token(key: str, *parts: str) -> str:
    return hashlib.sha256(canonical_json([key, *parts])).hexdigest()[:24]


def _person(name: str) -> str:
    return " ".join(name.casefold().split())


def _first(error: ValidationError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    return f"{where[:60]}: {fault['msg'][:120]}" if where else fault["msg"][:160]
