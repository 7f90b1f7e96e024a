"""The edit flow on small real pictures of every kind, with the real engines and a Prefect server."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from flows.cli.generate import generate_job
from flows.cli.request import EditOptions, edit_jobs
from flows.demo.overlays import Caption, overlaid
from flows.demo.photographs import photograph
from flows.edit import run_edit
from tasks.contracts import Raster
from tasks.export.xmp import SourceType
from tasks.job import JobSpec
from tasks.results import ItemResult, RunResult
from tasks.triage.decode import decode
from tests.tasks.triage.made_pictures import png

pytestmark = pytest.mark.usefixtures("prefect_server", "home")
Levels = NDArray[np.uint8] | NDArray[np.uint16]
BOX = "box:20,16,44,30"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def edit(jobs: Sequence[JobSpec]) -> dict[str, ItemResult]:
    """One run; its items by id."""
    result = RunResult.model_validate(run_edit(tuple(jobs)))
    assert [item.id for item in result.items] == [job.id for job in jobs]
    return {item.id: item for item in result.items}


def job(image: Path, id_: str = "", **options: object) -> JobSpec:
    (made,) = edit_jobs([image], EditOptions(out="out", **options))  # type: ignore[arg-type]
    return made.model_copy(update={"id": id_ or made.id, "name": id_ or made.name})


def raster(path: Path | str) -> Raster:
    return decode(Path(path).read_bytes(), name="test", max_pixels=10**8, max_bytes=10**9)


def photo(height: int = 64, width: int = 96, channels: int = 3, bits: int = 8) -> Levels:
    """A piece of the coffee cup, shrunk; the alpha of 2 and 4 channels runs from left to right."""
    colours = cv2.resize(photograph("coffee")[40:300, 100:490], (width, height), interpolation=cv2.INTER_AREA)
    grey = colours.mean(axis=2, keepdims=True)
    alpha = np.broadcast_to(np.linspace(0, 1, width, dtype=np.float32)[None, :, None], (height, width, 1))
    parts = {1: [grey], 2: [grey, alpha], 3: [colours], 4: [colours, alpha]}[channels]
    levels = np.concatenate(parts, axis=2) * ((1 << bits) - 1)
    return np.rint(levels).astype(np.uint8 if bits == 8 else np.uint16)


def write(name: str, pixels: Levels) -> Path:
    Path(name).write_bytes(png(pixels))
    return Path(name)


def outside_is_identical(before: Raster, item: ItemResult) -> None:
    """Outside the regions' boxes every channel is bit-equal, and inside them the alpha is."""
    after = raster(item.output)
    assert after.pixels.shape == before.pixels.shape == (item.height, item.width, before.channels)
    assert after.pixels.dtype == before.pixels.dtype
    outside = np.ones(after.pixels.shape[:2], bool)
    for region in item.regions:
        x0, y0, x1, y1 = region.box
        outside[y0:y1, x0:x1] = False
    assert (before.pixels[outside] == after.pixels[outside]).all()
    assert (before.pixels[..., before.colours :] == after.pixels[..., before.colours :]).all()


def test_every_intent_and_every_kind_of_mask(here: Path) -> None:
    plain = photo()
    marked = plain.copy()
    marked[16:30, 20:44] = (0, 255, 0)
    picture, mask = write("a.png", marked), np.zeros((64, 96, 1), np.uint8)
    mask[16:30, 20:44] = 255
    (here / "masks").mkdir()
    write("masks/m.png", mask)
    captioned = overlaid(photograph("coffee")[:240, 150:450], (Caption("SALE 50%", 150, 40, 34),))
    text = write("text.png", np.rint(captioned * 255).astype(np.uint8))
    masks = {
        "box": BOX,
        "poly": "poly:20,16 44,16 44,30 20,30",
        "key": "key:#00ff00~8",
        "file": "masks/m.png",
    }
    done = edit([
        job(text, "text", remove_text=True), job(picture, "upscale", upscale=3), job(picture, "clean", clean=True),
        *(job(picture, name, remove_object=True, mask=spec) for name, spec in masks.items()),
    ])  # fmt: skip
    assert {name: item.outcome for name, item in done.items()} == dict.fromkeys(done, "done")
    assert [(r.kind, r.text) for r in done["text"].regions] == [("text", "SALE 50%")]
    outside_is_identical(raster(text), done["text"])
    for name in masks:
        (region,) = done[name].regions
        assert (region.kind, region.box) == ("object", (17, 13, 47, 33)), name
        outside_is_identical(raster(picture), done[name])
        made = raster(done[name].output).pixels.astype(int)
        assert (made[..., 1] - made[..., 0]).max() < 100, name
    assert (done["upscale"].width, done["upscale"].height) == (288, 192)
    assert raster(done["upscale"].output).pixels.shape == (192, 288, 3)
    assert raster(done["clean"].output).pixels.shape == (64, 96, 3)


KINDS = {
    "rgb16": (photo(bits=16), BOX), "rgba": (photo(channels=4), BOX), "grey": (photo(channels=1), BOX),
    "grey16": (photo(channels=1, bits=16), BOX), "grey-alpha": (photo(channels=2), BOX),
    "rgba16": (photo(channels=4, bits=16), BOX), "one": (photo(1, 1), "box:0,0,1,1"),
    "few": (photo(5, 3), "box:1,1,2,3"), "few-grey": (photo(3, 5, 1), "box:0,0,2,2"), "row": (photo(1, 9), "box:4,0,6,1"),
}  # fmt: skip


def test_every_kind_of_picture_keeps_its_size_depth_alpha_and_every_pixel_outside(here: Path) -> None:
    paths = {name: write(f"{name}.png", pixels) for name, (pixels, _) in KINDS.items()}
    palette = Image.fromarray(photo()).quantize(32)
    palette.save("palette.png")
    paths["palette"] = Path("palette.png")
    masks = {name: mask for name, (_, mask) in KINDS.items()} | {"palette": BOX}
    done = edit([job(path, name, remove_object=True, mask=masks[name]) for name, path in paths.items()])
    for name, item in done.items():
        assert item.outcome in ("done", "degraded"), (name, item.reason)
        assert item.regions, name
        outside_is_identical(raster(paths[name]), item)
        x0, y0, x1, y1 = item.regions[0].box
        if min(item.width, item.height) > 9:
            before, after = raster(paths[name]).pixels, raster(item.output).pixels
            assert (before[y0:y1, x0:x1] != after[y0:y1, x0:x1]).any(), name
    sixteen = raster(done["rgb16"].output).pixels
    assert len(np.unique(sixteen[16:30, 20:44] % 257)) > 50  # the fill is not of 256 levels


def test_a_picture_without_text_comes_back_byte_for_byte(here: Path) -> None:
    plain = np.random.default_rng(3).normal(120, 4, (64, 96, 3)).round()
    pictures = [write("one.png", photo(1, 1)), write("few.png", photo(5, 3))]
    pictures.append(write("deep.png", (plain * 257).astype(np.uint16)))
    Image.fromarray(plain.astype(np.uint8)).save("jpeg.jpg", quality=81)
    pictures.append(Path("jpeg.jpg"))
    done = edit([job(path, remove_text=True) for path in pictures])
    for path in pictures:
        item = done[path.stem]
        assert (item.outcome, item.reason, item.regions) == ("unchanged", "no text was found", ())
        assert Path(item.output).read_bytes() == path.read_bytes()
        assert Path(item.output).suffix == path.suffix


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_jpeg_is_edited_as_displayed_and_keeps_tables_subsampling_and_turn(
    here: Path, orientation: int
) -> None:
    stored = photo(96, 128)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(stored).save("a.jpg", quality=77, subsampling=2, exif=exif)
    shown = raster("a.jpg")
    assert (shown.width, shown.height) == ((96, 128) if orientation == 6 else (128, 96))
    mask = np.zeros((shown.height, shown.width, 1), np.uint8)
    mask[60:80, 20:50] = 255
    write("m.png", mask)
    item = edit([job(Path("a.jpg"), remove_object=True, mask="m.png")])["a"]
    assert item.outcome == "done", item.reason
    assert item.regions[0].box == (17, 57, 53, 83)
    with Image.open("a.jpg") as before, Image.open(item.output) as after:
        assert after.size == before.size
        assert after.getexif()[0x0112] == orientation
        assert after.quantization == before.quantization  # type: ignore[attr-defined]
        assert after.layer == before.layer  # type: ignore[attr-defined]
    made = raster(item.output)
    far = np.ones(mask.shape[:2], bool)
    far[40:100, 0:72] = False  # whole blocks of 16 around the zone
    change = np.abs(made.pixels.astype(int) - shown.pixels).max(axis=2)
    assert change[far].max() <= 12
    assert change[62:78, 22:48].max() > 30


def test_a_mask_of_the_wrong_size_is_rejected_with_both_sizes(here: Path) -> None:
    write("m.png", np.full((40, 50, 1), 255, np.uint8))
    item = edit([job(write("a.png", photo()), remove_object=True, mask="m.png")])["a"]
    assert (item.outcome, item.stage, item.output) == ("rejected", "detection", "")
    assert "50×40" in item.reason
    assert "96×64" in item.reason
    assert not Path("out").exists()


def test_the_command_prints_one_object_and_the_cure_of_a_missing_engine(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from flows.cli import main

    write("-a.png", photo())
    for arguments in (
        (
            "edit",
            "--replace",
            "a cup",
            "--mask",
            BOX,
            "--engine",
            "generation=sd15-inpaint",
            "--json",
            "--",
            "-a.png",
        ),
        ("generate", "a cup", "--engine", "sd15", "--json"),
    ):
        monkeypatch.setattr(sys, "argv", ["pentimento", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 1
        (item,) = json.loads(capsys.readouterr().out)["items"]
        assert (item["outcome"], item["stage"]) == ("failed", "generation")
        assert "has not been pulled" in item["reason"]
        assert "pentimento models pull" in item["cure"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two small diffusers pipelines and their cards."""
    from tests.model_registry.diffusion import tiny_pipeline

    folder = tmp_path_factory.mktemp("cards")
    tiny_pipeline.build_text_to_image(folder)
    tiny_pipeline.build_inpaint(folder)
    tiny_pipeline.write_card(folder, "generate")
    tiny_pipeline.write_card(folder, "fill")
    return folder


@pytest.fixture
def with_tiny(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENTIMENTO_CARDS", str(tiny))


def drawn(id_: str, seed: int, size: str = "72x40", out: str = "out") -> JobSpec:
    made = generate_job("a red cup", size, "tiny-sd", "ddim", 2, seed, out, [])
    return made.model_copy(update={"id": id_, "name": id_})


def source_type(path: str) -> list[str]:
    data = Path(path).read_bytes()
    return [
        kind.name
        for kind in SourceType
        if kind.value and f"{kind.value}".encode() + b"<" in data.replace(b'"', b"<")
    ]


@pytest.mark.usefixtures("with_tiny")
def test_a_generated_picture_is_of_its_size_repeats_by_seed_and_says_it_is_generated(here: Path) -> None:
    first = edit([drawn("one", 5), drawn("two", 6)])
    for item in first.values():
        assert item.outcome == "done", item.reason
        assert raster(item.output).pixels.shape == (40, 72, 3)
        assert source_type(item.output) == ["TRAINED"]
        assert [s.engine for s in item.stages if s.stage == "generation"] == ["tiny-sd"]
    data = {name: Path(item.output).read_bytes() for name, item in first.items()}
    assert data["one"] != data["two"]
    result = RunResult.model_validate(run_edit((drawn("three", 5),), fresh=True))
    assert not any(stage.cached for stage in result.items[0].stages)
    assert Path(result.items[0].output).read_bytes() == data["one"]


@pytest.mark.usefixtures("with_tiny")
def test_a_replaced_area_is_made_by_the_prompt_and_nothing_else_is_touched(here: Path) -> None:
    picture = write("a.png", photo(96, 128, channels=4, bits=16))
    options = {"replace": "a red cup", "mask": "box:40,30,90,70", "engines": ("generation=tiny-sd-inpaint",)}
    done = edit([job(picture, "one", seed=1, **options), job(picture, "two", seed=2, **options)])
    for item in done.values():
        assert item.outcome in ("done", "degraded", "needs-review"), item.reason
        assert {region.engine for region in item.regions} == {"tiny-sd-inpaint"}
        outside_is_identical(raster(picture), item)
        assert source_type(item.output) == ["COMPOSITE"]
    fills = [raster(item.output).pixels[35:65, 45:85] for item in done.values()]
    assert (fills[0] != fills[1]).mean() > 0.5
    again = RunResult.model_validate(run_edit((job(picture, "one", seed=1, **options),), fresh=True)).items[0]
    assert again.output_sha256 == done["one"].output_sha256


def test_preview_and_final_find_the_same_regions_and_the_sheet_offers_both(here: Path) -> None:
    height, width = 1155, 1732
    cup = cv2.resize(photograph("coffee"), (width, height), interpolation=cv2.INTER_CUBIC)
    captions = (Caption("SPECIAL", 460, 160, 70), Caption("50% OFF", 1300, 1000, 70, (255, 220, 0)))
    picture = write("big.png", np.rint(np.clip(overlaid(cup, captions), 0, 1) * 255).astype(np.uint8))
    runs, shapes = {}, {}
    for tier in ("preview", "final"):
        runs[tier] = RunResult.model_validate(run_edit((job(picture, remove_text=True, tier=tier),)))
        shapes[tier] = raster(runs[tier].items[0].output).pixels.shape
    preview, final = runs["preview"].items[0], runs["final"].items[0]
    assert preview.outcome == final.outcome == "done", (preview.reason, final.reason)
    assert 200_000 < preview.width * preview.height <= 250_000
    assert shapes == {"preview": (preview.height, preview.width, 3), "final": (height, width, 3)}
    assert "".join(r.text for r in final.regions).replace(" ", "") == "SPECIAL50%OFF"
    assert [(r.n, r.text) for r in preview.regions] == [(r.n, r.text) for r in final.regions]
    for small, large in zip(preview.regions, final.regions, strict=True):
        assert np.abs(np.array(small.box) * (width / preview.width) - large.box).max() < 12
    assert 'data-tier="other"' not in Path(runs["preview"].sheet).read_text(encoding="utf-8")
    page = Path(runs["final"].sheet).read_text(encoding="utf-8")
    assert page.count('data-tier="other">preview</button>') == 1
