"""A software bill of materials: CycloneDX 1.6 JSON of the locked packages and the engines, the same bytes for the same facts."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from flows.doctor.packages import canonical
from flows.housekeeping.licences import Licensed


def bill(version: str, listed: Sequence[Licensed]) -> bytes:
    """version: of the product. No moment of writing is in it; its serial number is made of its content."""
    components = [_component(one) for one in listed]
    body: dict[str, Any] = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "pentimento", "name": "pentimento", "version": version}},
        "components": components,
    }  # fmt: skip
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    body["serialNumber"] = f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}"
    return (json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _component(one: Licensed) -> dict[str, Any]:
    package = one.what == "package"
    ref = (
        f"pkg:pypi/{canonical(one.name)}@{quote(one.version)}"
        if package
        else f"engine:{one.name}@{one.version}"
    )
    made: dict[str, Any] = {
        "type": "library" if package else "machine-learning-model", "bom-ref": ref, "name": one.name, "version": one.version,
        "properties": [{"name": "pentimento:licence-kind", "value": one.kind}],
    }  # fmt: skip
    if package:
        made["purl"] = ref
    if one.licence:
        made["licenses"] = [{"license": {"name": one.licence}}]
    if one.sha256:
        # not `hashes`: it is one digest over the card's table of files, not that of a file
        made["properties"].append({"name": "pentimento:weights-sha256", "value": one.sha256})
    if one.terms:
        made["properties"].append({"name": "pentimento:terms", "value": one.terms})
    return made
