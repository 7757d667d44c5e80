"""An EHR that follows SMART App Launch 2.2 and requires apps to follow it (Obtain authorization
code; RFC 6749 section 4.1.2.1; RFC 9207).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from flask import Response

from simulator import trace
from simulator.charts.resources import RESOURCE_TYPES
from simulator.common.addresses import Addresses
from simulator.common.html import fault_page
from simulator.fhir.dialect import FhirDialect
from simulator.oauth.authorization_request import (
    AuthorizationRefusedError,
    Parameters,
    ParsedRequest,
    UntrustedReason,
    UntrustedRedirectError,
    invalid,
    sole,
)
from simulator.oauth.authorization_rules import Granted, RefusedRequest, answer, issuer_of
from simulator.oauth.registrations import Registration
from simulator.oauth.scopes import CONTEXT_SCOPES, IDENTITY_SCOPES, REFRESH_SCOPES, grant
from simulator.vendors.profile import VendorProfile


def addresses(origin: str) -> Addresses:
    """Return the URLs at an origin."""
    root = f"{origin}/generic"
    return Addresses(
        issuer=root,
        id_token_issuer=root,
        jwks=f"{root}/jwks",
        authorize=f"{root}/authorize",
        token=f"{root}/token",
        revocation=f"{root}/revoke",
        fhir_base=f"{root}/fhir",
        start=f"{root}/start",
        cds_issuer=root,
        cds_keys=f"{root}/cds-hooks/jwks.json",
    )


def configuration(at: Addresses) -> Mapping[str, object]:
    """Return the SMART configuration."""
    resource_scopes = [
        f"{context}/{fhir_type}.{permission}"
        for context in ("patient", "user", "system")
        for fhir_type in ("*", *RESOURCE_TYPES)
        for permission in ("rs", "read")
    ]
    return {
        "issuer": at.issuer,
        "jwks_uri": at.jwks,
        "authorization_endpoint": at.authorize,
        "token_endpoint": at.token,
        "revocation_endpoint": at.revocation,
        "token_endpoint_auth_methods_supported": list(GENERIC.auth_methods),
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": [*CONTEXT_SCOPES, *IDENTITY_SCOPES, *REFRESH_SCOPES, *resource_scopes],
        "capabilities": [
            *("launch-ehr", "launch-standalone", "authorize-post", "client-public"),
            *("client-confidential-symmetric", "client-confidential-asymmetric"),
            *("sso-openid-connect", "context-banner", "context-ehr-patient"),
            *("context-ehr-encounter", "context-standalone-patient"),
            *("context-standalone-encounter", "permission-patient", "permission-user"),
            *("permission-offline", "permission-online", "permission-v1", "permission-v2"),
        ],
    }


class GenericRules:
    """Rules that require launch parameter and launch scope together, and redirect with errors."""

    sends_iss = True
    further_query = False

    def granted(
        self, requested: ParsedRequest, client: Registration, addresses: Addresses
    ) -> Granted:
        """Return the granted scopes and the launch value."""
        granted = grant(requested.scopes, client.scopes)
        problems = [
            *_audience_problems(requested.aud, addresses.fhir_base),
            *_launch_problems(requested),
            *_scope_problems(requested.scopes, client.scopes, granted),
        ]
        if problems:
            raise problems[0]
        return granted, requested.launch

    def unknown_launch(self) -> AuthorizationRefusedError:
        """Return the error for a launch value that this EHR didn't issue or that's already used."""
        return invalid("unknown launch")

    def declined(self) -> AuthorizationRefusedError:
        """Return the error for a user who denied access."""
        return AuthorizationRefusedError("access_denied", "the user chose no patient")

    def require_patient(self, scopes: Sequence[str], patient: str | None) -> None:
        """Accept every context; without a patient, the token gives no access to patient data."""

    def fault_refusal(self, error: str, detail: str) -> AuthorizationRefusedError:
        """Return the error with its description."""
        return AuthorizationRefusedError(error, detail or None)

    def fault_page(self, detail: str) -> UntrustedRedirectError:
        """Return the error page; `detail` is its reason."""
        return UntrustedRedirectError(cast(UntrustedReason, detail), "injected fault")

    def refused(
        self, addresses: Addresses, error: AuthorizationRefusedError, request: RefusedRequest
    ) -> Response:
        """Redirect to the app with the error, the unchanged state, and the issuer."""
        members = {"error": error.error}
        if error.description:
            members["error_description"] = error.description
        issuer, state = issuer_of(self, addresses), sole(request.parameters, "state")
        response = answer(issuer, request.redirect_uri, members, state, request.triggered)
        trace.refused(f"{error.error}: {error.description or 'no description'}")
        return response

    def untrusted(
        self,
        addresses: Addresses,  # noqa: ARG002 - the Protocol's
        error: UntrustedRedirectError,
        parameters: Parameters,
    ) -> Response:
        """Show a page with the received values; one fault shows a page without them."""
        trace.refused(f"a page for the user, and no response to the app: {error}")
        if error.reason == "unexplained":
            return fault_page(400, "Oops!", "")
        received = {
            name: " and ".join(parameters.get(name, ())) or "nothing"
            for name in ("client_id", "redirect_uri")
        }
        return fault_page(
            400,
            "This app can't connect",
            f"{error}. So the EHR doesn't redirect the browser to the app.",
            facts=received,
        )


def _audience_problems(aud: str | None, fhir_base: str) -> Iterator[AuthorizationRefusedError]:
    is_right = trace.check(
        aud == fhir_base,
        "aud",
        "equals the FHIR base",
        f"differs: got {aud or 'nothing'}, expected {fhir_base}",
    )
    if not is_right:
        wrong = "must exactly equal the FHIR base of this EHR" if aud else "is missing"
        yield invalid(f"aud {wrong}")


def _launch_problems(requested: ParsedRequest) -> Iterator[AuthorizationRefusedError]:
    if "launch" in requested.scopes and requested.launch is None:
        wrong = (
            "is missing, although scope launch is requested. In a launch from a chart, pass on "
            "the value"
        )
        trace.note("wrong", "launch", wrong)
        yield invalid("scope launch was requested without the launch parameter")
    if requested.launch is not None and "launch" not in requested.scopes:
        trace.note("wrong", "scope", "launch is missing, although the launch parameter was sent")
        yield invalid("the launch parameter was sent without scope launch")


def _scope_problems(
    requested: Sequence[str], registered: Sequence[str], granted: Sequence[str]
) -> Iterator[AuthorizationRefusedError]:
    problems = [
        f"this client isn't registered for scope {context}"
        for context in ("launch", "launch/patient")
        if context in requested and context not in registered
    ]
    if not granted:
        problems.append("none of the requested scopes can be granted to this client")
    has_patient = any(one in granted for one in ("launch", "launch/patient", "launch/encounter"))
    if not has_patient and any(one.startswith("patient/") for one in granted):
        problems.append("patient/ scopes require scope launch or launch/patient")
    for problem in problems:
        trace.note("wrong", "scope", problem)
        yield AuthorizationRefusedError("invalid_scope", problem)


GENERIC = VendorProfile(
    key="generic",
    title="Generic SMART EHR",
    vendor="generic",
    addresses=addresses,
    configuration=configuration,
    rules=GenericRules(),
    fhir=FhirDialect(),
    renews_id_token=True,
)
