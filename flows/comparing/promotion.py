"""Moves `@champion` to what a comparison found better, with the evidence, and back again.

The change is written into the log first, then the alias moves, and last the model's version is marked with the change: a
change that was cut short is known by its missing mark, and is finished before anything else is done."""

from __future__ import annotations

from dataclasses import dataclass

from flows.comparing.kept import ballots_of, read_comparison
from flows.comparing.model import Comparison
from flows.comparing.promotion_choice import Chosen, choose
from flows.comparing.promotion_log import Change, Evidence, Holder, append, read_changes, standing
from flows.comparing.promotion_move import CHAMPION, carry_out, champion_of, unfinished
from flows.comparing.votes import counted
from flows.comparing.votes_tracked import tell
from infra.settings import Settings
from infra.store.store import Store
from infra.tracking.champions import Held
from model_registry.errors import UnknownEngine
from model_registry.registry import ROLES, Registry
from model_registry.weights import at_hand
from tasks.errors import BadRequest
from tasks.intents import Frozen
from tasks.review.events import Verdicts


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants a change, and where it is made."""

    store: Store
    settings: Settings
    registry: Registry
    by: str
    at: str
    """UTC, ISO 8601."""
    why: str = ""


class Promoted(Frozen):
    """What became of the wish to promote, or to go back."""

    changes: tuple[Change, ...] = ()
    """What was moved, a role each."""
    already: tuple[str, ...] = ()
    """Roles whose alias was there before."""
    finished: tuple[str, ...] = ()
    """Roles in which an earlier change had been cut short, and was finished first."""
    not_promoted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def promote_variant(asked: Asked, compare_id: str, variant: str = "") -> Promoted:
    """Move `@champion` of every role in which a variant differs to its engine and parameters. The same again changes nothing.

    variant: default the verdict's winner. Raises BadRequest when the verdict names no winner, or another, unless `asked.why`
    says why all the same; and when nothing of the variant can be held by an alias. Transient when tracking does not answer:
    the same command then finishes what was begun."""
    Verdicts({}, asked.by, asked.at, asked.why).checked()
    comparison = read_comparison(asked.store, compare_id)
    name = _checked(comparison, variant, asked.why)
    chosen = choose(comparison, name, asked.registry)
    if not chosen.holders:
        left = "; ".join(chosen.not_promoted) or "it changes nothing"
        raise BadRequest(
            f"nothing of {name} can be held by an alias: {left}", cure="give its choices on the command line"
        )
    changes, already, finished = [], [], []
    for role, holder in sorted(chosen.holders.items()):
        seen, current, healed = _now(asked, role)
        finished += [role] if healed else []
        if current and current.same(holder.held):
            already.append(role)
            continue
        evidence = _evidence(asked, comparison, name, chosen, role)
        changes.append(_change(asked, seen, Change(
            seq=1, at=asked.at, by=asked.by, why=asked.why, action="promote", role=role, former=_holder(current),
            to=holder, evidence=evidence,
        ), comparison.mlflow_run_id or ""))  # fmt: skip
    _tell(asked, comparison, changes)
    notes = changes[0].evidence.notes if changes and changes[0].evidence else ()
    return Promoted(
        changes=tuple(changes), already=tuple(already), finished=tuple(finished), not_promoted=chosen.not_promoted,
        notes=notes,
    )  # fmt: skip


def roll_back(asked: Asked, role: str) -> Promoted:
    """Give `@champion` of a role back to who held it before the last promotion; again, to who held it before that.

    Raises BadRequest when no promotion put the present one there. Transient as for `promote`."""
    Verdicts({}, asked.by, asked.at, asked.why).checked()
    if role not in ROLES:
        raise BadRequest(f"there is no role {role!r}", cure=f"the roles are {', '.join(ROLES)}")
    seen, current, healed = _now(asked, role)
    last = standing(seen, current)
    if last is None:
        holder = f"is {current.engine}, which no promotion put there" if current else "is held by nobody"
        raise BadRequest(
            f"nothing to take back: @{CHAMPION} of {role} {holder}",
            cure=f"see `pentimento promote --history {role}`",
        )
    if healed and seen[-1].action == "back":
        return Promoted(finished=(role,))
    if last.former:
        _known(asked.registry, last.former)
    change = _change(asked, seen, Change(
        seq=1, at=asked.at, by=asked.by, why=asked.why, action="back", role=role, former=_holder(current),
        to=last.former, undoes=last.digest,
    ), "")  # fmt: skip
    return Promoted(changes=(change,), finished=(role,) if healed else ())


def _checked(comparison: Comparison, variant: str, why: str) -> str:
    """The variant to promote."""
    verdict, names = comparison.verdict, [one.name for one in comparison.variants]
    name = variant or verdict.winner
    insist = "compare on more pictures, or insist with --variant NAME --anyway REASON"
    if not name:
        raise BadRequest(f"{comparison.id} names no winner: {verdict.sentence}", cure=insist)
    if name not in names:
        raise BadRequest(
            f"{comparison.id} has no variant {name!r}", cure=f"its variants are {', '.join(names)}"
        )
    if name != verdict.winner and not why.strip():
        raise BadRequest(
            f"{comparison.id} does not find {name} the better one: {verdict.sentence}", cure=insist
        )
    return name


def _now(asked: Asked, role: str) -> tuple[tuple[Change, ...], Held | None, bool]:
    """The log of a role, who holds the alias, and whether an earlier change had to be finished first."""
    seen = read_changes(asked.store, role)
    healed = bool(seen) and unfinished(asked.settings, seen[-1])
    if healed:
        carry_out(asked.settings, seen[-1], "")
    return seen, champion_of(asked.settings, role), healed


def _change(asked: Asked, seen: tuple[Change, ...], change: Change, source_run: str) -> Change:
    """Write it down, then do it."""
    written = append(asked.store, change, seen)
    carry_out(asked.settings, written, source_run)
    return written


def _evidence(asked: Asked, comparison: Comparison, name: str, chosen: Chosen, role: str) -> Evidence:
    votes = counted(comparison, ballots_of(asked.store, comparison))
    notes = []
    if comparison.registry and comparison.registry != asked.registry.digest:
        notes.append("cards of engines have changed since the comparison")
    card = asked.registry.get(chosen.holders[role].engine)
    if card.weights and not at_hand(card, asked.registry.folder_of(card.id)):
        notes.append(f"the weights of {card.id} are not on this machine")
    notes += [
        f"people prefer {one.b if one.says == 'b' else one.a}: {one.better_a} to {one.better_b} ({one.a}, {one.b})"
        for one in votes
        if name in (one.a, one.b) and one.says in ("a", "b") and name != (one.b if one.says == "b" else one.a)
    ]
    return Evidence(
        comparison=comparison.id, variant=name, stages=chosen.stages[role], asked=comparison.variant(name).choice.said,
        verdict=comparison.verdict, intervals=tuple(i for i in comparison.intervals if name in (i.a, i.b)),
        votes=tuple(v for v in votes if name in (v.a, v.b)), not_promoted=chosen.not_promoted, notes=tuple(notes),
    )  # fmt: skip


def _tell(asked: Asked, comparison: Comparison, changes: list[Change]) -> None:
    """On the comparison's own run in tracking."""
    if not changes:
        return
    moved = "; ".join(
        f"{c.role}: {c.former.said if c.former else 'nobody'} -> {c.to.said}" for c in changes if c.to
    )
    tell(asked.settings, comparison, {}, {"pentimento.promoted": f"{moved} ({asked.by}, {asked.at})"}, {})


def _holder(held: Held | None) -> Holder | None:
    return None if held is None else Holder(engine=held.engine, tags=dict(held.tags), version=held.version)


def _known(registry: Registry, holder: Holder) -> None:
    """BadRequest unless the engine is still there: an alias of an unknown one would stop every run that uses aliases."""
    try:
        registry.get(holder.engine)
    except UnknownEngine as error:
        raise BadRequest(f"cannot go back: {error.message}", cure="bring its card back") from error
