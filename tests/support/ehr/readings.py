"""Whom a reference names as three kinds of server read it, each on its own, none as the app does.

A test of the app's one reading compares it to all of them: what the app lets through must name no
other patient for any.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

BASE = "https://ehr.example/r4"
_PORTS = {"http": 80, "https": 443}
# Elements of the resources in these tests that may contain a patient in R4.
PATIENT_MAY_STAND = frozenset(
    {"subject", "performer", "actor", "focus", "author", "valueReference", "target"}
)


def resolved(reference: str) -> str | None:
    """RFC 3986: resolved against the base, dot segments removed; what is left names a patient."""
    try:
        parts = urlsplit(urljoin(f"{BASE}/", reference))
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    segments = [segment for segment in parts.path.replace("\\", "/").split("/") if segment]
    folded = [segment.strip().casefold() for segment in segments]
    if folded[-1:] == ["patient"] and parts.query:
        return f"found by {parts.query}"
    if "patient" not in folded:
        return None
    at = len(folded) - 1 - folded[::-1].index("patient")
    name = segments[at + 1] if at + 1 < len(segments) else ""
    own = parts.hostname == "ehr.example" and port in {80, 443}
    exact = segments[at] == "Patient" and segments[:at] == ["r4"]
    return name if own and exact else f"{name} of {parts.netloc}{parts.path}"


def decoded(reference: str) -> str | None:
    """Percent-decoded to a fixed point, then resolved."""
    while (further := unquote(reference)) != reference:
        reference = further
    return resolved(reference)


def trimmed(reference: str) -> str | None:
    """White space around it taken away, then resolved."""
    return resolved(reference.strip())


def patients(reference: str) -> set[str]:
    """Every patient that one of the three finds."""
    read = {reading(reference) for reading in (resolved, decoded, trimmed)}
    return {name for name in read if name is not None}


def named(document: Any, element: str = "") -> Iterator[str]:
    """Every patient to whom a document refers, for one of the three; `?` for one by identifier."""
    if isinstance(document, list):
        for item in document:
            yield from named(item, element)
    if not isinstance(document, dict):
        return
    members = {name.strip().casefold(): value for name, value in document.items()}
    literal = members.get("reference")
    if isinstance(literal, str):
        yield from patients(literal)
    is_resource = element in {"", "contained"}
    if members.get("identifier") is not None and not is_resource:
        kind = str(members.get("type") or "").rpartition("/")[2].strip().casefold()
        nowhere = not isinstance(literal, str) or literal.strip() in {"", "#"}
        if kind == "patient" and literal != "Patient/p1":
            yield "?"
        if not kind and nowhere and element in PATIENT_MAY_STAND:
            yield "?"
    for name, value in document.items():
        yield from named(value, name)
