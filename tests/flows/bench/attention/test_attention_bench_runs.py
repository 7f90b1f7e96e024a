"""The whole bench on a tiny random pipeline: every figure and the page; and that it says so where there are no weights."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flows.bench.attention import measure as bench
from flows.bench.attention import overhead
from model_registry.card import Card
from model_registry.engines.diffusion import load
from model_registry.errors import WeightsMissing
from tests.model_registry.diffusion import tiny_pipeline


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("attention")
    tiny_pipeline.build_text_to_image(folder)
    card = tiny_pipeline.write_card(folder, "generate")
    return load(Card.model_validate(tomllib.loads(card.read_text(encoding="utf-8"))), folder)


def test_every_figure_is_there_and_the_page_shows_each_case(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def tiny() -> Iterator[Any]:
        yield engine

    monkeypatch.setenv("PENTIMENTO_BENCH_OUT", str(tmp_path))
    monkeypatch.setattr(bench, "generator", tiny)
    for name, value in (("_CASES", (2, 2)), ("_SETTLED", (2, 2)), ("_REPEATS", 4), ("_STEPS", 3)):
        monkeypatch.setattr(bench, name, value)
    rows, summary = bench.measure(quick=True)
    assert len({tuple(row) for row in rows}) == 1
    for ground in ("generated", "rendered"):
        assert summary[f"{ground}_words"] >= 4
        assert summary[f"{ground}_share"] == pytest.approx(summary[f"{ground}_area"], abs=0.1)
        assert 0 <= summary[f"{ground}_hit_rate"] <= 1
    assert summary["by_colour_words"] >= 0
    assert summary["scheduler_pairs"] == 6
    assert all(math.isfinite(row["value"]) and row["low"] <= row["high"] for row in rows)
    low, high = summary["off_overhead_interval"]
    assert low <= summary["off_overhead"] <= high
    page = Path(summary["page"]).read_text(encoding="utf-8")
    assert page.count("<section>") == 1 + 2 * 2
    assert page.count("<figcaption>expected at step") == 2 * 3 + 2 * 1


def test_without_weights_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def missing() -> Iterator[Any]:
        raise WeightsMissing("no weights", cure="train them")
        yield

    monkeypatch.setattr(bench, "generator", missing)
    rows, summary = bench.measure(quick=True)
    assert rows == []
    assert "no weights" in summary["skipped"]["attention"]


def test_what_is_slower_and_what_differs_is_found_out(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = engine._model
    own = type(model)._call

    def slower(self: Any, *args: Any) -> Any:
        made = own(self, *args)
        own(self, *args)
        return made

    monkeypatch.setattr(type(model), "_call", slower)
    bare, off = overhead._bare(engine, (64, 1)), overhead._off(engine, (64, 1))
    assert overhead._overhead(overhead._spent(bare, off, 4)) > 0.5
    monkeypatch.setattr(type(model), "_call", lambda self, *args: own(self, *args) * 0.5)
    with pytest.raises(RuntimeError, match="same picture"):
        overhead._spent(bare, off, 2)
