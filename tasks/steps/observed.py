"""How a picture was sampled, kept beside its record: seen while it is made, or by sampling again what was made unseen."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Final

from model_registry.engines.observing import Observation, Watch, observing, to_npz
from model_registry.errors import RegistryError
from tasks.contracts import JsonObject
from tasks.memo import Done, Produced, record_key
from tasks.plan import EngineChoice
from tasks.results import ItemResult
from tasks.workshop import Workshop

log = logging.getLogger("pentimento")
WATCH: Final = Watch()
STAGE: Final = "observation"
VERSION: Final = "1"
"""Raised whenever what is observed changes its meaning."""
SAMPLED: Final = "diffusers"
"""The runtime whose engines can be observed."""
OTHERWISE: Final = "sampled again to be observed, it came out otherwise than the stored picture"


def sampled(
    shop: Workshop, watched: bool, stage: str, choice: EngineChoice, identity: JsonObject, made: str,
    compute: Callable[[], Produced],
) -> tuple[Done, str]:  # fmt: skip
    """A generation's record, as `memo.do` gives it, and the sha256 of its observation (`to_npz`), empty where there is none.

    made: name of the artifact with the pixels. Observing changes neither the record's key nor its bytes. What was observed by
    an earlier run is found again whether or not this one watches; what was made unseen is sampled again only where it does."""
    if choice.runtime != SAMPLED:
        return shop.memo.do(stage, identity, compute), ""
    seen: list[Observation] = []

    def watching() -> Produced:
        with observing(WATCH) as found:
            produced = compute()
        seen[:] = found
        return produced

    done = shop.memo.do(stage, identity, watching if watched else compute)
    key = record_key(STAGE, {"version": VERSION, "of": done.key, "watch": asdict(WATCH)})
    known = "" if seen else _known(shop, key)
    if known and (not watched or shop.store.has(known)):
        return done, known
    if not watched:
        return done, ""
    same = bool(seen) or _again(watching, choice, done.ref(made).sha256, made)
    return done, _kept(shop, key, seen, same) if seen else ""


def _known(shop: Workshop, key: str) -> str:
    record = shop.store.read_record(STAGE, key)
    return str(record["artifacts"]["observation"]["sha256"]) if record else ""


def _again(watching: Callable[[], Produced], choice: EngineChoice, stored: str, made: str) -> bool:
    """Sample what is stored once more, to be seen; whether the same bytes came out. What goes wrong costs no picture."""
    try:
        again = hashlib.sha256(watching().artifacts[made][0]).hexdigest()
    except RegistryError as fault:
        log.warning("%s could not be observed: %s", choice.ref, fault.message)
        return True
    if again != stored:
        log.error("%s: %s; a CPU promises the same bytes, a GPU does not", choice.ref, OTHERWISE)
    return again == stored


def _kept(shop: Workshop, key: str, seen: list[Observation], same: bool) -> str:
    """Stores what was seen; its sha256."""
    told = seen if same else [replace(one, notes=(*one.notes, OTHERWISE)) for one in seen]
    artifacts = {"observation": (to_npz(told), "application/octet-stream")}
    facts = {"calls": len(told), "same_bytes": same}
    shop.memo.recompute(STAGE, key, lambda: Produced(artifacts, facts))
    return _known(shop, key)


def lacks_observation(shop: Workshop, result: ItemResult) -> bool:
    """Whether a finished picture is to be observed in this run and was not, though an engine sampled it."""
    if result.id not in shop.spec.observed or result.observations:
        return False
    runtimes = {card.id: card.runtime for card in shop.registry.cards}
    return any(s.stage == "generation" and runtimes.get(s.engine) == SAMPLED for s in result.stages)
