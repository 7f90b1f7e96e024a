"""Plans that were made already: the pictures of a run are mostly planned alike, and a plan is a pure function of little."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping

from model_registry.registry import Registry
from tasks.contracts import Facts
from tasks.intents import Clean, Intent, Upscale
from tasks.plan import EditPlan
from tasks.planner import QUIET, Request, plan

MOST = 256
"""Plans held."""
_plans: OrderedDict[tuple[object, ...], tuple[Registry, EditPlan]] = OrderedDict()
_digests: OrderedDict[int, tuple[EditPlan, str]] = OrderedDict()
_lock = threading.Lock()


def plan_of(
    intent: Intent, facts: Facts | None, registry: Registry, request: Request, guard: Mapping[str, str],
    thresholds: Mapping[str, float],
) -> EditPlan:  # fmt: skip
    """`tasks.planner.plan`, which sees of the facts only whether the picture has grain, and its size where boxes are protected."""
    boxes = isinstance(intent, Upscale | Clean) and intent.protect
    size = (facts.width, facts.height) if facts and boxes else None
    key = (
        id(registry), intent.model_dump_json(), request.tier, request.seed, json.dumps(dict(request.engines), sort_keys=True),
        json.dumps({name: dict(given) for name, given in request.params.items()}, sort_keys=True),
        facts is None or facts.noise >= QUIET, size, json.dumps(dict(guard), sort_keys=True),
        json.dumps(dict(thresholds), sort_keys=True),
    )  # fmt: skip
    with _lock:
        if key in _plans:
            _plans.move_to_end(key)
            return _plans[key][1]
    made = plan(intent, facts, registry, request, guard, thresholds)
    with _lock:
        _plans[key] = registry, made  # held with it: the id stays its own, and an alias is part of a registry
        if len(_plans) > MOST:
            _plans.popitem(last=False)
    return made


def digest_of(made: EditPlan) -> str:
    """`made.digest`, worked out once for each plan object: equality would not do, for to Python 1 equals 1.0 and True."""
    with _lock:
        known = _digests.get(id(made))
    if known is not None and known[0] is made:
        return known[1]
    digest = made.digest
    with _lock:
        _digests[id(made)] = made, digest  # held with it: the id stays its own
        if len(_digests) > MOST:
            _digests.popitem(last=False)
    return digest
