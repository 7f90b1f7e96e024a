"""The same on an S3 server: the run, the decisions, the candidates and the pointer are objects of one bucket."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flows.deciding import decide
from flows.publish import publish
from flows.stored_run import jobs_of, stored_run
from infra.stack.swift import SwiftServer
from infra.store.s3 import S3Backend
from tasks.review.log import read_log
from tasks.review.publication import Manifest, Pointer
from tasks.workshop import Workshop, WorkshopSpec
from tests.flows.review.conftest import AT, RUN, fill, job, levels, run_of
from tests.servers import swift_environment, swift_server

__all__ = ["swift_environment", "swift_server"]


def test_review_and_publish_on_s3(tmp_path: Path, swift_environment: SwiftServer) -> None:
    endpoint = swift_environment.endpoint_url
    shop = Workshop(WorkshopSpec(store="s3://reviewed/store", s3_endpoint_url=endpoint, run=RUN))
    root, out = fill(tmp_path / "in"), "s3://reviewed/edited"
    run_of(
        shop,
        [job(root, "fine", out), job(root, "waits", out, waits=True), job(root, "other", out, waits=True)],
    )

    def says(number: int) -> None:
        word = (["waits"], []) if number % 2 else (["other:1", "other:2"], ["other:3"])
        decide(shop.store, RUN, *word, by=f"w{number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(says, range(6)))
    assert len(read_log(shop.store, RUN)) == 3 * 1 + 3 * 3, "six writers at once, and nothing is lost"

    run = stored_run(shop.store, RUN)
    result = publish(shop, run, jobs_of(shop.store, run.result), by="ann", at=AT)
    assert result.pointer == f"{out}/published.json"
    place = S3Backend("reviewed", "edited", endpoint)
    pointer = Pointer.model_validate_json(place.get("published.json"))
    manifest = Manifest.model_validate_json(place.get(pointer.manifest_file))
    assert [(one.id, one.without) for one in manifest.pictures] == [
        ("fine", ()),
        ("other", (3,)),
        ("waits", ()),
    ]
    for one in manifest.pictures:
        assert hashlib.sha256(place.get(one.file)).hexdigest() == one.sha256
    assert list(place.keys("needs-review/")) == []
    x0, y0, x1, y1 = next(i for i in run.result.items if i.id == "other").regions[2].box
    source, after = levels((root / "other.png").read_bytes()), levels(place.get("other.png"))
    assert (source[y0 + 8 : y1 - 8, x0 + 8 : x1 - 8] == after[y0 + 8 : y1 - 8, x0 + 8 : x1 - 8]).all()
    assert publish(shop, run, jobs_of(shop.store, run.result), by="bo", at=AT).status == "already published"
