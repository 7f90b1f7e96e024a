"""Observations as bytes and back, and who is watching where."""

from __future__ import annotations

import io
import threading
import zipfile

import numpy as np
import pytest

from model_registry.engines.observing import Observation, Watch, from_npz, observing, session, to_npz

ONE = Observation(
    "a@1", "a red shoe", "", 2**64 + 3, "ddim", "ab" * 32, steps=4, guidance=None, dtype="float32",
    tokens=("<s>", "a</w>"), special=(True, False),
    embeddings={"raw": np.arange(6, dtype=np.float16).reshape(2, 3), "pooled": np.ones(3, np.float16)},
    attention=np.random.default_rng(1).random((1, 2, 2, 3, 4)).astype(np.float16), groups=("down", "up"),
    attended_steps=(3,), pictures=np.full((1, 3, 4, 3), 7, np.uint8), pictured_steps=(3,),
    timesteps=np.array([801, 1], np.float32), settling={"low": np.array([np.nan, 0], np.float32)}, notes=("ä note",),
)  # fmt: skip
NONE = Observation("b@2", "", "", 0, "", "")


def test_there_and_back() -> None:
    data = to_npz([ONE, NONE])
    one, none = from_npz(data)
    for name in ("attention", "pictures", "timesteps"):
        np.testing.assert_array_equal(getattr(one, name), getattr(ONE, name))
        assert getattr(one, name).dtype == getattr(ONE, name).dtype
        assert getattr(none, name).shape == getattr(NONE, name).shape
    for table in ("embeddings", "settling"):
        assert list(getattr(one, table)) == list(getattr(ONE, table))
        for name, value in getattr(ONE, table).items():
            np.testing.assert_array_equal(getattr(one, table)[name], value)
    for name in (
        "engine",
        "seed",
        "tokens",
        "special",
        "groups",
        "attended_steps",
        "notes",
        "guidance",
        "prompt",
    ):
        assert getattr(one, name) == getattr(ONE, name)
    assert to_npz([one, none]) == data == to_npz([ONE, NONE])
    assert from_npz(to_npz([])) == ()


def test_anything_else_is_refused() -> None:
    data = to_npz([ONE])
    other = io.BytesIO()
    np.savez(other, facts=np.frombuffer(b'{"format": 99, "observations": []}', np.uint8))
    pickled = io.BytesIO()
    np.savez(pickled, facts=np.array([{}], object))
    missing = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(missing, "w") as part:
        for name in whole.namelist():
            if "attention" not in name:
                part.writestr(name, whole.read(name))
    for bad in (b"", b"PK", data[:-100], other.getvalue(), pickled.getvalue(), missing.getvalue()):
        with pytest.raises(ValueError, match="observations"):
            from_npz(bad)


def test_who_watches_is_of_the_context() -> None:
    seen: list[object] = []
    assert session() is None
    with observing(Watch(pictures=1)) as outer:
        current = session()
        assert current is not None
        assert current.watch.pictures == 1
        assert current.made is outer
        with observing(None):
            assert session() is None
        with pytest.raises(KeyError), observing(Watch()):
            raise KeyError
        assert session() is current
        thread = threading.Thread(target=lambda: seen.append(session()))
        thread.start()
        thread.join()
    assert session() is None
    assert seen == [None]
