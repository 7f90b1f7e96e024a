"""The voting page: it cannot tell whose side is whose, and asks only what can be seen."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from flows.comparing.model import Comparison
from flows.comparing.votes import pairs_of, questions
from flows.comparing.votes_page import voting_page
from flows.comparing.votes_pictures import side_by_side
from infra.settings import Settings
from infra.store.store import Store
from tasks.errors import BadRequest
from tests.flows.voting.made import ENGINES, comparison, stored


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return stored(tmp_path)


@pytest.fixture
def compared(store: Store) -> Comparison:
    return comparison(store, pictures=8)


def page(store: Store, compared: Comparison, **options: Any) -> str:
    return voting_page(store, Settings(), compared, pairs_of(compared), **options)


def held(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="held">(.*?)</script>', html, re.DOTALL)
    assert found
    value: dict[str, Any] = json.loads(found[1])
    return value


def pixels(uri: str) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGB"))


def middle(uri: str) -> int:
    """The square's red, which tells the variant."""
    found = pixels(uri)
    y, x = found.shape[0] // 2, found.shape[1] // 2
    return int(np.median(found[y - 2 : y + 2, x - 2 : x + 2, 0]))


def secrets_of(compared: Comparison) -> set[str]:
    """All that could tell a variant."""
    found = {compared.id, compared.manifest, *ENGINES, *ENGINES.values()}
    for one in compared.variants:
        found |= {one.run_id, one.choice.said, *one.plans}
    for picture in compared.pictures:
        found |= {picture.id, picture.source, *(made.output_sha256 for made in picture.made.values())}
    return found


def test_nothing_in_the_page_tells_a_variant(store: Store, compared: Comparison) -> None:
    html = page(store, compared)
    text = html + json.dumps(held(html))
    assert not [secret for secret in secrets_of(compared) if secret in text]
    for question in held(html)["questions"]:
        for side in question["sides"]:
            data = base64.b64decode(side["picture"].partition(",")[2])
            opened = Image.open(io.BytesIO(data))
            assert set(opened.info) <= {"dpi", "gamma"}, (
                "no text, no profile, no EXIF travels with the pixels"
            )
            assert not [one for one in secrets_of(compared) if one.encode() in data]


def test_sides_are_shuffled_and_tokens_still_name_the_right_pixels(
    store: Store, compared: Comparison
) -> None:
    html = page(store, compared)
    asked = {one.token: one for one in questions(compared, pairs_of(compared))}
    left = []
    for question in held(html)["questions"]:
        sides = asked[question["token"]].sides
        names = [sides[side["token"]] for side in question["sides"]]
        shades = [middle(side["picture"]) for side in question["sides"]]
        assert dict(zip(names, shades, strict=True)) == {"plain-variant": 60, "rich-variant": 120}
        left.append(names[0])
    assert set(left) == set(ENGINES), "one variant is always on the same side"


def test_order_and_sides_come_from_the_seed(store: Store, compared: Comparison) -> None:
    one, again, other = page(store, compared), page(store, compared), page(store, compared, seed=1)
    assert one == again
    order = [[q["token"] for q in held(html)["questions"]] for html in (one, other)]
    first = [{q["token"]: q["sides"][0]["token"] for q in held(html)["questions"]} for html in (one, other)]
    assert order[0] != order[1]
    assert first[0] != first[1]
    assert sorted(order[0]) == sorted(order[1])


def test_the_most_telling_pictures_come_into_a_short_page(store: Store, compared: Comparison) -> None:
    asked = {one.token: one.picture for one in questions(compared, pairs_of(compared))}
    shown = {asked[q["token"]] for q in held(page(store, compared, most=3))["questions"]}
    assert shown == {"item-5", "item-6", "item-7"}


def test_a_prompt_cannot_break_out_of_the_page(store: Store, compared: Comparison) -> None:
    hostile = "</script><script>alert(1)</script> <!-- <b> \u2028"
    pictures = tuple(p.model_copy(update={"prompt": hostile}) for p in compared.pictures)
    html = page(store, compared.model_copy(update={"pictures": pictures}))
    assert "<script>alert" not in html
    assert hostile.split("\u2028")[0] in held(html)["questions"][0]["asked"]


def test_what_nobody_could_tell_apart_is_not_asked(store: Store, compared: Comparison) -> None:
    flat = np.full((64, 64, 3), 100, np.uint8)
    nearly = flat.copy()
    nearly[0, 0] += 5
    assert side_by_side(flat, nearly, whole=False) is None
    with pytest.raises(BadRequest, match="nothing to vote on"):
        page(store, compared.model_copy(update={"pictures": ()}))


def test_a_lost_picture_is_passed_over(store: Store, compared: Comparison) -> None:
    store.discard(compared.pictures[7].made["rich-variant"].output_sha256)
    assert len(held(page(store, compared))["questions"]) == 7


def decoded(data: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_a_small_edit_of_a_large_picture_is_shown_at_its_own_size() -> None:
    rng = np.random.default_rng(3)
    one = rng.integers(0, 255, (1500, 2400, 3), np.uint8)
    two = one.copy()
    two[700:760, 2000:2100] = 7
    found = side_by_side(one, two, whole=False)
    assert found
    shown = decoded(found[1])
    assert shown.shape == (140, 180, 3)
    assert (shown[40:100, 40:140] == 7).all()


def test_pictures_that_differ_everywhere_are_cut_to_where_they_differ_most() -> None:
    rng = np.random.default_rng(3)
    one = np.full((1600, 2400, 3), 100, np.uint8)
    two = one + rng.integers(0, 12, one.shape, np.uint8)
    two[1200:1500, 1700:2300] = 250
    found = side_by_side(one, two, whole=False)
    assert found
    shown = decoded(found[1])
    assert shown.shape == (900, 900, 3)
    assert (shown > 240).all(axis=2).sum() == pytest.approx(300 * 600, rel=0.02)


def test_two_tiers_are_shown_at_one_size_and_alpha_beside_none() -> None:
    rng = np.random.default_rng(3)
    large = rng.integers(0, 255, (400, 600, 3), np.uint8)
    small = rng.integers(0, 255, (200, 300, 4), np.uint8)
    found = side_by_side(large, small, whole=False)
    assert found
    assert decoded(found[0]).shape == decoded(found[1]).shape == (200, 300, 3)
