"""What the EHR knows of an app before its first launch (SMART App Launch 2.2, Register App with
EHR): client id, redirect URIs, launch URL and the scopes that it may be granted.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from simulator.scopes import is_known_scope


@dataclass(frozen=True, slots=True)
class Registration:
    """One public client.

    Fields:
        client_id: compared byte for byte.
        name: shown to people.
        launch_url: where an EHR launch opens the app.
        redirect_uris: compared byte for byte; no pattern.
        scopes: the most that the client may be granted.
    """

    client_id: str
    name: str
    launch_url: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]


class RegistrationsInvalidError(ValueError):
    """The registrations cannot be used; the text lists every problem, one a line."""


DEFAULT_REGISTRATIONS = (
    Registration(
        client_id="smart-calc-demo",
        name="smart-calc",
        launch_url="http://localhost:8080/launch",
        redirect_uris=("http://localhost:8080/callback",),
        scopes=(
            "launch",
            "launch/patient",
            "patient/Patient.rs",
            "patient/Observation.rs",
            "patient/Condition.rs",
            "patient/MedicationRequest.rs",
            "patient/Encounter.rs",
        ),
    ),
)

_MEMBERS = tuple(field.name for field in fields(Registration))
_LISTS = ("redirect_uris", "scopes")


def parse_registrations(text: str) -> tuple[Registration, ...]:
    """Read registrations from JSON: a list of objects with the members of `Registration`.

    Raises RegistrationsInvalidError: naming every problem and its place.
    """
    try:
        items = json.loads(text)
    except ValueError as error:
        raise RegistrationsInvalidError(f"not JSON: {error}") from None
    if not isinstance(items, list) or not items:
        raise RegistrationsInvalidError("must be a JSON list with at least one registration")
    problems = [
        f"registration {number}: {problem}"
        for number, item in enumerate(items, start=1)
        for problem in _problems_of(item)
    ]
    if not problems:
        registrations = tuple(
            Registration(**{**item, **{name: tuple(item[name]) for name in _LISTS}})
            for item in items
        )
        return checked(registrations)
    raise RegistrationsInvalidError("\n".join(problems))


def checked(registrations: Sequence[Registration]) -> tuple[Registration, ...]:
    """Return the registrations if their values can be used together.

    Raises RegistrationsInvalidError: naming every problem and its client id.
    """
    problems: list[str] = []
    seen: set[str] = set()
    for registration in registrations:
        where = f"client {registration.client_id!r}"
        if registration.client_id in seen:
            problems.append(f"{where}: registered twice")
        seen.add(registration.client_id)
        problems += [
            f"{where}: not an absolute http(s) URL without a fragment: {url!r}"
            for url in (registration.launch_url, *registration.redirect_uris)
            if not _is_plain_url(url)
        ]
        problems += [
            f"{where}: not a scope that this EHR knows: {scope!r}"
            for scope in registration.scopes
            if not is_known_scope(scope)
        ]
    if problems:
        raise RegistrationsInvalidError("\n".join(problems))
    return tuple(registrations)


def _problems_of(item: Any) -> list[str]:
    if not isinstance(item, dict):
        return ["not a JSON object"]
    problems = [f"unknown member {name!r}" for name in sorted(item.keys() - set(_MEMBERS))]
    for name in _MEMBERS:
        value = item.get(name)
        if name in _LISTS:
            if not (isinstance(value, list) and value and all(_is_text(one) for one in value)):
                problems.append(f"{name} must be a list of texts, not empty")
        elif not _is_text(value):
            problems.append(f"{name} must be a text, not empty")
    return problems


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_plain_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it is what raises for a port that is no number
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "#" not in url
        and url.isascii()
        and url.isprintable()
        and " " not in url
    )
