"""What of a variant becomes champion: an engine with its own parameters; the rest is named, with the reason."""

from __future__ import annotations

import pytest

from flows.aliases import snapshot
from flows.comparing.promotion import promote_variant
from flows.comparing.promotion_log import read_changes
from infra.settings import Settings
from infra.store.store import Store
from tasks.errors import BadRequest
from tests.flows.promotion.conftest import Ask
from tests.flows.promotion.test_promoting import JOB, PLAIN, RICH
from tests.flows.voting.made import ID, comparison, variant


def test_parameters_of_the_engine_go_with_the_alias_and_the_rest_is_named(
    ask: Ask, store: Store, settings: Settings
) -> None:
    variants = (
        variant(PLAIN, engines={"generation": "telea"}),
        variant(RICH, engines={"generation": "telea"}, seed=5, params={
            "generation": {"radius": 9, "context": 64}, "blending": {"feather": 8}}),
    )  # fmt: skip
    comparison(store, pictures=3, variants=variants)
    done = promote_variant(ask(), ID)
    assert snapshot([JOB], settings) == (("fill", "champion", "telea", '{"radius":9.0}'),)
    left = " | ".join(done.not_promoted)
    for said in ("generation.context=64", "blending.feather=8", "seed=5"):
        assert said in left
    assert "radius" not in left
    assert done.changes[0].evidence
    assert done.changes[0].evidence.not_promoted == done.not_promoted


def test_only_parameters_of_an_engine_that_the_planner_chose(
    ask: Ask, store: Store, settings: Settings
) -> None:
    rich = variant(RICH, params={"generation": {"radius": 5.0}})
    variants = (variant(PLAIN), rich.model_copy(update={"engines": {"telea": 4}}))
    comparison(store, pictures=3, variants=variants)
    promote_variant(ask(), ID)
    assert snapshot([JOB], settings) == (("fill", "champion", "telea", '{"radius":5.0}'),)


@pytest.mark.parametrize(
    ("choice", "made", "said"),
    [
        ({"engines": {"detection": "rapidocr+paddleocr"}}, {}, "two engines together"),
        ({"engines": {"generation": "@challenger"}}, {}, "may stand for another engine"),
        ({"params": {"generation": {"radius": 5.0}}}, {"telea": 2, "plane": 2}, "planner's own choice, telea and plane here"),
        ({"tier": "preview"}, {}, "tier=preview"),
    ],
)  # fmt: skip
def test_what_no_alias_can_hold_is_refused_with_the_reason(
    choice: dict[str, object], made: dict[str, int], said: str, ask: Ask, store: Store
) -> None:
    variants = (variant(PLAIN), variant(RICH, **choice).model_copy(update={"engines": made}))
    comparison(store, pictures=3, variants=variants)
    with pytest.raises(BadRequest) as caught:
        promote_variant(ask(), ID)
    assert said in str(caught.value)
    assert read_changes(store) == ()


def test_what_all_variants_share_is_not_promoted(ask: Ask, store: Store) -> None:
    shared = {"blending": "multi-band"}
    variants = tuple(
        variant(name, engines={"generation": engine, **shared})
        for name, engine in ((PLAIN, "telea"), (RICH, "plane"))
    )
    comparison(store, pictures=3, variants=variants)
    assert [change.role for change in promote_variant(ask(), ID).changes] == ["fill"]
