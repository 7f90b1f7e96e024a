"""Watching changes no byte, leaves nothing behind, and costs nothing where nobody watches."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from model_registry.engines.observing import Watch, observing
from model_registry.errors import EngineFault
from tests.model_registry.observing.conftest import Engines, hooks, make, modes, pipe_of, processors

WATCH = Watch(pictures=2, side=24, attention_side=16, steps_kept=2)
CASES = [
    ("sd", "ddim", {}),
    ("sd", "euler-ancestral", {}),
    ("sd", "dpm++-sde", {}),
    ("sd", "unipc", {"dtype": "bfloat16"}),
    ("sd", "lcm", {"guidance": 1.0}),
    ("inpaint", "dpm++", {}),
    ("inpaint", "euler-ancestral", {"strength": 0.6}),
    ("sdxl", "euler-ancestral", {}),
    ("sdxl", "dpm++-sde", {"negative": "dull"}),
    ("sd3", "flow-euler", {}),
    ("sd3", "", {"negative": "dull"}),
    ("flux", "flow-euler", {}),
    ("z-image", "flow-euler", {}),
    ("StableDiffusionUpscalePipeline", "", {}),
    ("StableDiffusionLatentUpscalePipeline", "", {}),
    ("LDMSuperResolutionPipeline", "", {}),
]


@pytest.mark.parametrize(("kind", "scheduler", "params"), CASES)
def test_a_watched_call_gives_the_same_bytes(
    engines: Engines, kind: str, scheduler: str, params: dict[str, Any]
) -> None:
    engine = engines(kind)
    plain = make(engine, scheduler, **params)
    before = hooks(engine), pipe_of(engine).scheduler, processors(engine)
    with observing(WATCH) as made:
        watched = make(engine, scheduler, **params)
    assert watched.tobytes() == plain.tobytes()
    assert make(engine, scheduler, **params).tobytes() == plain.tobytes()
    assert (hooks(engine), pipe_of(engine).scheduler, processors(engine)) == before
    assert modes() == 0
    assert len(made) == 1
    assert made[0].timesteps.size >= 2
    assert len(made[0].pictures) == 2 or kind == "LDMSuperResolutionPipeline"


@pytest.mark.parametrize("place", ["unet", "layer", "scheduler"])
def test_nothing_is_left_after_an_exception(
    engines: Engines, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engines("sd")
    plain = make(engine)
    pipe, before = pipe_of(engine), processors(engine)
    if place == "scheduler":
        monkeypatch.setattr(type(pipe.scheduler), "step", _broken)
    else:
        part = (
            pipe.unet if place == "unet" else pipe.unet.up_blocks[0].attentions[0].transformer_blocks[0].attn2
        )
        monkeypatch.setattr(part, "forward", _broken)
    with observing(WATCH) as made, pytest.raises(EngineFault, match="broken on purpose"):
        make(engine)
    monkeypatch.undo()
    assert made == []
    assert (hooks(engine), processors(engine), modes()) == (0, before, 0)
    assert make(engine).tobytes() == plain.tobytes()


def _broken(*_: Any, **__: Any) -> Any:
    raise ValueError("broken on purpose")


def test_a_fault_of_the_watcher_is_a_note_and_no_fault_of_the_call(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    from model_registry.engines import observe_attention, observe_call, observe_steps

    engine = engines("sd")
    plain = make(engine)
    monkeypatch.setattr(observe_steps, "predicted_clean", _broken)
    monkeypatch.setattr(observe_attention, "_shares", _broken)
    monkeypatch.setattr(observe_call, "read_call", _broken)
    monkeypatch.setattr(observe_call, "decoded", _broken)
    with observing(WATCH) as made:
        assert make(engine).tobytes() == plain.tobytes()
    assert sum("broken on purpose" in note for note in made[0].notes) == 3
    assert not made[0].settling
    assert not made[0].attention.size
    monkeypatch.undo()
    monkeypatch.setattr(observe_attention, "_shares", _broken)
    with observing(WATCH) as made:
        assert make(engine).tobytes() == plain.tobytes()
    assert "attention: ValueError: broken on purpose" in made[0].notes
    assert modes() == 0


def test_unwatched_nothing_is_hooked_and_nothing_more_is_imported(engines: Engines) -> None:
    engine = engines("sd")
    counts: list[int] = []
    handle = pipe_of(engine).unet.register_forward_pre_hook(lambda *_: counts.append(hooks(engine)))
    try:
        make(engine, steps=2)
        with observing(None):
            make(engine, steps=2)
        assert set(counts) == {1}
        with observing(WATCH):
            make(engine, steps=2)
        assert max(counts) > 5
    finally:
        handle.remove()
    code = "import sys, model_registry.engines.diffusion_model as m; print([n for n in sys.modules if 'observe_' in n])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_a_picture_looked_at_through_windows(engines: Engines) -> None:
    engine = engines("sd")

    def wide() -> Any:
        return engine._model.run(
            "a red! shoe",
            engine._model.read({"steps": 2}),
            5,
            {"height": 64, "width": 160},
            dark=False,
            window=64,
        )

    plain = wide()
    with observing(Watch(pictures=1, attention_side=20, steps_kept=2)) as made:
        assert np.array_equal(wide(), plain)
    attention = made[0].attention.astype(float)
    assert attention.shape[-2:] == (8, 20)
    assert (attention > 0).all()
    assert not any("attention" in note for note in made[0].notes)
