"""Who asks for FHIR data and what the token lets them see (RFC 6750; SMART App Launch 2.2, Access
FHIR API).
"""

import time
from collections.abc import Callable, Mapping

from flask import Request

from simulator.charts import Resource
from simulator.faults import Faults
from simulator.granted import AccessToken
from simulator.grants import Grants
from simulator.outcome import FhirError
from simulator.scopes import Interaction, covering_contexts
from simulator.token_faults import HANG_SECONDS

_REALM = 'Bearer realm="simulated EHR"'


class Bearer:
    """A request's valid access token."""

    def __init__(self, token: str, access: AccessToken) -> None:
        self.token = token
        self._access = access

    def require(self, fhir_type: str, need: Interaction) -> "View":
        """Return what one interaction on one type may see.

        Raises FhirError: 403, no granted scope covers it.
        """
        contexts = covering_contexts(self._access.scopes, fhir_type, need)
        if "user" in contexts:
            return View(patient=None)
        if "patient" in contexts and self._access.context.patient is not None:
            return View(patient=self._access.context.patient)
        raise _insufficient_scope(f"no granted scope covers interaction {need} on {fhir_type}")


class View:
    """The part of the charts that a token may see: one patient's compartment, or all of them."""

    def __init__(self, patient: str | None) -> None:
        self._patient = patient

    def shows(self, resource: Resource) -> bool:
        """Whether the resource lies within it."""
        return self._patient in (None, resource.patient)


def authenticate(request: Request, grants: Grants, of_all: Faults) -> Bearer:
    """Read the bearer token of a request; `of_all` are faults that may strike any launch.

    Raises FhirError: 401, there is none, or it is not (or no longer) valid; or what a fault says.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise FhirError(401, "login", "a bearer token is needed", {"WWW-Authenticate": _REALM})
    access = grants.access(token)
    if access is None:
        raise _invalid_token()
    own = access.family.authorization.faults
    _raise_struck(of_all.strike("fhir") | own.strike("fhir"))
    return Bearer(token, access)


def _raise_struck(struck: frozenset[str]) -> None:
    if "fhir-hang" in struck:
        time.sleep(HANG_SECONDS)
    for name, make in ERRORS.items():
        if name in struck:
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
        403,
        "forbidden",
        description,
        {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope"'},
    )


ERRORS: Mapping[str, Callable[[], FhirError]] = {
    "fhir-401": _invalid_token,
    "fhir-403": lambda: _insufficient_scope("no granted scope covers this request"),
    "fhir-429": lambda: FhirError(429, "throttled", "too many requests", {"Retry-After": "1"}),
    "fhir-500": lambda: FhirError(500, "exception", "this fault was asked for"),
    "fhir-503": lambda: FhirError(503, "transient", "not available now", {"Retry-After": "1"}),
    "fhir-hang": lambda: FhirError(504, "timeout", "this fault was asked for"),
}
