"""The registrations of apps with the EHR: client id, URLs, scopes and authentication (SMART App
Launch 2.2, Register App with EHR).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from simulator.oauth.key_sets import is_key_set
from simulator.oauth.scopes import is_for_systems, is_known_scope

AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")
APP_TYPES = ("provider", "patient")
EHR_KEYS = ("generic", "oracle", "oracle-patient", "epic")


@dataclass(frozen=True, slots=True)
class Registration:
    """One client.

    Fields:
        client_id: its client ID, compared byte for byte.
        scopes: all scopes that the client may be granted.
        launch_url: the URL that an EHR launch opens.
        redirect_uris: its redirect URIs, compared byte for byte, without patterns.
        client_auth: its authentication method, one of AUTH_METHODS.
        client_secret: for the two secret methods.
        jwks, jwks_url: for private_key_jwt, either its public keys or their URL.
        ehrs: keys of the EHRs that it's registered with; empty for all.
        type: its users, as Oracle Health requires: `provider` or `patient`.
        smart_version: 1 or 2, the scope syntax that it may use at Oracle Health and Epic.
        cds_services: base URL of its CDS service; if set, charts request cards from it.
    """

    client_id: str
    name: str
    scopes: tuple[str, ...]
    launch_url: str = ""
    redirect_uris: tuple[str, ...] = ()
    client_auth: str = "none"
    client_secret: str | None = None
    jwks: Mapping[str, Any] | None = None
    jwks_url: str | None = None
    ehrs: tuple[str, ...] = ()
    type: str = "provider"
    smart_version: int = 2
    cds_services: str | None = None

    @property
    def launches(self) -> bool:
        """Whether users launch it; otherwise it's only a backend service."""
        return not all(map(is_for_systems, self.scopes))

    def is_at(self, ehr_key: str) -> bool:
        """Return whether it's registered with an EHR."""
        return not self.ehrs or ehr_key in self.ehrs


class RegistrationsInvalidError(ValueError):
    """The registrations are invalid; the message lists every problem, one per line."""


DEFAULT_REGISTRATIONS = (
    Registration(
        client_id="smart-calc-demo",
        name="smart-calc",
        launch_url="http://localhost:8080/launch",
        redirect_uris=("http://localhost:8080/callback",),
        scopes=(
            *("launch", "launch/patient", "openid", "fhirUser", "online_access"),
            *("patient/Patient.rs", "patient/Observation.rs", "patient/Condition.rs"),
            *("patient/MedicationRequest.rs", "patient/Encounter.rs"),
        ),
    ),
)

_MEMBERS = tuple(field.name for field in fields(Registration))
_OPTIONAL = {field.name for field in fields(Registration) if field.default is not MISSING}


def parse_registrations(text: str) -> tuple[Registration, ...]:
    """Read registrations from JSON: a list of objects with the fields of `Registration`.

    Raises RegistrationsInvalidError with every problem and its place.
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
        return checked([_read(item) for item in items])
    raise RegistrationsInvalidError("\n".join(problems))


def checked(registrations: Sequence[Registration]) -> tuple[Registration, ...]:
    """Return the registrations if they're valid together.

    Raises RegistrationsInvalidError with every problem and its client id.
    """
    problems: list[str] = []
    seen: set[str] = set()
    for registration in registrations:
        where = f"client {registration.client_id!r}"
        if registration.client_id in seen:
            problems.append(f"{where}: registered twice")
        seen.add(registration.client_id)
        urls = [registration.launch_url] if registration.launch_url else []
        urls += [*registration.redirect_uris]
        urls += [one for one in (registration.jwks_url, registration.cds_services) if one]
        problems += [
            f"{where}: not an absolute http(s) URL without a fragment: {url!r}"
            for url in urls
            if not _is_plain_url(url)
        ]
        problems += [
            f"{where}: not a scope that this EHR supports: {scope!r}"
            for scope in registration.scopes
            if not is_known_scope(scope)
        ]
        problems += [f"{where}: {problem}" for problem in _problems_together(registration)]
    if problems:
        raise RegistrationsInvalidError("\n".join(problems))
    return tuple(registrations)


def _read(item: Mapping[str, Any]) -> Registration:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in item.items()
        if value is not None
    }
    return Registration(**values)


def _problems_of(item: Any) -> list[str]:
    if not isinstance(item, dict):
        return ["not a JSON object"]
    problems = [f"unknown field {name!r}" for name in sorted(item.keys() - set(_MEMBERS))]
    for name in _MEMBERS:
        value = item.get(name)
        if name in _OPTIONAL and value is None:
            continue
        must_be, is_valid = _FORMS.get(name, _TEXT)
        if not is_valid(value):
            problems.append(f"{name} must be {must_be}")
    return problems


def _problems_together(one: Registration) -> list[str]:
    """Return the problems with fields that conflict."""
    problems = []
    if one.launches and not (one.launch_url and one.redirect_uris):
        problems.append("launch_url and redirect_uris are required, except with system/ scopes")
    if any(map(is_for_systems, one.scopes)) and one.client_auth != "private_key_jwt":
        problems.append("system/ scopes require private_key_jwt")
    has_secret = one.client_secret is not None
    if has_secret is not one.client_auth.startswith("client_secret_"):
        problems.append(
            "client_secret is for client_secret_basic and client_secret_post, which require it"
        )
    key_sources = (one.jwks is not None) + (one.jwks_url is not None)
    if key_sources != (one.client_auth == "private_key_jwt"):
        problems.append("jwks and jwks_url are for private_key_jwt, which requires one of them")
    return problems


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_list_of(allowed: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(map(allowed, value))


_TEXT = ("a non-empty string", _is_text)
_TEXTS = (
    "a non-empty list of non-empty strings",
    lambda value: value != [] and _is_list_of(_is_text)(value),
)
_FORMS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "redirect_uris": _TEXTS,
    "scopes": _TEXTS,
    "client_auth": (f"one of {', '.join(AUTH_METHODS)}", lambda value: value in AUTH_METHODS),
    "type": (f"one of {', '.join(APP_TYPES)}", lambda value: value in APP_TYPES),
    "smart_version": ("1 or 2", lambda value: type(value) is int and value in (1, 2)),
    "jwks": ("a JSON Web Key Set of public keys with kid", is_key_set),
    "ehrs": (f"a list of {', '.join(EHR_KEYS)}", _is_list_of(lambda value: value in EHR_KEYS)),
}


def _is_plain_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it raises ValueError if the port isn't a number
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
