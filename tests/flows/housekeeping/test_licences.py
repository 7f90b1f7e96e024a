"""Licences are told apart, the bill of materials is the same every time, and the default path is free for every use."""

from __future__ import annotations

import json
import re

import pytest

from flows.doctor.packages import LOCK, canonical
from flows.housekeeping.licences import LOCKED, Licensed, engines, kind_of, packages
from flows.housekeeping.sbom import bill
from model_registry.registry import Registry
from tasks.intents import RemoveText, Upscale
from tasks.planner import Request, plan


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (["MIT"], "permissive"),
        (["Apache-2.0 OR GPL-3.0-only"], "permissive"),
        (["Apache-2.0 AND GPL-3.0-only"], "copyleft"),
        (["MPL-2.0 AND (Apache-2.0 OR MIT)"], "weak copyleft"),
        (["GNU Lesser General Public License v3 (LGPLv3)"], "weak copyleft"),
        (["GNU Affero General Public License v3"], "copyleft"),
        (["AGPL-3.0"], "copyleft"),
        (["Artistic License", "GNU General Public License v2 or later (GPLv2+)"], "permissive"),
        (["FLUX.1 [dev] Non-Commercial License"], "restricted"),
        (["CC-BY-NC-4.0"], "restricted"),
        (["MIT, distilled from a model under the CreativeML Open RAIL-M"], "restricted"),
        (["Our own"], "unknown"),
        ([], "unknown"),
    ],
)
def test_kinds(said: list[str], kind: str) -> None:
    assert kind_of(said) == kind


def test_every_locked_package_is_known_and_none_is_gpl_or_non_commercial() -> None:
    lock = LOCK.read_text(encoding="utf-8")
    found = packages(lock)
    assert len(found) == len(LOCKED.findall(lock)) > 100
    assert [one.name for one in found if one.flagged] == []


def test_a_package_that_is_not_here_is_unknown() -> None:
    (one,) = packages("no-such-package-at-all==1.0\n")
    assert (one.kind, one.flagged) == ("unknown", True)


def test_no_engine_that_is_chosen_unasked_is_gpl_or_non_commercial() -> None:
    """The default path: every engine and stand-in that plans name where nobody names one."""
    registry = Registry.load()
    kinds = {one.name: one for one in engines(registry)}
    chosen = set()
    for intent in (RemoveText(), Upscale(scale=2), Upscale(scale=4)):
        for tier in ("preview", "final"):
            made = plan(intent, None, registry, Request(tier=tier))
            chosen |= {e.id for stage in made.stages for e in (*stage.engines, *stage.standins)}
    assert len(chosen) > 5
    assert {name: kinds[name].licence for name in chosen if kinds[name].flagged} == {}


def test_the_bill_names_everything_once_and_never_changes() -> None:
    lock = LOCK.read_text(encoding="utf-8")
    listed = (*packages(lock), *engines(Registry.load()))
    data = bill("0.1.0", listed)
    assert data == bill("0.1.0", (*packages(lock), *engines(Registry.load())))
    made = json.loads(data)
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["serialNumber"])
    refs = [one["bom-ref"] for one in made["components"]]
    assert len(set(refs)) == len(refs) == len(listed)
    torch = next(one for one in made["components"] if one["name"] == "torch")
    assert torch["purl"].startswith(f"pkg:pypi/{canonical('torch')}@2.")
    lama = next(one for one in made["components"] if one["name"] == "lama")
    assert lama["type"] == "machine-learning-model"
    assert lama["licenses"] == [{"license": {"name": "Apache-2.0"}}]


def test_another_fact_is_another_serial_number() -> None:
    one = Licensed("a", "1", "MIT", "permissive", "package")
    two = Licensed("a", "2", "MIT", "permissive", "package")
    assert json.loads(bill("1", [one]))["serialNumber"] != json.loads(bill("1", [two]))["serialNumber"]
