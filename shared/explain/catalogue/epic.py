"""Epic: its pages state few reasons, so most causes come from developers' reports."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry
from shared.findings import ByFlow

_COMPARE_IDS = (
    "On the app's page at fhir.epic.com, compare Client ID (production) and Non-Production Client "
    "ID (sandbox, test environments) with `client_id` in smart.toml."
)
WAIT = (
    "After you create or change a registration, wait an hour (according to one guide) or up to "
    "48 hours (according to a report). Changes to scopes and APIs take up to 30 minutes."
)
_REDIRECT = (
    "On the app's page, compare the redirect URIs with `https://HOST/callback` (`public_url` + "
    "`redirect_path` in smart.toml), including the port."
)
_APIS = (
    "On the app's page, make sure each resource in `scopes` is among the app's incoming APIs, "
    "for reading and for searching."
)
_VERSION = (
    "On the app's page, check the app's SMART scope version. In `scopes`, write `.rs` for v2 or "
    "`.read` for v1, without wildcards."
)
_AUDIENCE = (
    "On the app's page, make sure the app is for the users who launch it: clinicians or patients."
)


def _code(code: str) -> str:
    """Return a pattern for one of Epic's own codes, in an OperationOutcome or in prose."""
    in_json = rf"1\.2\.840\.114350\.1\.13\.0\.1\.7\.2\.657369\W{{1,40}}code\W{{1,10}}{code}\b"
    return rf"{in_json}|\b(?:epic|error|code)\W{{1,12}}{code}\b"


_entry = partial(entry, where="FHIR answer", source=sources.THE_MAP)

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "epic/oauth2-error-page",
        "Epic doesn't recognize the client ID in this environment. Epic shows the same page for "
        "a made-up ID, and doesn't redirect to the app.",
        causes.client_unknown(
            "likely",
            "The ID is mistyped, or the production ID was used in the sandbox, or the reverse.",
            _COMPARE_IDS,
            causes.RELAUNCH,
            source=f"{sources.EPIC_PREFLIGHT}; {sources.EPIC_CMS_SANDBOX}; {sources.PEERBITS}",
        ),
        causes.not_propagated_yet(
            "likely",
            "A new app takes an hour or more to reach Epic's servers.",
            WAIT,
            source=f"{sources.EPIC_PREFLIGHT}; {sources.EPIC_SYNC}; {sources.EPIC_48_HOURS}",
        ),
        causes.client_not_enabled_at_site(
            "possible",
            "The organization hasn't added the app to its own environment.",
            "Ask the organization's Epic team to enable the client ID in this environment.",
            source=sources.INFERRED,
        ),
        says="OAuth2 Error (Epic's page, HTTP 200)",
        where="error page",
        patterns=(r"\boauth2 error\b",),
        source=sources.EPIC_PREFLIGHT,
    ),
    _entry(
        "epic/invalid-oauth-request",
        "Something in the authorization request doesn't match the registration at Epic. The page "
        "never says what.",
        causes.redirect_uri_mismatch(
            "likely",
            "The two URIs may differ only in the port.",
            _REDIRECT,
            WAIT,
            source=f"{sources.PEERBITS}; {sources.EPIC_PREFLIGHT}; {sources.EPIC_APPAUTH}",
        ),
        causes.scope_not_registered(
            "possible",
            "An API behind one of the scopes isn't selected for the app.",
            _APIS,
            WAIT,
            source=sources.PEERBITS,
        ),
        causes.scope_syntax(
            "possible",
            "The scopes are written for a different SMART version than the app's.",
            _VERSION,
            causes.RELAUNCH,
            source=sources.PEERBITS,
        ),
        causes.persona_mismatch(
            "possible",
            "The app is for patients and was launched by a clinician, or the reverse.",
            _AUDIENCE,
            source=sources.PEERBITS,
        ),
        causes.not_propagated_yet(
            "possible",
            "The registration isn't complete because a questionnaire isn't filled in, or a change "
            "to it hasn't reached Epic's servers.",
            "Make sure nothing is left to fill in on the app's page at fhir.epic.com.",
            WAIT,
            source=f"{sources.PEERBITS}; {sources.EPIC_48_HOURS}",
        ),
        says="Invalid OAuth 2.0 request / the request is invalid / error=4",
        where="error page",
        patterns=(
            r"invalid oauth ?2(?:\.0)? request",
            r"\bthe request is invalid\b",
            r"(?<![\w-])error=4(?![\w-])",
        ),
        source=f"{sources.PEERBITS}; {sources.EPIC_PREFLIGHT}",
    ),
    _entry(
        "epic/launch-parameters-required",
        "Epic's own test app was opened without launch parameters.",
        causes.launch_parameter_missing(
            "certain",
            "The page was opened directly, by its URL.",
            ByFlow(
                "Launch from a chart in Hyperspace or, for the sandbox, from Epic's LaunchPad. "
                "Hyperspace and LaunchPad both add `iss` and `launch` to the app's launch URL.",
                standalone=None,
            ),
            source=f"{sources.EPIC_TEST_PAGE}; {sources.EPIC_SYNC}",
        ),
        says="iss & launch query parameters are required and cannot be empty.",
        where="launch",
        patterns=("launch query parameters are required",),
        alone=True,
        source=sources.EPIC_TEST_PAGE,
    ),
    _entry(
        "epic/wildcard-scope",
        "Epic refuses the scopes as written.",
        causes.scope_syntax(
            "likely",
            "An app that is registered for SMART v2 must request `.rs` for each resource. Epic "
            "refuses `patient/*.read`.",
            _VERSION,
            causes.RELAUNCH,
        ),
        causes.scope_not_registered(
            "possible",
            None,
            _APIS,
            WAIT,
            source=f"{sources.EPIC_CMS_SANDBOX}; that it leads to this code is inferred",
        ),
        says="wildcard scopes refused for an app with SMART v2",
        where="authorize redirect",
        oauth_errors=("invalid_scope",),
        patterns=(r"\bwildcard scopes?\b",),
        source=sources.PEERBITS,
    ),
    _entry(
        "epic/invalid-client",
        "Epic's token endpoint doesn't accept the client, and never says why.",
        causes.client_auth_wrong(
            "likely",
            "Epic expects the Basic credentials as is, not form-encoded first as in RFC 6749. If "
            "the app sends a signed assertion, a claim, the key or the `kid` is wrong.",
            (
                'Set `vendor = "epic"` or `basic_credentials = "raw"` in smart.toml. With '
                "either setting, the app sends Basic credentials unencoded."
            ),
            (
                "If you use `private_key_jwt`, make sure the public key is at the registered "
                "JWK Set URL (`https://HOST/launch/jwks.json`) under the same `key_id`."
            ),
            "Enter the secret again in the place that `client_secret` refers to.",
        ),
        causes.client_unknown(
            "likely",
            "The production ID is used in a test environment, or the reverse.",
            _COMPARE_IDS,
            source=f"{sources.EPIC_BACKEND}; {sources.PEERBITS}",
        ),
        causes.not_propagated_yet(
            "possible",
            "A new key or secret hasn't reached this environment.",
            WAIT,
            source=f"{sources.EPIC_BACKEND}; {sources.EPIC_SYNC}",
        ),
        causes.clock_skew(
            "possible",
            "The assertion's `exp` can be at most five minutes ahead. If a clock is off, "
            "`exp` has already passed or is too far ahead.",
            source=sources.inferred(sources.RFC_7523),
        ),
        says='{"error":"invalid_client","error_description":null}',
        where="token endpoint",
        oauth_errors=("invalid_client",),
        patterns=(r'invalid_client"\s?,\s?"error_description"\s?:\s?null',),
        source=f"{sources.EPIC_BASIC}; {sources.EPIC_BACKEND}",
    ),
    _entry(
        "epic/invalid-request-null",
        "Epic couldn't use the token request, and doesn't say why.",
        causes.request_malformed(
            "possible",
            "A parameter is missing or encoded incorrectly.",
            (
                "Send `grant_type`, `code`, `redirect_uri`, `code_verifier` and, for a "
                "public client, `client_id`, form-encoded in the body."
            ),
            causes.RELAUNCH,
            source=sources.inferred(sources.EPIC_FASTEN),
        ),
        causes.code_expired_or_used(
            "possible",
            "The callback was opened twice, so the code was already used.",
            source=sources.INFERRED,
        ),
        says='{"error":"invalid_request","error_description":null}',
        where="token endpoint",
        patterns=(r'invalid_request"\s?,\s?"error_description"\s?:\s?null',),
        source=sources.EPIC_FASTEN,
    ),
    _entry(
        "epic/scopes-stripped",
        "Epic grants the scopes that were agreed on for the app, regardless of the request.",
        causes.scope_trimmed(
            "likely",
            "Epic leaves out scopes that aren't covered by the APIs agreed on for the app, "
            "without returning an error.",
            "Compare the granted scopes in the token response with the requested ones.",
            _APIS,
            _VERSION,
            WAIT,
        ),
        says="token granted with fewer scopes than requested",
        where="token endpoint",
        patterns=("silently stripped", r"fewer scopes than (?:asked|requested)"),
        source=f"{sources.PEERBITS}; {sources.EPIC_CMS_SANDBOX}",
    ),
    _entry(
        "epic/invalid-token",
        "Epic's FHIR server no longer accepts the token.",
        causes.access_token_expired(
            "likely", source=f"{sources.THE_MAP}; that it has expired is inferred"
        ),
        causes.session_ended(
            "possible", "The user signed out, or the grant was revoked.", source=sources.INFERRED
        ),
        says="The access token provided is not valid",
        oauth_errors=("invalid_token",),
        patterns=("the access token provided is not valid",),
    ),
    _entry(
        "epic/xml-answer",
        "Epic returns XML if the request doesn't ask for JSON.",
        causes.fhir_request_invalid(
            "certain",
            "The `Accept` header is missing, or it's `*/*`.",
            "Send `Accept: application/fhir+json`, as this app's proxy does.",
        ),
        says="XML instead of JSON from FHIR",
        patterns=(r"\bfhir\+xml\b", r'<operationoutcome xmlns="http://hl7\.org/fhir"'),
    ),
    _entry(
        "epic/html-404",
        "The FHIR URL doesn't exist. For an unknown resource type, the web server returns its "
        "own page, not an OperationOutcome.",
        causes.fhir_base_wrong(
            "likely",
            None,
            "Use Epic's FHIR base, which ends in `/api/FHIR/` and a version, such as `R4`.",
            source=f"{sources.THE_MAP}; the page's wording: inferred",
        ),
        causes.fhir_request_invalid(
            "likely",
            "The resource type is mistyped, or Epic doesn't offer it at this base.",
            "Compare the resource type with the CapabilityStatement at `metadata`.",
            source=f"{sources.THE_MAP}; the page's wording: inferred",
        ),
        says="404 - File or directory not found (IIS page)",
        patterns=("404 - file or directory not found", "iis detailed error - 404"),
    ),
    _entry(
        "epic/not-found",
        "Epic doesn't have a resource with this ID, or this user can't see it.",
        causes.fhir_request_invalid(
            "likely",
            "Epic's code 59008 stands for an unknown FHIR ID. IDs from another system, or from "
            "a test environment, don't work here.",
            "Use IDs from this FHIR base: from the launch context or from a search.",
            title="The ID doesn't exist in this Epic system.",
        ),
        causes.user_not_permitted("possible", source=sources.INFERRED),
        says="59008: The FHIR ID provided was not found.",
        patterns=(_code("59008"), r"the fhir id provided was not found\b[^\n]{0,20}"),
    ),
    _entry(
        "epic/business-rule",
        "Epic accepted the token but refused the request, because the request breaks a rule for "
        "this resource. Usually, a search lacks a parameter that Epic requires.",
        causes.fhir_request_invalid(
            "likely",
            "`issue.diagnostics` next to the code names the rule, for example that a "
            "`Patient` search needs `_id` or demographics.",
            (
                "Read `issue.diagnostics` in the issue with severity `fatal` or `error`, and add "
                "the parameter that it names."
            ),
            "Compare the search parameters with Epic's page for the API.",
            title="The request breaks a rule that Epic has for this resource.",
        ),
        says="59159: The content/operation failed to pass a business rule",
        patterns=(_code("59159"), r"content/operation failed to pass a business rule[^\n]{0,40}"),
    ),
    _entry(
        "epic/content-invalid",
        "Part of the request doesn't fit the FHIR specification or Epic's profile. If the "
        "severity is `information`, Epic only ignored an unknown search parameter.",
        causes.fhir_request_invalid(
            "likely",
            "`issue.diagnostics` next to the code names the parameter or the value.",
            (
                "Read `severity` and `issue.diagnostics` in this issue. If another issue is "
                "`fatal` or `error`, the request failed because of that one."
            ),
            "Correct or remove the parameter or the value that it names.",
            title="A parameter or a value doesn't fit the specification or a profile.",
        ),
        says="59100: Content invalid against the specification or a profile.",
        patterns=(_code("59100"), r"content invalid against the specification or a profile\b"),
    ),
    _entry(
        "epic/operation-outcome",
        "These are Epic's own FHIR error codes. Epic accepted the token, but not the request.",
        causes.fhir_request_invalid(
            "likely",
            "The text next to the code explains the error. Unknown search parameters are often "
            "ignored without a message.",
            "Read `issue.diagnostics` and `issue.details.text` in the OperationOutcome.",
            "Compare the search parameters with Epic's page for the API.",
        ),
        causes.user_not_permitted("possible", source=sources.INFERRED),
        says="OperationOutcome with codes from urn:oid:1.2.840.114350.1.13.0.1.7.2.657369",
        patterns=(r"1\.2\.840\.114350\.1\.13\.0\.1\.7\.2\.657369",),
    ),
    _entry(
        "epic/frame",
        "The launch fails inside Epic's frame but works outside it.",
        causes.cookies_blocked(
            "possible",
            "In the frame, the app is a third party, so cookies, storage and messages between "
            "windows are restricted.",
            source=sources.inferred(sources.CLIENT_JS_75),
        ),
        where="launch",
        says="works in a tab, fails inside Epic (Hyperspace, Hyperdrive)",
        patterns=(r"only (?:inside|in|within) (?:epic|hyperspace|hyperdrive)\b",),
        source=sources.CLIENT_JS_75,
    ),
)
