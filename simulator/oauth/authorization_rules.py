"""Vendor differences at the authorization endpoint: the granted scopes and the form of refusals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from flask import Response

from simulator import trace
from simulator.common.addresses import Addresses
from simulator.common.redirects import redirect, with_query
from simulator.oauth.authorization_request import (
    AuthorizationRefusedError,
    Parameters,
    ParsedRequest,
    UntrustedRedirectError,
)
from simulator.oauth.registrations import Registration

_OTHER_STATE = "another-state-than-the-one-that-was-sent"
_OTHER_ISSUER = "https://another-ehr.example"

Granted = tuple[Sequence[str], str | None]


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A refused request whose error is sent to the app, with the triggered faults."""

    redirect_uri: str
    parameters: Parameters
    triggered: frozenset[str]


class AuthorizationRules(Protocol):
    """One vendor's authorization endpoint."""

    @property
    def sends_iss(self) -> bool:
        """Whether its responses have `iss` (RFC 9207)."""

    @property
    def further_query(self) -> bool:
        """Whether a redirect URI may have a query that isn't registered."""

    def granted(
        self, requested: ParsedRequest, client: Registration, addresses: Addresses
    ) -> Granted:
        """Return the granted scopes, and the launch value for the context or None.

        Raises AuthorizationRefusedError if nothing is granted.
        """

    def unknown_launch(self) -> AuthorizationRefusedError:
        """Return the error for a launch value that this EHR didn't issue or that's already used."""

    def declined(self) -> AuthorizationRefusedError:
        """Return the error for a user who denied access."""

    def require_patient(self, scopes: Sequence[str], patient: str | None) -> None:
        """Check the context.

        Raises AuthorizationRefusedError if the scopes require a patient and there is none.
        """

    def fault_refusal(self, error: str, detail: str) -> AuthorizationRefusedError:
        """Return the error for a fault; `detail` is as in faults/authorize_faults.py."""

    def fault_page(self, detail: str) -> UntrustedRedirectError:
        """Return the error page for a fault; `detail` is as in faults/authorize_faults.py."""

    def refused(
        self, addresses: Addresses, error: AuthorizationRefusedError, request: RefusedRequest
    ) -> Response:
        """Return the response to a refused request."""

    def untrusted(
        self, addresses: Addresses, error: UntrustedRedirectError, parameters: Parameters
    ) -> Response:
        """Return the response to a request that must not be redirected."""


def answer(
    issuer: str | None,
    redirect_uri: str,
    members: Mapping[str, str],
    state: str | None,
    triggered: frozenset[str],
) -> Response:
    """Redirect to the app with the response parameters, the unchanged state, and `iss` if there is
    an issuer. A fault can change these.
    """
    parameters: dict[str, str] = {}
    if state is not None and "answer-without-state" not in triggered:
        parameters["state"] = _OTHER_STATE if "answer-wrong-state" in triggered else state
    parameters |= members
    if "answer-without-code" in triggered:
        parameters.pop("code", None)
    if issuer is not None and "answer-without-iss" not in triggered:
        wrong = "answer-wrong-iss" in triggered
        parameters["iss"] = _OTHER_ISSUER if wrong else issuer
    code = parameters.get("code")
    with_code = f"code {trace.short(code)}" if code else "without a code"
    trace.answer(f"a redirect to {redirect_uri} {with_code}: {', '.join(parameters)}")
    return redirect(with_query(redirect_uri, parameters))


def issuer_of(rules: AuthorizationRules, addresses: Addresses) -> str | None:
    """Return the `iss` of an EHR's authorization responses, or None if it sends none."""
    return addresses.issuer if rules.sends_iss else None
