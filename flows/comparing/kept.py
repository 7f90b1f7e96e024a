"""Comparisons and their ballots in the store: a ballot is one object, named by its content, and never rewritten."""

from __future__ import annotations

import difflib
import logging

from pydantic import ValidationError

from flows.comparing.model import DOCUMENT, Comparison
from flows.comparing.votes import BadBallot, Ballot, read_ballot
from infra.store.contract import NotFound
from infra.store.store import Store
from tasks.errors import ArtifactDamaged, BadRequest

log = logging.getLogger("pentimento")
BALLOTS = "ballots/"
JSON = "application/json"


def read_comparison(store: Store, compare_id: str) -> Comparison:
    """A comparison that has ended. Raises BadRequest for an unknown one (naming the nearest), ArtifactDamaged."""
    try:
        return Comparison.model_validate_json(store.read_run(compare_id, DOCUMENT))
    except NotFound as error:
        known = [name for name in store.run_ids() if name.startswith("compare-")]
        near = difflib.get_close_matches(compare_id, known, n=1, cutoff=0.4)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise BadRequest(
            f"there is no comparison {compare_id!r}{meant}", cure="`pentimento runs` lists them"
        ) from error
    except ValidationError as error:
        raise ArtifactDamaged(
            f"the comparison {compare_id} is damaged", cure="run the same `pentimento compare` again"
        ) from error


def keep_ballot(store: Store, comparison: Comparison, data: bytes) -> tuple[Ballot, bool]:
    """Keep a ballot; and whether it is new. The same one again changes nothing. Raises BadBallot."""
    ballot = read_ballot(data, comparison)
    name = f"{BALLOTS}{ballot.digest}.json"
    if name in store.run_names(comparison.id):
        return ballot, False
    store.write_run(comparison.id, name, ballot.encoded(), JSON)
    return ballot, True


def ballots_of(store: Store, comparison: Comparison) -> tuple[Ballot, ...]:
    """The ballots that fit the comparison as it is now, by digest. Others are passed over with a warning, and kept."""
    found = []
    for name in store.run_names(comparison.id):
        if not name.startswith(BALLOTS):
            continue
        try:
            ballot = read_ballot(store.read_run(comparison.id, name), comparison)
        except BadBallot as error:
            log.warning("%s of %s does not count: %s", name, comparison.id, error.message)
            continue
        if name != f"{BALLOTS}{ballot.digest}.json":
            log.warning("%s of %s does not count: it does not hold what its name says", name, comparison.id)
            continue
        found.append(ballot)
    return tuple(found)
