"""XMP as it may leave: says who or what made the pixels, says no longer where or with which camera (ISO 16684-1)."""

from __future__ import annotations

import re
from enum import StrEnum
from xml.etree import ElementTree as ET

_LIMIT = 4 * 2**20
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_META = "adobe:ns:meta/"
_IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_SOURCE_TYPE = f"{{{_IPTC_EXT}}}DigitalSourceType"
_CREDIT = f"{{{_PHOTOSHOP}}}Credit"
_VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_PREFIXES = {
    "x": _META,
    "rdf": _RDF,
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "stRef": "http://ns.adobe.com/xap/1.0/sType/ResourceRef#",
    "stEvt": "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#",
    "photoshop": _PHOTOSHOP,
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": _IPTC_EXT,
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
}
# Many readers look for the usual prefixes as text, so they are fixed once, at import, and never from a packet.
for _prefix, _uri in _PREFIXES.items():
    ET.register_namespace(_prefix, _uri)

_PLACE = re.compile(r"gps|latitude|longitude", re.IGNORECASE)
_SERIAL = re.compile(r"serial_?number", re.IGNORECASE)
_OLD_PICTURE = re.compile(r"^thumbnails?$|^hasextendedxmp$", re.IGNORECASE)
_OLD_PICTURE_SPACES = ("http://ns.google.com/photos/1.0/", "http://ns.adobe.com/hdr-gain-map/")
"""Namespaces that carry other renderings of the picture as it was, or point to them."""


class SourceType(StrEnum):
    """IPTC's digital source types that an edit can have; `NONE` adds nothing."""

    NONE = ""
    ENHANCED = _VOCABULARY + "algorithmicallyEnhanced"
    COMPOSITE = _VOCABULARY + "compositeWithTrainedAlgorithmicMedia"
    TRAINED = _VOCABULARY + "trainedAlgorithmicMedia"


_RANK = (SourceType.NONE, SourceType.ENHANCED, SourceType.COMPOSITE, SourceType.TRAINED)


def clean_xmp(
    packet: bytes | None, *, source_type: SourceType, credit: str = "", strip_gps: bool = True
) -> bytes | None:
    """The packet a file leaves with, UTF-8, or None where there is nothing to say.

    An existing packet keeps its properties, except serial numbers, embedded thumbnails and, if `strip_gps`, places. A
    broken or hostile one (DTD, entities, not UTF-8, over 4 MB, too deep) is replaced by a fresh one. A source type in
    the packet that admits more machine work than `source_type` stays: an edit does not make a synthetic picture real.
    """
    try:
        root = _parsed(packet)
        return _finished(root, source_type, credit, strip_gps)
    except (ET.ParseError, ValueError, RecursionError):
        return _finished(None, source_type, credit, strip_gps)


def _finished(root: ET.Element | None, kind: SourceType, credit: str, strip_gps: bool) -> bytes | None:
    if root is None and not kind and not credit:
        return None
    root = _fresh() if root is None else root
    _prune(root, strip_gps)
    kind = max(kind, _said(root), key=_RANK.index)
    if kind:
        _set(root, _SOURCE_TYPE, kind.value)
    if credit:
        _set(root, _CREDIT, "".join(c for c in credit if c.isprintable()))
    body = ET.tostring(root, encoding="unicode").encode("utf-8")
    begin = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'.encode()
    return begin + body + b'\n<?xpacket end="w"?>'


def _parsed(packet: bytes | None) -> ET.Element | None:
    """The packet's tree. Only UTF-8 is read, so that no encoding can hide a document type from the check below."""
    if not packet:
        return None
    if len(packet) > _LIMIT:
        raise ValueError("packet too long")
    text = packet.rstrip(b"\0 \r\n\t").decode("utf-8-sig")
    if "\0" in text or "<!DOCTYPE" in text or "<!ENTITY" in text or "<!doctype" in text.lower():
        raise ValueError("packet with a document type")
    root = ET.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))  # noqa: S314 (no DTD gets here)
    if root.tag == f"{{{_RDF}}}RDF":
        wrapped = ET.Element(f"{{{_META}}}xmpmeta")
        wrapped.append(root)
        root = wrapped
    if next(root.iter(f"{{{_RDF}}}RDF"), None) is None:
        raise ValueError("packet without RDF")
    return root


def _fresh() -> ET.Element:
    root = ET.Element(f"{{{_META}}}xmpmeta")
    rdf = ET.SubElement(root, f"{{{_RDF}}}RDF")
    ET.SubElement(rdf, f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""})
    return root


def _prune(element: ET.Element, strip_gps: bool) -> None:
    """Drop unwanted properties, as attributes and as elements, wherever they are nested."""
    pending = [element]
    while pending:
        parent = pending.pop()
        for name in [name for name in parent.attrib if _unwanted(name, strip_gps)]:
            del parent.attrib[name]
        wanted = [c for c in parent if isinstance(c.tag, str) and not _unwanted(c.tag, strip_gps)]
        if len(wanted) < len(parent):
            parent[:] = wanted  # at once: taking out one at a time looks through all of them each time
        pending += wanted


def _unwanted(name: str, strip_gps: bool) -> bool:
    space, _, local = name.rpartition("}")
    if space[1:].startswith(_OLD_PICTURE_SPACES) or _OLD_PICTURE.search(local) or _SERIAL.search(local):
        return True
    return strip_gps and _PLACE.search(local) is not None


def _descriptions(root: ET.Element) -> list[ET.Element]:
    return [d for rdf in root.iter(f"{{{_RDF}}}RDF") for d in rdf.findall(f"{{{_RDF}}}Description")]


def _said(root: ET.Element) -> SourceType:
    """The strongest source type the packet already gives, of those known here."""
    said = {
        value.strip().replace("https://", "http://")
        for d in _descriptions(root)
        for value in (d.get(_SOURCE_TYPE), d.findtext(_SOURCE_TYPE), _resource(d.find(_SOURCE_TYPE)))
        if value
    }
    return max((kind for kind in _RANK if kind.value in said), key=_RANK.index, default=SourceType.NONE)


def _resource(element: ET.Element | None) -> str | None:
    return None if element is None else element.get(f"{{{_RDF}}}resource")


def _set(root: ET.Element, name: str, value: str) -> None:
    found = _descriptions(root)
    if not found:
        rdf = next(root.iter(f"{{{_RDF}}}RDF"))
        found = [ET.SubElement(rdf, f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""})]
    for description in found:
        description.attrib.pop(name, None)
        for child in description.findall(name):
            description.remove(child)
    ET.SubElement(found[0], name).text = value
