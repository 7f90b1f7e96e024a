"""What an engine says of its fill reaches the region's result and the sheet, and a fill that is as asked stays `done`."""

from __future__ import annotations

from pathlib import Path

from flows.region_notes import region_notes
from tasks.intents import MaskBoxes, Replace
from tasks.job import JobSpec
from tasks.steps.item import finish
from tests.tasks.steps.conftest import drop_card, ground, save, shop_of

WISH = Replace(mask=MaskBoxes(boxes=((30, 30, 60, 50),)), prompt="a leaf")


def test_a_remark_on_a_fill_is_told_and_lessens_nothing(tmp_path: Path, cards: Path, pictures: Path) -> None:
    save(pictures / "a.png", ground(96, 128))
    toy = "tests.tasks.steps.toy_generators:WordyFill"
    drop_card(cards, "toy-prompt", "fill", toy, 'prompt = "required"', automatic=True)
    job = JobSpec(id="a", root=str(pictures), image="a.png", out=str(tmp_path / "out"), intent=WISH)
    for turn in ("run-1", "run-2"):  # the second from the record
        made = finish(shop_of(tmp_path, turn), job)
        assert made.regions[0].remarks == ("made by eye",)
        assert "made by eye" in list(region_notes(made.regions[0]))
        assert "ruler" not in made.reason
        assert not made.regions[0].stood_in
