"""Published networks as ONNX: what they compute, that the bytes repeat, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from model_registry.convert.__main__ import main
from model_registry.convert.ncnn import read_compact
from model_registry.convert.networks import COMPACT, NAMES, convert
from model_registry.errors import EngineFault, WeightsDamaged
from model_registry.registry import PACKAGED, Registry
from model_registry.weights import file_sha256
from tests.model_registry.convert import published, reference


def run(path: Path, picture: torch.Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["enlarged"], {"image": picture.numpy()})[0])


@pytest.mark.parametrize("name", sorted(published.STATES))
@pytest.mark.parametrize("inside", ["", "params"])
def test_a_converted_state_dict_computes_what_the_paper_says(name: str, inside: str, tmp_path: Path) -> None:
    tensors = published.STATES[name]()
    source = published.save(tensors, tmp_path / "net.pth", inside)
    convert(name, source, tmp_path / "net.onnx")
    for height, width in ((16, 24), (33, 17)):
        picture = reference.picture(height, width)
        with torch.inference_mode():
            wanted = reference.Net(tensors)(name, picture).numpy()
        made = run(tmp_path / "net.onnx", picture)
        assert made.shape == (1, 3, height * 4, width * 4)
        assert np.abs(made - wanted).max() <= 2e-5 * max(1.0, float(np.abs(wanted).max()))


@pytest.mark.parametrize("half", [True, False])
def test_an_ncnn_pair_computes_what_was_written_to_it(half: bool, tmp_path: Path) -> None:
    net = published.Compact()
    param = net.save(tmp_path, half)
    layers = read_compact(param, param.with_suffix(".bin"))
    for layer, weight, bias in zip(layers, net.weights, net.biases, strict=True):
        assert (layer.weight == weight).all()
        assert (layer.bias == bias).all()
    assert [layer.slopes is None for layer in layers] == [False, False, False, True]
    convert("realesr-general", param, tmp_path / "net.onnx")
    picture = reference.picture(9, 14)
    with torch.inference_mode():
        wanted = reference.compact(net, picture).numpy()
    assert np.abs(run(tmp_path / "net.onnx", picture) - wanted).max() < 1e-5


def test_the_bytes_repeat_in_another_process(tmp_path: Path) -> None:
    source = published.save(published.imdn(), tmp_path / "net.pth")
    first = convert("imdn", source, tmp_path / "a.onnx")
    asked = [sys.executable, "-m", "model_registry.convert", "imdn", str(source), str(tmp_path / "b.onnx")]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert told == f"{first}  b.onnx\n"
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    assert first == file_sha256(tmp_path / "a.onnx")


def test_a_state_of_another_network_is_refused(tmp_path: Path) -> None:
    wrong = published.save(published.rlfn(), tmp_path / "rlfn.pth")
    with pytest.raises(WeightsDamaged, match=r"no model\.0\.weight"):
        convert("imdn", wrong, tmp_path / "net.onnx")
    more = published.save({**published.imdn(), "left.over": np.zeros(2, np.float32)}, tmp_path / "more.pth")
    with pytest.raises(WeightsDamaged, match=r"no place in this network, left\.over first"):
        convert("imdn", more, tmp_path / "net.onnx")
    assert not (tmp_path / "net.onnx").exists()


def test_a_pickle_that_is_more_than_tensors_is_not_read(tmp_path: Path) -> None:
    torch.save({"model.0.weight": Path("x")}, tmp_path / "net.pth")
    with pytest.raises(WeightsDamaged, match="tensors alone"):
        convert("imdn", tmp_path / "net.pth", tmp_path / "net.onnx")


def test_tensors_that_end_early_or_late_are_refused(tmp_path: Path) -> None:
    param = published.Compact().save(tmp_path)
    binary = param.with_suffix(".bin")
    whole = binary.read_bytes()
    for held, words in ((whole[:-4], "end before"), (whole + b"\0\0\0\0", "4 bytes have no layer")):
        binary.write_bytes(held)
        with pytest.raises(WeightsDamaged, match=words):
            read_compact(param, binary)
    binary.write_bytes(b"\1\2\3\4" + whole[4:])
    with pytest.raises(WeightsDamaged, match="unknown kind"):
        read_compact(param, binary)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("7767517", "1", "no ncnn"),
        ("PixelShuffle", "Softmax", "a layer Softmax"),
        ("1=3", "1=0", "a convolution of"),
    ],
)
def test_another_ncnn_network_is_refused(old: str, new: str, words: str, tmp_path: Path) -> None:
    param = published.Compact().save(tmp_path)
    param.write_text(param.read_text().replace(old, new, 1))
    with pytest.raises(WeightsDamaged, match=words):
        read_compact(param, param.with_suffix(".bin"))


def test_an_unknown_name_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(EngineFault, match="imdn, imdn-int8, rfdn"):
        convert("edsr", tmp_path / "x", tmp_path / "y")
    with pytest.raises(SystemExit):
        main(["edsr", "x", "y"])


def test_every_network_has_a_card_that_says_how_it_was_made() -> None:
    registry = Registry.load(PACKAGED)
    for name in NAMES:
        card = registry.get(name)
        assert card.weights is not None
        assert card.scales == (4,)
        assert f"python -m model_registry.convert {name} " in card.weights.origin
        assert list(card.weights.sha256) == [f"{name}_x4.onnx"]
        assert card.invents == (name in COMPACT)


def test_a_converted_network_is_an_engine_of_its_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from model_registry.engines import wrap
    from model_registry.engines.load import load_engine

    source = published.save(published.rfdn(), tmp_path / "net.pth")
    digest = convert("rfdn", source, tmp_path / "rfdn_x4.onnx")
    monkeypatch.setenv("PENTIMENTO_WEIGHTS", str(tmp_path))
    card = Registry.load().get("rfdn")
    assert card.weights is not None
    pinned = card.weights.model_copy(update={"sha256": {"rfdn_x4.onnx": digest}})
    mine = card.model_copy(update={"weights": pinned})
    engine = load_engine(mine, tmp_path)
    image = reference.picture(5, 40)[0].numpy().transpose(1, 2, 0)  # smaller than its pooling takes
    assert wrap.upscale(mine, engine, np.ascontiguousarray(image), 4, params={}).shape == (20, 160, 3)
