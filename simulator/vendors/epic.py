"""An EHR with the behavior of Epic that causes problems for apps: error pages instead of redirects,
and XML from the FHIR API unless the client requests JSON (README.md lists each source).
"""

from collections.abc import Iterable, Mapping

from flask import Response

from simulator import trace
from simulator.cds.habits import CdsHabits
from simulator.charts.resources import RESOURCE_TYPES
from simulator.common.addresses import Addresses
from simulator.common.html import page
from simulator.oauth.authorization_request import (
    AuthorizationRefusedError,
    Parameters,
    ParsedRequest,
    UntrustedRedirectError,
    invalid,
)
from simulator.oauth.authorization_rules import Granted, RefusedRequest
from simulator.oauth.registrations import Registration
from simulator.oauth.scopes import IDENTITY_SCOPES, REFRESH_SCOPES, parse_resource_scope
from simulator.oauth.token_errors import TokenError, TokenErrorForm
from simulator.vendors.epic_fhir import EpicDialect
from simulator.vendors.generic import GenericRules
from simulator.vendors.profile import VendorProfile

_INVALID = "Invalid OAuth 2.0 request"
_SILENT = "a page without the reason, and no response to the app. The reason is"


def addresses(origin: str) -> Addresses:
    """Return the URLs at an origin."""
    root = f"{origin}/epic"
    return Addresses(
        issuer=f"{root}/oauth2",
        id_token_issuer=f"{root}/oauth2",
        jwks=f"{root}/oauth2/jwks",
        authorize=f"{root}/oauth2/authorize",
        token=f"{root}/oauth2/token",
        revocation=f"{root}/oauth2/revoke",
        fhir_base=f"{root}/api/FHIR/R4",
        start=f"{root}/start",
        cds_issuer=f"{root}/api/FHIR/R4",
        cds_keys=f"{root}/api/epic/2019/Security/Open/PublicKeys/530013/530013",
    )


def configuration(at: Addresses) -> Mapping[str, object]:
    """Return the SMART configuration."""
    resource_scopes = [
        f"{context}/{fhir_type}.{permission}"
        for context in ("patient", "user")
        for fhir_type in RESOURCE_TYPES
        for permission in ("r", "s", "rs", "read")
    ]
    return {
        "issuer": at.issuer,
        "jwks_uri": at.jwks,
        "authorization_endpoint": at.authorize,
        "token_endpoint": at.token,
        "revocation_endpoint": at.revocation,
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "client_secret_basic",
            "private_key_jwt",
        ],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": [
            "launch",
            "launch/patient",
            *IDENTITY_SCOPES,
            *REFRESH_SCOPES,
            *resource_scopes,
        ],
        "capabilities": [
            *("launch-ehr", "launch-standalone", "client-public"),
            *("client-confidential-symmetric", "client-confidential-asymmetric"),
            *("context-ehr-patient", "context-ehr-encounter", "context-standalone-patient"),
            *("sso-openid-connect", "permission-offline", "permission-patient"),
            *("permission-user", "permission-v1", "permission-v2", "authorize-post"),
        ],
    }


class EpicRules(GenericRules):
    """The rules of SMART App Launch, with an error page for each violation."""

    sends_iss = False

    def granted(
        self, requested: ParsedRequest, client: Registration, addresses: Addresses
    ) -> Granted:
        """Return the granted scopes, one letter each, and the launch value."""
        granted, launch = super().granted(requested, client, addresses)
        scopes = [one for one in map(parse_resource_scope, requested.scopes) if one is not None]
        if client.smart_version == 2 and any(one.is_v1 for one in scopes):
            wrong = "a client registered for SMART v2 requested a v1 scope"
            trace.note("wrong", "scope", wrong)
            raise invalid(wrong)
        return tuple(_one_letter_each(granted)), launch

    def refused(
        self, addresses: Addresses, error: AuthorizationRefusedError, request: RefusedRequest
    ) -> Response:
        """Show the error page for every invalid request; return only access_denied to the app."""
        if error.error == "access_denied":
            return super().refused(addresses, error, request)
        trace.refused(f"{_SILENT} {error.error}: {error.description}")
        return _page(400, _INVALID, "The request is invalid.", error.description or error.error)

    def untrusted(
        self,
        addresses: Addresses,  # noqa: ARG002 - the Protocol's
        error: UntrustedRedirectError,
        parameters: Parameters,  # noqa: ARG002 - the Protocol's
    ) -> Response:
        """Show an error page; for an unknown client, its status is 200."""
        trace.refused(f"{_SILENT} {error}")
        if error.reason in ("client", "persona"):
            return _page(200, "OAuth2 Error", "Something went wrong.", str(error))
        return _page(400, _INVALID, "The request is invalid.", str(error))


def _one_letter_each(scopes: Iterable[str]) -> Iterable[str]:
    for text in scopes:
        scope = parse_resource_scope(text)
        if scope is None or scope.is_v1:
            yield text
        else:
            yield from (f"{scope.context}/{scope.type}.{letter}" for letter in scope.letters)


def _page(status: int, title: str, text: str, why: str) -> Response:
    return page("epic_error.html", status=status, title=title, text=text, why=why)


def _without_description(error: TokenError, addresses: Addresses) -> TokenErrorForm:  # noqa: ARG001 - a profile's
    return TokenErrorForm({"error": error.error, "error_description": None})


EPIC = VendorProfile(
    key="epic",
    title="Epic",
    vendor="epic",
    addresses=addresses,
    configuration=configuration,
    rules=EpicRules(),
    fhir=EpicDialect(),
    raw_basic=True,
    rotates=False,
    token_error=_without_description,
    cds=CdsHabits(
        algorithm="RS384",
        seconds=900,
        not_before=300,
        names_client=True,
        one_audience=True,
        absolute=True,
        scope="PATIENT.READ OBSERVATION.SEARCH CONDITION.SEARCH MEDICATIONREQUEST.SEARCH",
        keeps_discovery=True,
        plural_reasons=True,
        trigger=("com.epic.cdshooks.request.bpa-trigger-action", "60"),
        empty_has_outcome=True,
    ),
)
