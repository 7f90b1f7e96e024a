"""The XMP packet: source type set, place and serials gone, hostile packets replaced, the admission of AI never lowered."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from tasks.export.xmp import SourceType, clean_xmp

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"


def packet(inside: str = "", attributes: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{EXT}" '
        'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f'xmlns:own="urn:own" {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode() + b" " * 2000


def types(data: bytes | None) -> list[str | None]:
    assert data is not None
    return [found.text for found in ET.fromstring(data).iter(f"{{{EXT}}}DigitalSourceType")]


@pytest.mark.parametrize("kind", [SourceType.ENHANCED, SourceType.COMPOSITE, SourceType.TRAINED])
def test_source_type_is_set_once(kind: SourceType) -> None:
    stale = packet("<Iptc4xmpExt:DigitalSourceType>http://x/digitalCapture</Iptc4xmpExt:DigitalSourceType>")
    attribute = packet(attributes='Iptc4xmpExt:DigitalSourceType="http://x/digitalCapture"')
    for source in (None, packet(), stale, attribute):
        out = clean_xmp(source, source_type=kind)
        assert types(out) == [kind.value]
        assert out is not None
        assert b"digitalCapture" not in out
        assert b"Iptc4xmpExt:DigitalSourceType" in out
        assert clean_xmp(out, source_type=kind) == out


def test_values_are_iptcs_own() -> None:
    base = "http://cv.iptc.org/newscodes/digitalsourcetype/"
    assert [kind.value.removeprefix(base) for kind in SourceType] == [
        "", "algorithmicallyEnhanced", "compositeWithTrainedAlgorithmicMedia", "trainedAlgorithmicMedia",
    ]  # fmt: skip


def test_an_edit_does_not_make_a_synthetic_picture_real() -> None:
    trained = clean_xmp(None, source_type=SourceType.TRAINED)
    assert types(clean_xmp(trained, source_type=SourceType.ENHANCED)) == [SourceType.TRAINED.value]
    resource = f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{SourceType.TRAINED.value}"/>'
    assert types(clean_xmp(packet(resource), source_type=SourceType.COMPOSITE)) == [SourceType.TRAINED.value]


def test_nothing_to_say_says_nothing() -> None:
    assert clean_xmp(None, source_type=SourceType.NONE) is None
    kept = clean_xmp(packet("<own:thing>1</own:thing>"), source_type=SourceType.NONE)
    assert kept is not None
    assert b">1<" in kept
    assert types(kept) == []


def test_unwanted_properties_go_wherever_they_are() -> None:
    inside = (
        "<exif:GPSLongitude>13,24E</exif:GPSLongitude><own:deep><rdf:Seq><rdf:li own:BodySerialNumber='S1'/>"
        "<rdf:li><own:LensSerialNumber>S2</own:LensSerialNumber></rdf:li><rdf:li>stays</rdf:li></rdf:Seq></own:deep>"
        "<xmp:Thumbnails><rdf:Alt><rdf:li>b2xk</rdf:li></rdf:Alt></xmp:Thumbnails>"
    )
    source = packet(
        inside, 'exif:GPSLatitude="52,31N" xmlns:d="urn:drone" d:RelativeLongitude="9.9" xmp:Rating="5"'
    )
    out = clean_xmp(source, source_type=SourceType.NONE)
    assert out is not None
    assert b"stays" in out
    assert b'Rating="5"' in out
    for gone in (b"13,24E", b"52,31N", b"9.9", b"S1", b"S2", b"b2xk"):
        assert gone not in out
    kept = clean_xmp(source, source_type=SourceType.NONE, strip_gps=False)
    assert kept is not None
    assert b"13,24E" in kept
    assert b"52,31N" in kept
    assert b"S2" not in kept


HOSTILE = {
    "billion laughs": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + packet("&b;"),
    "external entity": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + packet("&a;"),
    "utf-16 to hide a document type": ('<!DOCTYPE x [<!ENTITY a "b">]>' + packet().decode()).encode("utf-16"),
    "declared as utf-7": b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE x>' + packet(),
    "not XML": b"\xff\xfe\x00garbage",
    "cut": packet()[:300],
    "no RDF": b"<a/>",
    "too deep": packet("<own:a>" * 30_000 + "</own:a>" * 30_000),
    "too long": packet("x" * 5 * 2**20),
    "unknown prefix": packet("<nowhere:a/>"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_packets_are_replaced_by_a_fresh_one(name: str) -> None:
    fresh = clean_xmp(None, source_type=SourceType.COMPOSITE, credit="me")
    assert clean_xmp(HOSTILE[name], source_type=SourceType.COMPOSITE, credit="me") == fresh


def test_credit_is_text_whatever_it_holds() -> None:
    out = clean_xmp(None, source_type=SourceType.NONE, credit='<a b="&\x00\x07\ud800">')
    assert out is not None
    assert [e.text for e in ET.fromstring(out).iter("{http://ns.adobe.com/photoshop/1.0/}Credit")] == [
        '<a b="&">'
    ]
