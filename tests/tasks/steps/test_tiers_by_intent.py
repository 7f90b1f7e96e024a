"""Both tiers for every intent: the same regions and seeds, a quarter of a megapixel at most, and one decoding for a preview."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tasks.intents import Clean, Generate, Intent, MaskBoxes, RemoveObject, RemoveText, Replace, Upscale
from tasks.job import JobSpec
from tasks.planner import PREVIEW_PIXELS
from tasks.results import ItemResult
from tasks.steps import source as source_step
from tasks.steps.item import finish
from tests.tasks.steps.conftest import drop_card, ground, load, save, shop_of

SIDE = (900, 1200)
BOX = MaskBoxes(boxes=((300, 300, 420, 360),))
WISHES: tuple[Intent, ...] = (
    RemoveText(text="all"), RemoveObject(mask=BOX), Replace(mask=BOX, prompt="a leaf"), Upscale(scale=2), Clean(),
    Generate(prompt="a leaf", width=1200, height=600),
)  # fmt: skip


@pytest.fixture
def picture(cards: Path, pictures: Path) -> Path:
    toys = "tests.tasks.steps.toy_generators"
    drop_card(cards, "toy-maker", "generate", f"{toys}:SeedPicture", automatic=True)
    drop_card(cards, "toy-prompt", "fill", f"{toys}:PromptFill", 'prompt = "required"', automatic=True)
    drop_card(cards, "toy-reader", "text", "RedReader")
    levels = ground(*SIDE)
    cv2.putText(levels, "SALE", (420, 700), cv2.FONT_HERSHEY_SIMPLEX, 4.0, (250, 10, 10), 14)
    return save(pictures / "a.png", levels)


def run(tmp_path: Path, intent: Intent, tier: str, turn: str = "run-1") -> ItemResult:
    reader = {"detection": "toy-reader", "verification": "toy-reader"}
    job = JobSpec.model_validate({
        "id": "a", "root": str(tmp_path / "pictures"), "image": "" if isinstance(intent, Generate) else "a.png",
        "out": str(tmp_path / "out"), "intent": intent, "tier": tier,
        "engines": reader if isinstance(intent, RemoveText) else {},
    })  # fmt: skip
    return finish(shop_of(tmp_path, turn), job)


@pytest.mark.parametrize("intent", WISHES, ids=lambda intent: intent.kind)
def test_each_intent_has_a_preview_of_the_same_thing(tmp_path: Path, picture: Path, intent: Intent) -> None:
    preview, final = (run(tmp_path, intent, tier) for tier in ("preview", "final"))
    assert {preview.outcome, final.outcome} <= {"done", "degraded", "needs-review"}
    small, large = load(preview.output), load(final.output)
    assert small.shape[0] * small.shape[1] <= PREVIEW_PIXELS < large.shape[0] * large.shape[1]
    assert small.shape[1] / small.shape[0] == pytest.approx(large.shape[1] / large.shape[0], rel=0.01)
    if isinstance(intent, Upscale):  # its regions are the hardest cells of the very picture that was enlarged
        return
    assert [(r.n, r.kind, r.text) for r in preview.regions] == [(r.n, r.kind, r.text) for r in final.regions]
    share = small.shape[1] / large.shape[1]
    for one, other in zip(preview.regions, final.regions, strict=True):
        assert np.abs(np.array(one.box) - np.array(other.box) * share).max() < 5
    if isinstance(intent, Generate):
        assert small[0, 0].tolist() == large[0, 0].tolist()  # the toy's picture is its seed


def test_a_preview_that_is_made_again_does_not_decode_the_large_file(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []
    decode = source_step.decode
    monkeypatch.setattr(source_step, "decode", lambda *a, **k: decoded.append(1) or decode(*a, **k))
    first = run(tmp_path, RemoveObject(mask=BOX), "preview")
    assert decoded == [1]
    for folder in ("generation", "export", "item"):
        for record in (tmp_path / "store" / "stages" / folder).iterdir():
            record.unlink()
    again = run(tmp_path, RemoveObject(mask=BOX), "preview", "run-2")
    assert decoded == [1]
    assert again.output_sha256 == first.output_sha256
    assert not next(s for s in again.stages if s.stage == "generation").cached
