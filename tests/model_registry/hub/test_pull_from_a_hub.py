"""Weights come from a hub through its own client: only what is wanted, resumed, held against the hub's digests, and locked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

from model_registry import weights
from model_registry.card import Card
from model_registry.errors import WeightsDamaged, WeightsMissing
from model_registry.hub import chosen
from model_registry.licences import ACCEPTED, TermsNotAccepted
from model_registry.lock import LOCK, read_lock
from model_registry.pull import pull
from tests.model_registry.hub.fake_hub import REPOSITORY, REVISION, FakeHub, serving

NET = bytes(range(256)) * 4000
INDEX = {
    "_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"], "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
    "image_encoder": [None, None],
}  # fmt: skip
FILES = {
    "model_index.json": json.dumps(INDEX).encode(),
    "README.md": b"words",
    ".gitattributes": b"*.safetensors lfs",
    "unet/config.json": b"{}",
    "unet/diffusion_pytorch_model.safetensors": NET,
    "unet/diffusion_pytorch_model.fp16.safetensors": NET[: len(NET) // 2],
    "unet/diffusion_pytorch_model.non_ema.safetensors": NET,
    "unet/diffusion_pytorch_model.bin": b"\x80\x04pickle",
    "unet/openvino.xml": b"<net/>",
    "unet/model.py": b"import os",
    "tokenizer/vocab.json": b'{"a": 0}',
    "tokenizer/merges.txt": b"#version: 0.2\n",
    "safety_checker/model.safetensors": NET,
    "image_encoder/model.safetensors": NET,
    "vae_1_0/diffusion_pytorch_model.safetensors": NET,
    "checkpoint.safetensors": NET,
}
PLAIN = [
    "model_index.json", "tokenizer/merges.txt", "tokenizer/vocab.json", "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
]  # fmt: skip
UNET = PLAIN[-1]


def card(**facts: object) -> Card:
    where = {"hub": REPOSITORY, "revision": REVISION}
    return Card.model_validate({
        "id": "tiny", "role": "generate", "runtime": "diffusers", "title": "t", "licence": "Apache-2.0",
        "automatic": False, "weights": where,
    } | facts)  # fmt: skip


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # the client waits between its tries
    with serving(FILES) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        yield served


def files_of(place: Path) -> list[str]:
    return sorted(p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file() and p.name != LOCK)


def test_only_what_the_engine_needs_is_fetched_and_locked(hub: FakeHub, tmp_path: Path) -> None:
    place = pull(card(), tmp_path)
    assert files_of(place) == PLAIN
    assert {line.split()[1] for line in hub.asked if line.startswith("GET ") and "/api/" not in line} == set(
        PLAIN
    )
    lock = read_lock(place)
    assert lock is not None
    assert (lock.repository, lock.revision, lock.licence) == (REPOSITORY, REVISION, "Apache-2.0")
    assert {name: (file.size, file.sha256) for name, file in lock.files.items()} == {
        name: (len(FILES[name]), hashlib.sha256(FILES[name]).hexdigest()) for name in PLAIN
    }
    assert weights.verify(card(), tmp_path) == []
    assert weights.locate(card(), tmp_path) == place
    assert huggingface_hub.constants.HF_HUB_OFFLINE is True


def test_a_second_pull_fetches_nothing(hub: FakeHub, tmp_path: Path) -> None:
    place = pull(card(), tmp_path)
    before = (place / LOCK).read_bytes()
    hub.asked.clear()
    assert pull(card(), tmp_path) == place
    assert not any(hub.contents_of(name) for name in FILES)
    assert (place / LOCK).read_bytes() == before


def test_the_variant_that_the_card_names_is_taken_in_place_of_the_plain_one(
    hub: FakeHub, tmp_path: Path
) -> None:
    half = card(weights={"hub": REPOSITORY, "revision": REVISION, "variant": "fp16"})
    assert "unet/diffusion_pytorch_model.fp16.safetensors" in files_of(pull(half, tmp_path))
    assert hub.contents_of(UNET) == 0
    assert weights.weights_digest(half) != weights.weights_digest(card())
    pull(card(), tmp_path)  # the same repository: its lock now holds both
    assert weights.verify(card(), tmp_path) == weights.verify(half, tmp_path) == []


def test_a_dropped_connection_goes_on_where_it_stopped(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 100_000)  # 10 MB else
    hub.cut[UNET] = [300_000, 700_000]
    place = pull(card(), tmp_path)
    assert (place / UNET).read_bytes() == NET
    assert hub.ranges == ["bytes=300000-", "bytes=700000-"]


def test_a_pull_that_failed_is_taken_up_with_the_files_that_are_missing(hub: FakeHub, tmp_path: Path) -> None:
    hub.cut[UNET] = [300_000] * 50
    with pytest.raises(WeightsMissing, match=r"someone/tiny could not be fetched.*network"):
        pull(card(), tmp_path)
    with pytest.raises(WeightsMissing, match="has not been pulled"):
        weights.locate(card(), tmp_path)
    assert not list(tmp_path.rglob(LOCK))
    hub.cut.clear()
    hub.asked.clear()
    place = pull(card(), tmp_path)
    assert (place / UNET).read_bytes() == NET
    assert [name for name in FILES if hub.contents_of(name)] == [UNET]


def test_a_file_altered_or_cut_on_disk_is_noticed_named_and_mended(hub: FakeHub, tmp_path: Path) -> None:
    place = pull(card(), tmp_path)
    blob = (place / UNET).resolve()
    blob.write_bytes(NET[:-1] + b"!")
    assert [fault.split(":")[0] for fault in weights.verify(card(), tmp_path)] == [f"{UNET} is damaged"]
    weights.require(card(), tmp_path)  # of the same length: only `models verify` reads every byte
    blob.write_bytes(NET[:1000])
    assert "1000 bytes, not 1024000" in weights.verify(card(), tmp_path, "none")[0]
    with pytest.raises(WeightsDamaged, match=r"damaged.*pentimento models pull tiny"):
        weights.require(card(), tmp_path)
    hub.asked.clear()
    assert pull(card(), tmp_path) == place
    assert (place / UNET).read_bytes() == NET
    assert [name for name in FILES if hub.contents_of(name)] == [UNET]
    assert weights.verify(card(), tmp_path) == []


def test_missing_and_extra_files_are_told_apart(hub: FakeHub, tmp_path: Path) -> None:
    place = pull(card(), tmp_path)
    (place / "tokenizer/vocab.json").unlink()
    (place / "unet/other.safetensors").write_bytes(b"x")
    (place / "unet/run.bin").write_bytes(b"x")
    faults = weights.verify(card(), tmp_path)
    assert "tokenizer/vocab.json is missing" in faults
    assert any(fault.startswith("unet/other.safetensors is extra") for fault in faults)
    assert any(fault.startswith("unet/run.bin may hold a pickle") for fault in faults)


def test_a_lock_that_cannot_be_read_is_a_fault_and_is_made_anew(hub: FakeHub, tmp_path: Path) -> None:
    place = pull(card(), tmp_path)
    (place / LOCK).write_text('{"format": 1')
    assert "cannot be read" in weights.verify(card(), tmp_path)[0]
    pull(card(), tmp_path)
    assert weights.verify(card(), tmp_path) == []


def test_a_hub_that_sends_other_bytes_than_it_lists_is_not_believed(hub: FakeHub, tmp_path: Path) -> None:
    hub.lying[UNET] = NET[:-1] + b"!"
    with pytest.raises(WeightsDamaged, match=rf"{UNET} came otherwise than the hub says"):
        pull(card(), tmp_path)
    assert not list(tmp_path.rglob(LOCK))


def test_the_cards_own_digest_is_held_against_what_came(hub: FakeHub, tmp_path: Path) -> None:
    pinned = card(weights={"hub": REPOSITORY, "revision": REVISION, "sha256": {UNET: "0" * 64}})
    with pytest.raises(WeightsDamaged, match=f"{UNET} has sha256"):
        pull(pinned, tmp_path)


@pytest.mark.parametrize("gone", ["down", "nowhere"])
def test_a_hub_that_does_not_answer_is_named(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    hub.down = gone == "down"
    if gone == "nowhere":
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(WeightsMissing, match="someone/tiny could not be fetched"):
        pull(card(), tmp_path)


def test_terms_that_nobody_accepted_stop_a_pull_before_anything_is_asked(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = card(terms="may not be used commercially", licence="Some Non-Commercial License")
    monkeypatch.delenv(ACCEPTED, raising=False)
    with pytest.raises(TermsNotAccepted, match=r"Non-Commercial.*may not be used commercially.*=tiny"):
        pull(limited, tmp_path)
    assert hub.asked == []
    monkeypatch.setenv(ACCEPTED, "tiny-other, all")
    assert "may not be used" in weights.verify(limited, tmp_path)[0]
    monkeypatch.setenv(ACCEPTED, "another tiny")
    pull(limited, tmp_path)
    assert weights.verify(limited, tmp_path) == []
    monkeypatch.delenv(ACCEPTED)
    with pytest.raises(TermsNotAccepted):
        weights.require(limited, tmp_path)


def test_which_files_are_chosen() -> None:
    plain = card().weights
    assert plain is not None
    model = ["config.json", "model.safetensors", "pytorch_model.bin", "preprocessor_config.json", "a/../b.py"]
    assert chosen(model, plain, None) == ["config.json", "model.safetensors", "preprocessor_config.json"]
    shards = [f"t/m.safetensors.index{tag}.json" for tag in ("", ".fp16")]
    shards += [f"t/m{tag}-0000{n}-of-00002.safetensors" for tag in ("", ".fp16") for n in (1, 2)]
    half = plain.model_copy(update={"variant": "fp16"})
    assert chosen(shards, half, frozenset({"t"})) == sorted(name for name in shards if "fp16" in name)
    assert chosen(shards, plain, frozenset({"t"})) == sorted(name for name in shards if "fp16" not in name)
    only = [name for name in shards if "fp16" in name]
    assert chosen(only, plain, frozenset({"t"})) == sorted(only)
