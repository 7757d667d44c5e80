"""Who asks for FHIR data and what the token lets them see (RFC 6750; SMART App Launch 2.2, Access
FHIR API).
"""

from flask import Request

from simulator.charts import Resource
from simulator.grants import AccessToken, Grants
from simulator.outcome import FhirError
from simulator.scopes import Interaction, covering_contexts

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
        raise FhirError(
            403,
            "forbidden",
            f"no granted scope covers interaction {need} on {fhir_type}",
            {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope"'},
        )


class View:
    """The part of the charts that a token may see: one patient's compartment, or all of them."""

    def __init__(self, patient: str | None) -> None:
        self._patient = patient

    def shows(self, resource: Resource) -> bool:
        """Whether the resource lies within it."""
        return self._patient in (None, resource.patient)


def authenticate(request: Request, grants: Grants) -> Bearer:
    """Read the bearer token of a request.

    Raises FhirError: 401, there is none, or it is not (or no longer) valid.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise FhirError(401, "login", "a bearer token is needed", {"WWW-Authenticate": _REALM})
    access = grants.access(token)
    if access is None:
        raise FhirError(
            401,
            "login",
            "the access token is unknown, expired or revoked",
            {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
        )
    return Bearer(token, access)
