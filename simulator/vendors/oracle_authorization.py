"""Oracle Health's authorization endpoint: the launch scopes of each persona, scopes that it drops
silently, and errors as URLs that contain a URN (README.md lists each source).
"""

from collections.abc import Iterator, Sequence
from urllib.parse import quote, unquote, urlsplit

from flask import Response

from simulator import trace
from simulator.common.addresses import Addresses
from simulator.common.redirects import redirect
from simulator.faults import oracle_errors, oracle_faults
from simulator.oauth.authorization_request import (
    AuthorizationRefusedError,
    Parameters,
    ParsedRequest,
    UntrustedReason,
    UntrustedRedirectError,
    sole,
)
from simulator.oauth.authorization_rules import Granted, RefusedRequest, answer, issuer_of
from simulator.oauth.registrations import Registration
from simulator.oauth.scopes import grant, parse_resource_scope
from simulator.vendors.oracle_addresses import TENANT, Persona, origin_of

_LAUNCH_SCOPES = ("launch", "launch/patient", "launch/encounter")
_PAGES: dict[UntrustedReason, str] = {
    "repeated": "oauth2:grant:invalid-request",
    "client": "oauth2:grant:unknown-client",
    "persona": "oauth2:grant:client-persona-mismatch",
    "no redirect": "oauth2:grant:redirect-uri-not-registered",
    "not absolute": "oauth2:grant:redirect-uri-not-absolute",
    "trailing slash": "oauth2:grant:invalid-redirect-uri-trailing-slash",
    "redirect": "oauth2:grant:invalid-redirect-uri",
    "unexplained": "oauth2:grant:server-error",
}
_OTHER_CLIENT = "00000000-51a0-4000-8000-0000000000cc"
_OTHER_TENANT = "SimulatedTenantThatIsNoUuid"
_BAD_REQUEST = "bad-request"
_TAIL_OF_ERROR = {"unsupported_response_type": "oauth2:grant:unsupported-response-type"}


class OracleRefusedError(AuthorizationRefusedError):
    """A refusal with its own URN.

    `tail`: the URN after `urn:cerner:error:authorization-server:`.
    """

    def __init__(self, error: str, tail: str) -> None:
        super().__init__(error, None)
        self.tail = tail


class OraclePageError(UntrustedRedirectError):
    """An error page with its own URN, instead of a response to the app."""

    def __init__(self, tail: str) -> None:
        super().__init__("client", tail)
        self.tail = tail


class OracleRules:
    """The authorization endpoint of one persona."""

    sends_iss = False
    further_query = True

    def __init__(self, persona: Persona) -> None:
        self._persona: Persona = persona

    def granted(
        self, requested: ParsedRequest, client: Registration, addresses: Addresses
    ) -> Granted:
        """Return the granted scopes, and the launch value if scope launch is requested."""
        launch_scopes = [one for one in requested.scopes if one in _LAUNCH_SCOPES]
        launch = requested.launch if "launch" in requested.scopes else None
        self_chosen = self._persona == "patient" and "launch" not in requested.scopes
        problems: list[AuthorizationRefusedError] = []
        if launch_scopes and launch is None and not self_chosen:
            trace.note("wrong", *_why_no_launch(requested, launch_scopes))
            problems.append(_launch_error("code-required"))
        if requested.launch is not None and not launch_scopes:
            trace.note("wrong", "scope", "launch is missing, so the launch value is ignored")
        problems += self._audience_problems(requested.aud, addresses, needed=bool(launch_scopes))
        granted = grant(_considered(requested.scopes, client), client.scopes)
        if self._persona == "provider":
            granted = tuple(one for one in granted if one not in _LAUNCH_SCOPES[1:])
        if not granted:
            trace.note("wrong", "scope", "none of the scopes can be granted to this client")
            problems.append(OracleRefusedError("access_denied", "oauth2:grant:denied-by-server"))
        if problems:
            raise problems[0]
        return granted, launch

    def unknown_launch(self) -> AuthorizationRefusedError:
        """Return the error for a launch value that this EHR didn't issue or that's already used."""
        return _launch_error("invalid-launch-code")

    def declined(self) -> AuthorizationRefusedError:
        """Return the error for a user who denied access."""
        return OracleRefusedError("access_denied", "oauth2:grant:denied-by-user")

    def require_patient(self, scopes: Sequence[str], patient: str | None) -> None:
        """Refuse patient scopes if there is no patient."""
        if patient is None and any(one.startswith("patient/") for one in scopes):
            trace.note("wrong", "scope", "patient/ scopes were requested, but no patient is open")
            raise OracleRefusedError("access_denied", "oauth2:grant:missing-patient")

    def fault_refusal(self, error: str, detail: str) -> AuthorizationRefusedError:
        """Return the error with a URN that ends in `detail`."""
        return OracleRefusedError(error, detail)

    def fault_page(self, detail: str) -> UntrustedRedirectError:
        """Return the error page of the URN that ends in `detail`."""
        return OraclePageError(detail)

    def refused(
        self, addresses: Addresses, error: AuthorizationRefusedError, request: RefusedRequest
    ) -> Response:
        """Redirect to the app with state, error and error_uri; there is no description."""
        tail = (
            error.tail
            if isinstance(error, OracleRefusedError)
            else _TAIL_OF_ERROR.get(error.error, "oauth2:grant:invalid-request")
        )
        triggered, client_id = request.triggered, sole(request.parameters, "client_id")
        at = _error_uri(addresses, tail, client_id, self._persona, triggered)
        members = {"error": error.error}
        if "error-uri-not-encoded" not in triggered:
            members["error_uri"] = at
        issuer, state = issuer_of(self, addresses), sole(request.parameters, "state")
        response = answer(issuer, request.redirect_uri, members, state, triggered)
        if "error-uri-not-encoded" in triggered:
            response.headers["Location"] += f"&error_uri={unquote(at)}"
        trace.refused(
            f"{error.error}, {tail}: {oracle_faults.MEANINGS.get(tail, 'meaning unknown')}"
        )
        return response

    def untrusted(
        self,
        addresses: Addresses,
        error: UntrustedRedirectError,
        parameters: Parameters,  # noqa: ARG002 - the Protocol's
    ) -> Response:
        """Redirect the browser to an error page of this server, whose URL contains only the URN."""
        tail = error.tail if isinstance(error, OraclePageError) else _PAGES[error.reason]
        why = oracle_faults.MEANINGS[tail] if isinstance(error, OraclePageError) else str(error)
        trace.refused(f"a page for the user, and no response to the app: {tail}, {why}")
        if tail == _BAD_REQUEST:
            return Response("Bad Request", 400, content_type="text/html")
        uri, instance = oracle_errors.error_uri(
            origin_of(addresses), tail, client="unknown", tenant=TENANT
        )
        oracle_errors.remember(instance, why)
        return redirect(quote(urlsplit(uri).path, safe="/%"), 303)

    @staticmethod
    def _audience_problems(
        aud: str | None, addresses: Addresses, *, needed: bool
    ) -> Iterator[AuthorizationRefusedError]:
        if aud is None:
            trace.note("wrong", "aud", f"is missing, expected {addresses.fhir_base}")
            tail = "oauth2:grant:invalid-request"
            yield (
                _launch_error("audience-required")
                if needed
                else OracleRefusedError("invalid_request", tail)
            )
        elif not trace.check(
            aud.removesuffix("/") == addresses.fhir_base,
            "aud",
            "equals the FHIR base",
            f"differs: got {aud}, expected {addresses.fhir_base}",
        ):
            is_here = aud.startswith(f"{origin_of(addresses)}/")
            yield _launch_error(
                "audience-not-white-listed" if is_here else "unknown-resource-server"
            )


def _why_no_launch(requested: ParsedRequest, launch_scopes: Sequence[str]) -> tuple[str, str]:
    """Return the missing half of an EHR launch, the value or the scope that uses it, and why."""
    if requested.launch is None:
        return "launch", f"is missing, although scope {' '.join(launch_scopes)} is requested"
    return "scope", f"launch is missing: {' '.join(launch_scopes)} doesn't use the launch value"


def _considered(scopes: Sequence[str], client: Registration) -> list[str]:
    """Return the scopes without wildcards and the other version's syntax, which Oracle ignores."""
    kept = []
    for text in scopes:
        scope = parse_resource_scope(text)
        if scope is None or (scope.type != "*" and scope.is_v1 == (client.smart_version == 1)):
            kept.append(text)
    return kept


def _error_uri(
    addresses: Addresses, tail: str, client: str | None, persona: Persona, triggered: frozenset[str]
) -> str:
    """Return the URI of an error, possibly changed by a fault."""
    if "error-uri-client-unknown" in triggered:
        client = "unknown"
    if "error-uri-other-client" in triggered:
        client = _OTHER_CLIENT
    uri, _ = oracle_errors.error_uri(
        origin_of(addresses),
        tail,
        client=client or "unknown",
        tenant=_OTHER_TENANT if "error-uri-other-tenant" in triggered else TENANT,
        persona=persona,
    )
    if "error-uri-without-query" in triggered:
        uri = uri.partition("?")[0]
    if "error-uri-encoded-once" in triggered:
        return uri.replace("%3A", ":")
    if "error-uri-encoded-thrice" in triggered:
        return uri.replace("%3A", "%253A")
    return uri


def _launch_error(name: str) -> OracleRefusedError:
    return OracleRefusedError("invalid_request", f"smart-v1:grant:launch:{name}")
