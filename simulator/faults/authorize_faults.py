"""The faults of authorization requests, by name: every known failure of an authorization endpoint
(README.md lists the sources). Data only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from simulator.faults import oracle_faults

How = Literal["refusal", "page", "answer", "grant"]

ALL = ("generic", "oracle", "oracle-patient", "epic")
ORACLE = ("oracle", "oracle-patient")


@dataclass(frozen=True, slots=True)
class AuthorizeFault:
    """One fault.

    Fields:
        title: the effect, as shown to people.
        ehrs: keys of the EHRs that support it.
        how: `refusal` sends an error to the app, `page` shows a page and sends nothing to the app,
            `answer` changes the redirect to the app, `grant` changes the grant.
        error: for a refusal, its OAuth error code.
        detail: at Oracle Health, the end of the error's URN. Elsewhere, the error's description
            for a refusal, and the reason of UntrustedRedirectError for a page.
    """

    name: str
    title: str
    ehrs: tuple[str, ...]
    how: How
    error: str = ""
    detail: str = ""


# By error: name, description, title.
_REFUSALS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "access_denied": {
        "access-denied": ("The user declined.", "the user declined"),
        "access-denied-bare": ("", "access denied without a description, as at MEDITECH"),
        "error-with-markup": (
            '<script>alert(1)</script><a href="https://evil.example">sign in again</a>',
            "a description that contains markup",
        ),
    },
    "server_error": {
        "server-error": ("An unexpected condition was met.", "the server failed"),
        "keycloak-launch-context": (
            (
                "Could not resolve launch context parameter to any EHR Launch Context "
                "set in this user session"
            ),
            "Keycloak: the launch belongs to another session",
        ),
        "error-very-long": ("long " * 1000, "a description of 5,000 characters"),
    },
    "temporarily_unavailable": {
        "temporarily-unavailable": ("Try again later.", "the server is too busy")
    },
    "unauthorized_client": {
        "unauthorized-client": (
            "Not for this client.",
            "the client isn't allowed to make this request",
        )
    },
    "invalid_scope": {
        "invalid-scope": ("A scope is unknown.", "a scope is unknown"),
        "launcher-invalid-scope": (
            'Scope "other" could not be granted. Your client is allowed to request launch.',
            "SMART launcher: a scope that the client isn't allowed to request",
        ),
    },
    "invalid_request": {
        "invalid-request": ("A parameter is missing.", "a parameter is missing"),
        "launcher-invalid-launch-options": (
            "Invalid launch options: SyntaxError: Unexpected end of JSON input",
            "SMART launcher: no launch value",
        ),
        "launcher-missing-aud": ("Missing aud parameter", "SMART launcher: no aud"),
        "launcher-bad-audience": (
            'Bad audience value "https://a.example/fhir/". Expected "https://a.example/fhir".',
            "SMART launcher: wrong aud",
        ),
        "launcher-missing-challenge": (
            "Missing code_challenge parameter",
            "SMART launcher: no PKCE",
        ),
        "launcher-challenge-method": (
            "Invalid code_challenge_method. Must be S256.",
            "SMART launcher: PKCE with plain",
        ),
        "launcher-unauthorized": ("Unauthorized", "SMART launcher: declined"),
        "keycloak-no-audience": (
            "A SMART on FHIR Request must include an 'aud', 'audience', or 'resource' parameter",
            "Keycloak: no aud",
        ),
        "keycloak-other-audience": (
            "Requested audience 'https://a.example/fhir/' is not allowed",
            "Keycloak: wrong aud",
        ),
        "keycloak-ehr-launch": (
            "Invalid EHR launch request!",
            "Keycloak: launch value and scope don't match",
        ),
        "keycloak-standalone-launch": (
            "Invalid Standalone launch request!",
            "Keycloak: a launch value in a standalone launch",
        ),
    },
    "unauthorized_client;Description=Requested scope not authorized": {
        "athena-scope-not-authorized": ("", "athenahealth: the description in the error code")
    },
    "invalid_client": {
        "launcher-invalid-client": (
            'Invalid client_id "other". Expected "expected".',
            "SMART launcher: wrong client id",
        )
    },
}

_PAGES = (
    ("page-oops", ("generic",), "unexplained", "a page without a reason, as at athenahealth"),
    (
        "epic-unknown-client",
        ("epic",),
        "client",
        "the “OAuth2 Error” page for an unknown client, HTTP 200",
    ),
    ("epic-invalid-request", ("epic",), "redirect", "the page for any other invalid request"),
)

_ANSWERS = (
    ("answer-wrong-iss", ("generic",), "iss belongs to another EHR"),
    ("answer-without-iss", ("generic",), "iss is missing, although discovery promises it"),
    ("answer-wrong-state", ALL, "state has a different value"),
    ("answer-without-state", ALL, "state is missing"),
    ("answer-without-code", ALL, "neither code nor error"),
)

# These all cause the same error. Combined with another error, they change the form of that error.
_ERROR_URIS = (
    ("error-uri-encoded-once", "the URN is encoded once instead of twice"),
    ("error-uri-encoded-thrice", "the URN is encoded three times instead of twice"),
    ("error-uri-not-encoded", "the URL isn't encoded at all"),
    ("error-uri-without-query", "no persona, client or tenant"),
    ("error-uri-client-unknown", "client=unknown"),
    ("error-uri-other-client", "the id of another client"),
    ("error-uri-other-tenant", "another tenant, which isn't a UUID"),
)

_GRANTS = (
    ("grant-without-resources", "all resource scopes are removed"),
    ("grant-without-observation", "all scopes for Observation are removed"),
    ("grant-without-openid", "openid and fhirUser are removed"),
    ("grant-without-patient", "no patient is open in the EHR"),
)

AUTHORIZE_FAULTS: Mapping[str, AuthorizeFault] = {
    one.name: one
    for one in (
        *(
            AuthorizeFault(name, f"Oracle Health: {title}", ORACLE, "refusal", error, tail)
            for name, error, tail, title in oracle_faults.REFUSALS
        ),
        *(
            AuthorizeFault(name, f"Oracle Health, a page: {title}", ORACLE, "page", detail=tail)
            for name, tail, title in oracle_faults.PAGES
        ),
        *(
            AuthorizeFault(
                name,
                f"Oracle Health, an unknown launch value: {title}",
                ORACLE,
                "refusal",
                "invalid_request",
                "smart-v1:grant:launch:invalid-launch-code",
            )
            for name, title in _ERROR_URIS
        ),
        *(
            AuthorizeFault(name, title, ("generic",), "refusal", error, description)
            for error, refusals in _REFUSALS.items()
            for name, (description, title) in refusals.items()
        ),
        *(
            AuthorizeFault(name, title, ehrs, "page", detail=detail)
            for name, ehrs, detail, title in _PAGES
        ),
        *(AuthorizeFault(name, title, ehrs, "answer") for name, ehrs, title in _ANSWERS),
        *(AuthorizeFault(name, title, ALL, "grant") for name, title in _GRANTS),
    )
}
