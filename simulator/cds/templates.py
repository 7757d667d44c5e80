"""Parses discovery documents and prefetch templates (CDS Hooks 2.0)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

HOOK = "patient-view"
# CDS Hooks 2.0, Prefetch tokens identifying the user.
_USERS = ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")
_TOKEN = re.compile(r"\{\{(.*?)\}\}")
_READ = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})")
_SEARCH = re.compile(r"([A-Z][A-Za-z]+)\?(.+)")


class TemplateInvalidError(ValueError):
    """A template or discovery document that this client can't use; the message has the reason."""


@dataclass(frozen=True, slots=True)
class Read:
    """A read of one resource by its id."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Query:
    """A search for resources of one type."""

    type: str
    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Service:
    """The fields of a discovered service that a client needs."""

    id: str
    title: str
    prefetch: Mapping[str, str]


def services_of(document: Any) -> Sequence[Service]:
    """Read a discovery document and return its services for the hook patient-view.

    Raises TemplateInvalidError if the document is malformed.
    """
    listed = document.get("services") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise TemplateInvalidError("the document has no list of services")
    return [_service(one) for one in listed if _hook(one) == HOOK]


def tokens(user: str, patient: str, encounter: str | None) -> Mapping[str, str | None]:
    """Return the values of the patient-view prefetch tokens; None if a token has no value."""
    kind, _, fhir_id = user.partition("/")
    users = {f"user{one}Id": fhir_id if one == kind else None for one in _USERS}
    context = {"userId": user, "patientId": patient, "encounterId": encounter}
    return {**{f"context.{name}": value for name, value in context.items()}, **users}


def filled(template: str, known: Mapping[str, str | None]) -> Read | Query | None:
    """Replace the tokens in a template; return None if one of them has no value.

    Raises TemplateInvalidError if it has a token that the hook doesn't define, or is neither a
    read nor a search.
    """
    named = [name.strip() for name in _TOKEN.findall(template)]
    unknown = [name for name in named if name not in known]
    if unknown:
        raise TemplateInvalidError(f"the hook doesn't define {unknown[0]}")
    if any(known[name] is None for name in named):
        return None
    text = _TOKEN.sub(lambda match: str(known[match[1].strip()]), template)
    if (read := _READ.fullmatch(text)) is not None:
        return Read(read[1], read[2])
    search = _SEARCH.fullmatch(text)
    if search is None:
        raise TemplateInvalidError("it's neither a read nor a search")
    return Query(search[1], parse_qsl(search[2], keep_blank_values=True))


def _hook(service: Any) -> object:
    if not isinstance(service, dict):
        raise TemplateInvalidError("a service is not a JSON object")
    return service.get("hook")


def _service(service: Mapping[str, Any]) -> Service:
    missing = [one for one in ("id", "description") if not _is_text(service.get(one))]
    if missing:
        raise TemplateInvalidError(f"a service has no {missing[0]}")
    prefetch = service.get("prefetch", {})
    if not isinstance(prefetch, dict) or not all(map(_is_text, prefetch.values())):
        raise TemplateInvalidError("prefetch must be an object whose values are strings")
    return Service(str(service["id"]), str(service.get("title") or service["id"]), prefetch)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""
