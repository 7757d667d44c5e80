"""Checks the bearer token of a FHIR request and which data it gives access to (RFC 6750; SMART App
Launch 2.2, Access FHIR API).
"""

import time
from collections.abc import Callable, Mapping
from functools import partial

from flask import Request

from simulator import trace
from simulator.charts.resources import Resource
from simulator.charts.users import CLINICIANS, DEFAULT_USER
from simulator.endpoints.token_faults import HANG_SECONDS, SLOW_SECONDS
from simulator.faults.named import Faults
from simulator.faults.oracle_errors import ACCESS_ERRORS
from simulator.fhir.outcome import FhirError
from simulator.oauth.granted import AccessToken
from simulator.oauth.grants import Grants
from simulator.oauth.scopes import Interaction, covering_contexts

_REALM = 'Bearer realm="simulated EHR"'


class Bearer:
    """A request's valid access token, and the faults that change the response."""

    def __init__(self, token: str, access: AccessToken, faults: frozenset[str]) -> None:
        self.token = token
        self.faults = faults
        self._access = access

    def require(self, fhir_type: str, need: Interaction) -> "VisibleCharts":
        """Return the charts that one interaction on one type may see.

        Raises FhirError with 403 if no granted scope covers it.
        """
        contexts = covering_contexts(self._access.scopes, fhir_type, need)
        trace.covered(self._access.scopes, contexts, fhir_type, need)
        if contexts & {"user", "system"}:
            return VisibleCharts(patient=None)
        if "patient" in contexts and self._access.context.patient is not None:
            return VisibleCharts(patient=self._access.context.patient)
        if need == "r" and fhir_type == "Practitioner" and "fhirUser" in self._access.scopes:
            return VisibleCharts(patient=None, only=self._user_reference())
        raise _insufficient_scope(f"no granted scope covers interaction {need} on {fhir_type}")

    def covers(self, fhir_type: str, need: Interaction) -> bool:
        """Return whether a granted scope covers one interaction on one type."""
        return bool(covering_contexts(self._access.scopes, fhir_type, need))

    def _user_reference(self) -> str:
        """Return the reference of the authenticated clinician, or "" if the user isn't one."""
        user = CLINICIANS.get(self._access.family.authorization.user or DEFAULT_USER)
        return "" if user is None else user.reference


class VisibleCharts:
    """The part of the charts that a token can see: one patient's compartment, or all of them; with
    `only`, a single resource.
    """

    def __init__(self, patient: str | None, only: str | None = None) -> None:
        self._patient = patient
        self._only = only

    def shows(self, resource: Resource) -> bool:
        """Return whether the token may see the resource."""
        if self._only not in (None, f"{resource.type}/{resource.id}"):
            return False
        return self.shows_of(resource.patient)

    def shows_of(self, patient: str | None) -> bool:
        """Return whether it includes a patient's resources; None means shared resources."""
        return self._patient is None or patient in (None, self._patient)

    def owns(self, patient: str | None) -> bool:
        """Return whether the token may write a patient's resources.

        Only a token for all patients may write shared resources (None).
        """
        return self._patient in (None, patient)


def authenticate(request: Request, grants: Grants, of_all: Faults) -> Bearer:
    """Check the bearer token of a request; `of_all` are the faults that apply to all launches.

    Raises FhirError with 401 if there is no token, or it's invalid or has expired, and the error of
    a triggered fault.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        trace.note(
            "wrong", "access token", "is missing: the request has no `Authorization: Bearer` header"
        )
        raise FhirError(401, "login", "a bearer token is required", {"WWW-Authenticate": _REALM})
    access = grants.access(token)
    if access is None:
        raise _invalid_token()
    own = access.family.authorization.faults
    triggered = of_all.trigger("fhir") | own.trigger("fhir")
    trace.triggered(triggered)
    _raise_triggered(triggered)
    return Bearer(token, access, triggered)


def _raise_triggered(triggered: frozenset[str]) -> None:
    if "fhir-slow" in triggered:
        time.sleep(SLOW_SECONDS)
    if "fhir-hang" in triggered:
        time.sleep(HANG_SECONDS)
    for name, make in ERRORS.items():
        if name in triggered:
            raise make()


def _invalid_token() -> FhirError:
    return FhirError(
        401,
        "login",
        "the access token is unknown, expired or revoked",
        {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
    )


def _insufficient_scope(description: str) -> FhirError:
    return FhirError(
        403, "forbidden", description, {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope"'}
    )


def _gateway_error(tail: str) -> FhirError:
    status, meaning = ACCESS_ERRORS[tail]
    code = {401: "login", 403: "forbidden"}.get(status, "exception")
    return FhirError(status, code, meaning, reason=tail)


ERRORS: Mapping[str, Callable[[], FhirError]] = {
    "fhir-401": _invalid_token,
    "fhir-403": lambda: _insufficient_scope("no granted scope covers this request"),
    "fhir-429": lambda: FhirError(429, "throttled", "too many requests", {"Retry-After": "1"}),
    "fhir-500": lambda: FhirError(500, "exception", "injected fault"),
    "fhir-503": lambda: FhirError(503, "transient", "not available now", {"Retry-After": "1"}),
    "fhir-hang": lambda: FhirError(504, "timeout", "injected fault"),
    **{f"fhir-{tail}": partial(_gateway_error, tail) for tail in ACCESS_ERRORS},
}
