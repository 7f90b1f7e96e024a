"""Publishing that breaks off: before the pointer nothing changed, after it the next try tidies up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.deciding import decide
from flows.publish import POINTER
from infra.store.contract import Backend, Unavailable
from infra.store.local import LocalBackend
from tasks.workshop import Workshop
from tests.flows.review.conftest import (
    RUN,
    published,
)
from tests.flows.review.shown import visible, whole


class Broken:
    """A backend that stops answering at one key's write, and at whatever follows."""

    def __init__(self, inner: Backend, at: str) -> None:
        self.inner, self.at, self.down = inner, at, False
        self.written: list[str] = []

    def put(self, key: str, data: bytes, media_type: str = "application/octet-stream") -> None:
        self.down = self.down or key.startswith(self.at)
        if self.down:
            raise Unavailable("killed")
        self.written.append(key)
        self.inner.put(key, data, media_type)

    def delete(self, key: str) -> None:
        if self.down:
            raise Unavailable("killed")
        self.inner.delete(key)

    def get(self, key: str) -> bytes:
        return self.inner.get(key)

    def exists(self, key: str) -> bool:
        return self.inner.exists(key)

    def keys(self, prefix: str) -> Iterator[str]:
        return self.inner.keys(prefix)

    def url(self, key: str) -> str:
        return self.inner.url(key)


class Faulty(Workshop):
    """A workshop whose output folder is `broken`."""

    def backend(self, url: str) -> Backend:
        return self.__dict__["broken"] if url == self.__dict__["out"] else super().backend(url)


@pytest.mark.parametrize("at", ["waits.png", "published/", POINTER])
def test_a_crash_before_the_pointer_leaves_the_old_state_and_the_next_try_ends_it(
    shop: Workshop, out: Path, at: str
) -> None:
    published(shop)
    old = (out / POINTER).read_bytes()
    decide(shop.store, RUN, ["waits", "other"], [], by="ann")
    faulty = Faulty(shop.spec)
    faulty.__dict__.update(out=str(out), broken=Broken(LocalBackend(out), at))
    with pytest.raises(Unavailable):
        published(faulty)
    assert (out / POINTER).read_bytes() == old
    assert visible(out) == ["fine"]
    whole(out)
    assert (out / "needs-review" / "waits.png").is_file(), "the candidate's copy stays until it is visible"
    assert published(shop).status == "published"
    assert visible(out) == ["fine", "other", "waits"]
    whole(out)
    assert not list((out / "needs-review").glob("[wo]*.png"))


def test_the_pointer_is_the_last_thing_written(shop: Workshop, out: Path) -> None:
    decide(shop.store, RUN, ["waits"], [], by="ann")
    faulty = Faulty(shop.spec)
    watched = Broken(LocalBackend(out), "nothing")
    faulty.__dict__.update(out=str(out), broken=watched)
    published(faulty)
    assert watched.written.count(POINTER) == 1
    assert watched.written[-1] == POINTER
    assert watched.written[-2].startswith("published/")


def test_a_crash_after_the_pointer_is_tidied_by_the_next_publish(shop: Workshop, out: Path) -> None:
    decide(shop.store, RUN, ["waits"], [], by="ann")
    candidate = (out / "needs-review" / "waits.png").read_bytes()
    published(shop)
    (out / "needs-review" / "waits.png").write_bytes(candidate)
    assert published(shop).status == "already published"
    assert not (out / "needs-review" / "waits.png").exists()
