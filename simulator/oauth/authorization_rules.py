"""What differs between vendors at the authorization endpoint: what is granted, and in what form a
request is refused.
"""

from collections.abc import Mapping, Sequence
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


class AuthorizationRules(Protocol):
    """One vendor's authorization endpoint."""

    @property
    def answers_iss(self) -> bool:
        """Return whether its responses carry `iss` (RFC 9207)."""

    @property
    def further_query(self) -> bool:
        """Return whether a redirect URI may have a query that was not registered."""

    def granted(
        self, requested: ParsedRequest, client: Registration, addresses: Addresses
    ) -> Granted:
        """Return the granted scopes, and the launch value that gives the context or None.

        Raises AuthorizationRefusedError.
        """

    def unknown_launch(self) -> AuthorizationRefusedError:
        """Make the error for a launch value that was not made here, or is used up."""

    def declined(self) -> AuthorizationRefusedError:
        """Make the error for a user who said no."""

    def require_patient(self, scopes: Sequence[str], patient: str | None) -> None:
        """Check the context once it is known.

        Raises AuthorizationRefusedError: the scopes need a patient and there is none.
        """

    def fault_refusal(self, error: str, detail: str) -> AuthorizationRefusedError:
        """Make the error that a fault asks for; `detail` as in faults/authorize_faults.py."""

    def fault_page(self, detail: str) -> UntrustedRedirectError:
        """Make the page that a fault asks for; `detail` as in faults/authorize_faults.py."""

    def refused(
        self,
        addresses: Addresses,
        error: AuthorizationRefusedError,
        redirect_uri: str,
        parameters: Parameters,
        *,
        triggered: frozenset[str] = frozenset(),
    ) -> Response:
        """Answer a request that is refused; `triggered` names the faults that are."""

    def untrusted(
        self, addresses: Addresses, error: UntrustedRedirectError, parameters: Parameters
    ) -> Response:
        """Answer a request that may not be answered by a redirect."""


def answer(
    issuer: str | None,
    redirect_uri: str,
    members: Mapping[str, str],
    state: str | None,
    triggered: frozenset[str],
) -> Response:
    """Redirect to the app with the members of an answer, the state as it came, and `iss` where
    there is an issuer; or with what a fault makes of them.
    """
    carried: dict[str, str] = {}
    if state is not None and "answer-without-state" not in triggered:
        carried["state"] = _OTHER_STATE if "answer-wrong-state" in triggered else state
    carried |= members
    if "answer-without-code" in triggered:
        carried.pop("code", None)
    if issuer is not None and "answer-without-iss" not in triggered:
        wrong = "answer-wrong-iss" in triggered
        carried["iss"] = _OTHER_ISSUER if wrong else issuer
    code = carried.get("code")
    with_code = f"code {trace.short(code)}" if code else "without a code"
    trace.answer(f"the browser goes back to {redirect_uri} {with_code}; {', '.join(carried)}")
    return redirect(with_query(redirect_uri, carried))


def issuer_of(rules: AuthorizationRules, addresses: Addresses) -> str | None:
    """Return the `iss` of an EHR's authorization responses, None where it sends none."""
    return addresses.issuer if rules.answers_iss else None
