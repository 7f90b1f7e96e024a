"""The registry: what it refuses, what it finds, and in which order."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from model_registry.errors import BadCards, UnknownEngine
from model_registry.registry import PACKAGED, Registry
from tests.model_registry.cards import write_card


def test_the_packaged_cards_are_always_there() -> None:
    registry = Registry.load()
    ids = [card.id for card in registry.cards]
    assert ids == sorted(ids)
    assert {"plane", "telea", "navier-stokes", "patchmatch", "lanczos", "bicubic", "nlm", "rapidocr"} <= set(
        ids
    )
    assert registry.folder_of("plane") == PACKAGED.resolve()


def test_every_bad_card_is_reported_at_once(tmp_path: Path) -> None:
    write_card(tmp_path, "good")
    (tmp_path / "syntax.toml").write_text("id = ")
    write_card(tmp_path, "schema", role='"juggle"', nonsense="1")
    write_card(tmp_path / "deep", "other", id='"misnamed"')
    write_card(tmp_path, "unknown", fallback='["nowhere"]')
    write_card(tmp_path, "elsewhere", fallback='["lanczos"]')
    write_card(tmp_path, "telea")
    write_card(tmp_path, "one", fallback='["two"]')
    write_card(tmp_path, "two", fallback='["one"]')
    with pytest.raises(BadCards) as caught:
        Registry.load(tmp_path, tmp_path / "absent")
    problems = {Path(path).name: faults for path, faults in caught.value.problems.items()}
    assert set(problems) == {
        "syntax.toml", "schema.toml", "other.toml", "unknown.toml", "elsewhere.toml", "telea.toml", "one.toml", "two.toml",
        "absent",
    }  # fmt: skip
    assert len(problems["schema.toml"]) == 2
    assert "role" in problems["schema.toml"][0] + problems["schema.toml"][1]
    assert "misnamed" in problems["other.toml"][0]
    assert "nowhere" in problems["unknown.toml"][0]
    assert "role 'upscale'" in problems["elsewhere.toml"][0]
    assert "already used" in problems["telea.toml"][0]
    assert "one -> two -> one" in problems["one.toml"][0]


def test_a_folder_given_twice_counts_once(tmp_path: Path) -> None:
    write_card(tmp_path, "toy")
    assert Registry.load(tmp_path, tmp_path).get("toy").id == "toy"


def test_an_unknown_id_answers_with_the_nearest() -> None:
    with pytest.raises(UnknownEngine, match="nearest: patchmatch"):
        Registry.load().get("patchmach")


def test_an_id_of_another_role_names_that_roles_engines() -> None:
    with pytest.raises(UnknownEngine, match=r"has role 'fill', not 'upscale'.*bicubic,.*lanczos"):
        Registry.load().resolve("upscale", "telea")


def test_aliases_are_a_snapshot_of_their_own() -> None:
    plain = Registry.load()
    with_champion = plain.with_aliases({"fill": {"champion": "telea"}})
    assert with_champion.resolve("fill", "@champion").id == "telea"
    assert with_champion.digest == plain.digest
    with pytest.raises(UnknownEngine, match="set: none"):
        plain.resolve("fill", "@champion")
    with pytest.raises(UnknownEngine, match="set: @champion"):
        with_champion.resolve("fill", "@challenger")
    with pytest.raises(UnknownEngine, match="set: none"):
        with_champion.resolve("upscale", "@champion")


@pytest.mark.parametrize("aliases", [{"fill": {"a": "nowhere"}}, {"fill": {"a": "lanczos"}}, {"juggle": {}}])
def test_aliases_to_nothing_are_refused(aliases: dict[str, dict[str, str]]) -> None:
    with pytest.raises(UnknownEngine):
        Registry.load().with_aliases(aliases)


def test_of_role_orders_by_rung_and_leaves_out_the_named_only(tmp_path: Path) -> None:
    write_card(tmp_path, "b", "[cost]\nrung = 3\n")
    write_card(tmp_path, "a", "[cost]\nrung = 3\n")
    write_card(tmp_path, "cheapest", "[cost]\nrung = 1\n", tiers='["preview"]')
    write_card(tmp_path, "manual", "[cost]\nrung = 0\n", automatic="false")
    registry = Registry.load(tmp_path)
    assert [c.id for c in registry.of_role("fill")][:3] == ["a", "b", "synthetic"]
    assert [c.id for c in registry.of_role("fill", "preview")][:2] == ["cheapest", "a"]
    assert registry.resolve("fill", "manual").id == "manual"


def test_fallbacks_are_followed_depth_first_and_once(tmp_path: Path) -> None:
    write_card(tmp_path, "c")
    write_card(tmp_path, "b", fallback='["c", "telea"]')
    write_card(tmp_path, "a", fallback='["b", "c"]')
    registry = Registry.load(tmp_path)
    found = [card.id for card in registry.with_fallbacks(registry.get("a"))]
    assert found == [
        "a",
        "b",
        "c",
        "telea",
        *[c.id for c in registry.with_fallbacks(registry.get("telea"))[1:]],
    ]


def test_the_digest_changes_with_a_fact_and_is_the_same_in_another_process(tmp_path: Path) -> None:
    write_card(tmp_path, "toy", "[defaults]\nvalue = 0.5\n")
    first = Registry.load(tmp_path).digest
    program = "import sys; from pathlib import Path; from model_registry.registry import Registry;"
    program += "print(Registry.load(Path(sys.argv[1])).digest)"
    made = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert made.stdout.strip() == first
    write_card(tmp_path, "toy", "[defaults]\nvalue = 0.6\n")
    assert Registry.load(tmp_path).digest != first


def test_a_registry_travels_by_pickle() -> None:
    registry = Registry.load().with_aliases({"fill": {"champion": "telea"}})
    again = pickle.loads(pickle.dumps(registry))
    assert again == registry
    assert again.resolve("fill", "@champion").id == "telea"
