"""How what is found makes a decision: places, detectors, neighbours, declared rights."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tasks.contracts import Box
from tasks.policy.decide import ALLOWED, decide, decide_all
from tasks.policy.detectors.registry import load_detectors
from tasks.policy.load import default_policy
from tasks.policy.mrz import check_digit, find_mrz
from tests.tasks.policy.pictures import SIZE, Bytes3, blank, photo, region, with_barcode, with_qr

POLICY = default_policy()
HAVE = load_detectors()


def test_text_over_a_face_is_reviewed_whatever_the_rights_and_text_beside_it_is_not() -> None:
    picture = photo("astronaut")
    over, beside = region("SALE", box=(180, 110, 300, 140)), region("SALE", box=(330, 20, 480, 50))
    for rights in ("own", "licensed", "unknown"):
        assert decide(over, picture, (512, 512), rights, POLICY, HAVE).category == "face"  # type: ignore[arg-type]
    assert decide(beside, picture, (512, 512), "own", POLICY, HAVE).verdict == "allow"
    assert (
        decide(replace(over, kind="object", text=""), picture, (512, 512), "own", POLICY, HAVE).verdict
        == "review"
    )


def test_only_the_hole_counts_not_its_box() -> None:
    frame = region("SALE", box=(100, 20, 400, 400))
    hollow = np.ones_like(frame.mask)
    hollow[5:-5, 5:-5] = 0
    assert decide(frame, photo("astronaut"), (512, 512), "own", POLICY, HAVE).category == "face"
    assert (
        decide(replace(frame, mask=hollow), photo("astronaut"), (512, 512), "own", POLICY, HAVE).verdict
        == "allow"
    )


@pytest.mark.parametrize(
    ("picture", "on"), [(with_qr(), (420, 220, 520, 250)), (with_barcode(), (200, 220, 300, 250))]
)
def test_codes_under_a_region_are_reviewed(picture: Bytes3, on: Box) -> None:
    assert decide(region("Aurora", box=on), picture, SIZE, "own", POLICY, HAVE).category == "qr-or-barcode"
    assert decide(region("Aurora", box=(20, 20, 90, 40)), picture, SIZE, "own", POLICY, HAVE) == ALLOWED


def test_a_crop_is_placed_in_the_picture() -> None:
    picture, over = photo("astronaut"), region("SALE", box=(1180, 1110, 1300, 1140))
    crop = np.ascontiguousarray(picture[:, :512])
    assert (
        decide(over, crop, (3000, 3000), "own", POLICY, HAVE, image_box=(1000, 1000, 1512, 1512)).category
        == "face"
    )
    assert (
        decide(over, crop, (3000, 3000), "own", POLICY, HAVE, image_box=(0, 0, 512, 512)).verdict == "allow"
    )


def test_a_small_face_in_a_large_picture_is_seen_close_by() -> None:
    large = np.full((4000, 4000, 3), 180, np.uint8)
    face = cv2.resize(photo("astronaut")[20:220, 130:330], (100, 100), interpolation=cv2.INTER_AREA)
    large[3000:3100, 2000:2100] = face
    seen = decide_all(
        [region("SALE", box=(2010, 3040, 2090, 3060)), region("SALE", box=(100, 100, 180, 130))],
        lambda box: np.ascontiguousarray(large[box[1] : box[3], box[0] : box[2]]), (4000, 4000), "own", POLICY, HAVE,
    )  # fmt: skip
    assert [(d.verdict, d.category) for d in seen] == [("review", "face"), ("allow", "promotional")]


def test_overlay_letters_are_no_plate_but_what_was_not_read_may_be_one() -> None:
    picture, size = photo("rocket"), (427, 640)
    for line, y in (("SUMMER SALE -50%", 106), ("www.example.com", 213), ("AB 1234 XY", 320)):
        cv2.putText(picture, line, (10, y), cv2.FONT_HERSHEY_DUPLEX, 1.6, (255, 255, 255), 3, cv2.LINE_AA)
    box = (5, 170, 400, 230)
    assert HAVE["plate"].find(picture), "the cascade takes lettering for a plate"
    assert (
        decide(region("SUMMER SALE -50%", box=box), picture, size, "unknown", POLICY, HAVE).category
        == "promotional"
    )
    assert decide(region("Aurora", box=box), picture, size, "unknown", POLICY, HAVE) == ALLOWED
    for maybe in (region("AB12 3CD", box=box), region("", box=box, kind="object")):
        decision = decide(maybe, picture, size, "unknown", POLICY, HAVE)
        assert (decision.verdict, decision.category) == ("review", "licence-plate")
        assert decide(maybe, picture, size, "own", POLICY, HAVE).verdict == "flag"


def test_an_agencys_mark_or_a_document_decides_for_the_whole_picture() -> None:
    def verdicts(*texts: str) -> list[str]:
        regions = [region(t, box=(50, 60 * i + 20, 200, 60 * i + 50)) for i, t in enumerate(texts)]
        found = decide_all(regions, lambda box: blank(), SIZE, "unknown", POLICY, HAVE)
        return [d.verdict for d in found]

    assert verdicts("SALE", "Aurora") == ["flag", "allow"]
    assert verdicts("SALE", "Getty Images") == ["review", "review"]
    assert verdicts("shutter", "stock") == ["review", "review"], "a mark read in two pieces"
    assert verdicts("Anna", "Passport No", "Doe") == ["block"] * 3
    assert decide_all([], lambda box: blank(), SIZE, "unknown", POLICY, HAVE) == ()


def test_the_strictest_counts_and_words_its_evidence() -> None:
    decision = decide(region("SALE shutterst0ck"), blank(), SIZE, "unknown", POLICY, HAVE)
    assert decision.verdict == "review"
    assert "--rights own" in decision.cure
    assert "shutterst0ck" in decision.evidence


def test_own_domains_are_own_only_exactly() -> None:
    mine = replace(POLICY, domains=("shop.example",))

    def verdict(text: str) -> str:
        return decide(region(text), blank(), SIZE, "unknown", mine, HAVE).verdict

    assert verdict("www.shop.example") == "flag"
    assert verdict("https://de.shop.example/new") == "flag"
    for foreign in (
        "myshop.example.com",
        "www.other.com",
        "shop.example other.com",
        "me@shop.example.org",
        "sh0p.example.ru",
    ):
        assert verdict(foreign) == "review", foreign


@pytest.mark.parametrize(
    ("field", "digit"), [("L898902C3", 6), ("740812", 2), ("120415", 9), ("D23145890", 7)]
)
def test_check_digits_are_those_of_the_standard(field: str, digit: int) -> None:
    assert check_digit(field) == digit  # ICAO 9303-3 and -4, -5: worked examples


def test_a_machine_readable_zone_is_told_from_long_codes() -> None:
    assert find_mrz("L898902C36UTO7408122F1204159ZE184226B<<<<<10")
    assert find_mrz("L8989O2C36UTO74O8122F12O4159ZE184226B")
    assert not find_mrz("L898902C35UTO7408123F1204158ZE184226B"), "wrong check digits"
    for other in ("", "<<<", "SUPERCALIFRAGILISTICEXPIALIDOCIOUS", "SKU0000123456789012345678901234", "A<B"):
        assert not find_mrz(other), other
