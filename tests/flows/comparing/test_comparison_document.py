"""The document of a comparison, its page and what tracking is told, from real results."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from PIL import Image

from flows.comparing.assemble import Compared
from flows.comparing.model import Comparison
from flows.comparing.page import render
from flows.comparing.tracked import PLANNED, beside, overrides, scores_parquet, track_comparison
from flows.request import Beside
from flows.track_run import track_run
from infra.settings import Settings
from tasks.workshop import Workshop
from tests.flows.comparing import small


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Compared, Workshop]:
    return small.run(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def comparison(ran: tuple[Compared, Workshop]) -> Comparison:
    return small.assembled(*ran)


def test_every_variant_has_its_scores_of_every_picture_and_the_document_reads_back(
    comparison: Comparison,
) -> None:
    assert [p.id for p in comparison.pictures] == list(small.NAMES)
    for picture in comparison.pictures:
        assert set(picture.made) == {"telea", "plane"}
        for made in picture.made.values():
            assert {"psnr", "ssim", "soundness"} <= set(made.scores)
            assert made.output_sha256
            assert made.boxes
        assert picture.disagreement > 0
    assert {m.name for m in comparison.metrics if m.deciding} == {"psnr", "ssim", "outcome"}
    assert comparison.variant("telea").engines == {"telea": 3}
    assert Comparison.model_validate_json(comparison.model_dump_json()) == comparison
    psnr = [p.made["telea"].scores["psnr"] for p in comparison.pictures]
    assert comparison.variant("telea").means["psnr"] == pytest.approx(sum(psnr) / 3, abs=1e-5)


def test_the_same_results_make_the_same_document(
    ran: tuple[Compared, Workshop], comparison: Comparison
) -> None:
    assert small.assembled(*ran).model_dump_json() == comparison.model_dump_json()


def test_shared_detection_is_charged_to_both(comparison: Comparison) -> None:
    assert [one.cost.timed for one in comparison.variants] == [3, 3]
    assert not [note for note in comparison.verdict.notes if "timed" in note]


def test_a_picture_that_one_variant_failed_on_counts_for_none_and_is_listed(
    ran: tuple[Compared, Workshop],
) -> None:
    run, shop = ran
    lost = (
        run.results["plane"]
        .items[1]
        .model_copy(update={"outcome": "failed", "reason": "broke", "cure": "mend it"})
    )
    made = small.assembled(small.with_item(run, "plane", lost), shop)
    assert [p.id for p in made.pictures] == ["p1", "p3"]
    (row,) = made.excluded
    assert (row.picture, row.variant, row.reason) == ("p2", "plane", "broke")
    assert made.failed
    assert any("plane failed on 1" in note for note in made.verdict.notes)
    both = small.with_item(small.with_item(run, "plane", lost), "telea", lost)
    (row,) = small.assembled(both, shop).excluded
    assert row.variant == "", "no variant is to blame for what all of them failed on"
    assert not any("failed on" in note for note in small.assembled(both, shop).verdict.notes)


def test_where_every_picture_is_lost_there_is_still_a_document(ran: tuple[Compared, Workshop]) -> None:
    run, shop = ran
    for item in run.results["plane"].items:
        run = small.with_item(run, "plane", item.model_copy(update={"outcome": "failed"}))
    made = small.assembled(run, shop)
    assert made.verdict.kind == "not enough pictures"
    assert made.pictures == ()
    assert "No picture was made by every variant" in render(shop, made)


def test_a_truth_that_cannot_be_used_is_said_and_only_that_picture_goes_without(
    ran: tuple[Compared, Workshop], tmp_path: Path
) -> None:
    run, shop = ran
    root = Path(run.jobs["p1"].root)
    Image.new("RGB", (30, 90)).save(root / "odd.png")
    truths = {"p1": "p1.truth.png", "p2": "odd.png", "p3": "../p3.truth.png"}
    made = small.assembled(replace(run, truths=truths), shop)
    assert ["psnr" in p.made["telea"].scores for p in made.pictures] == [True, False, False]
    assert sum("does not count" in note for note in made.verdict.notes) == 2
    assert {m.name for m in made.metrics if m.deciding} == {"soundness", "outcome"}, (
        "too little truth to decide by"
    )


def test_the_page_asks_the_network_for_nothing_and_escapes_whatever_it_is_given(
    ran: tuple[Compared, Workshop], comparison: Comparison
) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202egnp"
    pictures = tuple(p.model_copy(update={"prompt": evil, "id": evil}) for p in comparison.pictures)
    made = comparison.pictures[0].made["plane"].model_copy(update={"reason": evil})
    pictures = (pictures[0].model_copy(update={"made": {**pictures[0].made, "plane": made}}), *pictures[1:])
    hostile = comparison.model_copy(update={"manifest": evil, "pictures": pictures})
    html = render(ran[1], hostile)
    assert "<script" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;" in html
    assert "\u202e" not in html
    assert "<b>as ever</b>" not in html
    assert "&lt;b&gt;as ever&lt;/b&gt;" in html
    assert not re.search(r"(src|href)=[\"'](?!data:)", html)
    assert "default-src 'none'" in unescape(html)
    assert html.count("data:image/jpeg") >= 9, "the source and both results of each picture"
    assert render(ran[1], comparison) == render(ran[1], comparison)


def test_variants_choose_under_the_same_names() -> None:
    choices = small.CHOICES
    assert overrides(choices[0], choices) == {"engine.generation": "telea", "variant": "telea"}
    more = choices[1].model_copy(update={"params": {"blending": {"feather": 9}}, "seed": 2})
    assert overrides(choices[0], (choices[0], more)) == {
        "engine.generation": "telea", "param.blending.feather": PLANNED, "variant": "telea", "variant.seed": PLANNED,
    }  # fmt: skip


def test_mlflow_has_a_parent_and_a_child_a_variant_with_the_same_names_and_pictures(
    ran: tuple[Compared, Workshop], comparison: Comparison, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    run, shop = ran
    settings = Settings(home=tmp_path, sample=2)
    for variant in comparison.variants:
        told = beside(shop, comparison, variant, settings.sample)
        assert isinstance(told, Beside)
        assert track_run(shop, settings, run.results[variant.name], "<p>sheet</p>", told)
    parent_id = track_comparison(shop, settings, comparison, "<p>page</p>")
    client = MlflowClient(tracking_uri=settings.mlflow_uri)
    experiment = client.get_experiment_by_name("pentimento")
    assert experiment is not None
    assert parent_id is not None
    runs = client.search_runs([experiment.experiment_id])
    parents = [r for r in runs if "mlflow.parentRunId" not in r.data.tags]
    children = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == parent_id]
    assert [r.info.run_id for r in parents] == [parent_id]
    assert len(children) == 2
    assert {r.info.status for r in runs} == {"FINISHED"}
    assert len({tuple(sorted(r.data.metrics)) for r in children}) == 1
    assert len({tuple(sorted(r.data.params)) for r in children}) == 1
    assert {r.data.params["engine.generation"] for r in children} == {"telea", "plane"}
    assert {r.data.metrics["mean.psnr"] for r in children} == {v.means["psnr"] for v in comparison.variants}
    assert {r.info.run_name.split(" ")[0] for r in children} == {"telea", "plane"}
    grids = [
        sorted(name for name in _images(client, r.info.run_id) if name.startswith("compare")) for r in runs
    ]
    assert len(grids[0]) == 2, "two pictures of the sample, by the same keys and steps in all three runs"
    assert grids[0] == grids[1] == grids[2]
    files = {a.path for a in client.list_artifacts(parent_id)}
    assert {"comparison.json", "compare.html", "scores.parquet", "images"} <= files
    assert client.get_run(parent_id).data.tags["pentimento.verdict"] == comparison.verdict.kind


def _images(client: object, run_id: str) -> list[str]:
    """Key and step of the pictures, without the time and the random part of their names."""
    found = client.list_artifacts(run_id, "images")  # type: ignore[attr-defined]
    names = [a.path.removeprefix("images/") for a in found]
    return sorted({"%".join(re.split(r"%|\+", name)[:-3]) for name in names if name.endswith(".png")})


def test_scores_can_be_read_as_a_table(comparison: Comparison) -> None:
    import pyarrow.parquet as pq

    rows = pq.read_table(io.BytesIO(scores_parquet(comparison))).to_pylist()
    assert len(rows) == 6
    assert rows[0]["psnr"] == comparison.pictures[0].made["telea"].scores["psnr"]
