"""Converts FHIR JSON to FHIR XML (FHIR R4, XML; JSON, 2.6.2). As at Epic, a client that doesn't
request a format gets XML.

Elements keep the order of the JSON, so some resources don't validate against the schema. The result
is good enough to show that a response isn't JSON, but not to be stored.
"""

import json
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

_NAMESPACE = "http://hl7.org/fhir"


def fhir_xml(text: str) -> str:
    """Convert a resource from JSON text to XML; decimals keep their digits."""
    body = json.loads(text, parse_float=str, parse_int=str)
    return f'<?xml version="1.0" encoding="UTF-8"?>{_resource(body, root=True)}'


def _resource(body: Mapping[str, Any], *, root: bool = False) -> str:
    kind = body["resourceType"]
    namespace = f' xmlns="{_NAMESPACE}"' if root else ""
    inner = "".join(_member(name, value) for name, value in body.items() if name != "resourceType")
    return f"<{kind}{namespace}>{inner}</{kind}>"


def _member(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_member(name, one) for one in value)
    if name == "div":
        return str(value)  # XHTML, unchanged, with its own namespace
    if not isinstance(value, dict):
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        return f"<{name} value={quoteattr(shown)}/>"
    if "resourceType" in value:
        return f"<{name}>{_resource(value)}</{name}>"
    url = f" url={quoteattr(str(value['url']))}" if name == "extension" else ""
    inner = "".join(
        _member(one, inner)
        for one, inner in value.items()
        if not (name == "extension" and one == "url")
    )
    return f"<{name}{url}>{inner}</{name}>"
