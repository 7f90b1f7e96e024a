"""Words put together from tokens, where each lit, and the drawings of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from flows.observing.drawing import attention_sheet, last_picture, lit_words, overlay, step_names, steps_strip
from flows.observing.words import Word, lit, words_of
from model_registry.engines.observing import Observation
from tests.flows.observing.made import PLACES, TOKENS, observation, spot


def of_tokens(*tokens: str) -> list[str]:
    return [w.text for w in words_of(replace(observation(), tokens=tokens, special=(False,) * len(tokens)))]


def test_words_are_put_together_whatever_the_tokenizer() -> None:
    assert [w.text for w in words_of(observation())] == ["warm", "oak", "table", "left"]
    assert words_of(observation())[1] == Word("oak", (2, 3))
    assert of_tokens("▁soft", "▁li", "ght", "▁left") == ["soft", "light", "left"]
    assert of_tokens("Ġsoft", "Ġli", "ght") == ["soft", "light"]
    assert of_tokens("soft", "li", "##ght") == ["soft", "light"]
    assert of_tokens("soft", "light") == ["soft", "light"]
    assert of_tokens() == []


def test_a_word_lights_where_its_tokens_do() -> None:
    one = observation()
    for word in words_of(one):
        where = lit(one, word)
        assert where is not None
        row, column = np.unravel_index(int(where.argmax()), where.shape)
        reach = PLACES[word.tokens[0]]
        assert abs(int(row) - reach[0]) <= 1
        assert abs(int(column) - reach[1]) <= 5
    assert lit(replace(one, attention=np.zeros((0, 0, 0, 0, 0), np.float16)), words_of(one)[0]) is None
    assert lit(one, words_of(one)[0], "mid 8x8") is None


def test_one_group_alone_can_be_looked_at() -> None:
    one = observation()
    attention = one.attention.copy()
    attention[:, 1] = 0
    word = words_of(one)[0]
    down, up = (lit(replace(one, attention=attention), word, group) for group in one.groups)
    assert down is not None
    assert up is not None
    assert down.max() > 0.4
    assert up.max() == 0


def test_an_overlay_glows_where_the_map_is_high_and_nowhere_for_an_even_map() -> None:
    picture = np.full((64, 64, 3), (40, 80, 160), np.uint8)
    before = picture.copy()
    made = overlay(picture, spot(8, 8))
    assert made.shape == picture.shape
    assert made[16, 16, 0] > made[16, 16, 2], "amber where it is lit"
    assert len(set(made[60, 60].tolist())) == 1, "grey where it is not"
    assert made[16, 16].mean() > made[60, 60].mean()
    even = overlay(picture, np.full((32, 32), 0.3, np.float32))
    assert (even == even[0, 0]).all()
    assert even.min() > 20, "dim, not gone"
    assert (even[0, 0] == even[0, 0, 0]).all()
    assert (picture == before).all()


def test_the_strip_and_the_sheet_hold_every_step_and_word() -> None:
    one = observation()
    strip, words = steps_strip(one), attention_sheet(one)
    assert strip is not None
    assert words is not None
    assert strip.shape[1] > 6 * 128
    assert (strip[4:132, 4:132] == one.pictures[0]).all()
    assert step_names(one)[0] == "step 1 of 20"
    assert step_names(one)[-1] == "step 20 of 20"
    assert words.shape[1] > 4 * 128
    assert [text for text, _, _ in lit_words(one)] == ["warm", "oak", "table", "left"]
    assert lit_words(one)[0][1] == pytest.approx(0.42, abs=0.01)


def test_what_was_not_kept_is_not_drawn() -> None:
    bare = Observation("a@1", "p", "", 1, "ddim", "")
    assert steps_strip(bare) is None
    assert attention_sheet(bare) is None
    assert last_picture(bare).shape == (128, 128, 3)
    maps = replace(observation(), pictures=np.zeros((0, 0, 0, 3), np.uint8), pictured_steps=())
    assert attention_sheet(maps) is not None
    assert len(TOKENS) == maps.attention.shape[2]
