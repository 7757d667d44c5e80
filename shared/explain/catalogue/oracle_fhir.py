"""Oracle Health: errors of its FHIR servers, as a URN in a 401 or 403 response, or as text."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry
from shared.findings import ByFlow
from shared.vendors import oracle_console

_ACCESS = oracle_console.RESOURCE_ACCESS

_entry = partial(entry, where="FHIR answer", source=sources.RESOURCE_LIST)

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "oracle/insufficient-scopes",
        "The token has no scope for this resource, or the request is about a different "
        "patient than the token's.",
        causes.scope_trimmed(
            "likely",
            "The scope was requested but not granted. Oracle Health shortens the list without "
            "an error. In one case, 24 scopes were requested, and only `fhirUser launch "
            "online_access openid profile` were granted.",
            "Compare the granted scopes in the token response with the requested ones.",
            oracle_console.CHECK_SCOPES,
            oracle_console.CHECK_SMART_VERSION,
            oracle_console.WAIT_A_QUARTER,
            source=f"{sources.FORUM_403}; {sources.CHIRON}; {sources.FORUM_TRIMMED}; "
            f"{sources.AUTHORIZATION}",
        ),
        causes.scope_syntax(
            "likely",
            "Oracle Health drops `patient/*.read`, `patient/*.rs` and scopes in the other SMART "
            "version's syntax entirely. The v2 scope `.r` allows only reads by ID. A search "
            "needs `.rs`.",
            oracle_console.CHECK_SMART_VERSION,
            causes.RELAUNCH,
            source=f"{sources.FORUM_403}; {sources.AUTHORIZATION}; {sources.TUTORIAL}; "
            f"{sources.YOURPHR}",
        ),
        causes.scope_not_registered(
            "possible",
            "The resource isn't selected for the app, or the site's own copy of the "
            "registration lacks it although the sandbox has it.",
            oracle_console.CHECK_SCOPES,
            "If this happens at a site, ask the site to adopt the app's new scopes.",
            oracle_console.WAIT_A_QUARTER,
            source=f"{sources.FORUM_SPECIMEN}; {sources.SMART_OVERVIEW}",
        ),
        causes.patient_context_missing(
            "possible",
            "The request is about a different patient than the launch.",
            ByFlow("Launch the app from that patient's chart.", causes.CHOOSE, None),
            source=sources.RESOURCE_LIST,
        ),
        urns=(_ACCESS + "insufficient-scopes",),
        patterns=(r"\binsufficient-scopes\b", "no_scope_for_resource_path"),
        source=f"{sources.FORUM_403}; {sources.CHIRON}; {sources.RESOURCE_LIST}",
    ),
    _entry(
        "oracle/token-required",
        "The FHIR request had no access token.",
        causes.session_ended(
            "likely",
            "The session with the token is gone, so the request was sent without a token. This app "
            "doesn't send a FHIR request without a token.",
            causes.RELAUNCH,
            causes.Elsewhere(
                "In other software, send `Authorization: Bearer TOKEN` with every FHIR "
                "request, even after redirects."
            ),
            source=sources.inferred(sources.RESOURCE_LIST),
        ),
        urns=(_ACCESS + "token-required",),
    ),
    _entry(
        "oracle/token-expired",
        "The access token has expired.",
        causes.access_token_expired(
            "certain",
            "Oracle Health's access tokens last 570 seconds. Without `online_access`, "
            "they can't be renewed.",
            causes.RELAUNCH,
            (
                "In the code console, set Type of Access to Online, and add "
                "`online_access` to `scopes` in smart.toml."
            ),
            source=f"{sources.RESOURCE_LIST}; {sources.AUTHORIZATION}",
        ),
        causes.clock_skew(
            "possible",
            "The app's clock is behind, so the app treats an expired token as valid.",
            source=sources.INFERRED,
        ),
        urns=(_ACCESS + "expired",),
        patterns=(r"resource-access:expired\b",),
    ),
    _entry(
        "oracle/tenant-mismatch",
        "The token belongs to a different tenant than the FHIR base.",
        causes.tenant_mismatch(
            "certain",
            "The FHIR request went to a different base than the launch's `iss`: another site's, "
            "or an alias for the same site. A tenant isn't always a UUID.",
            "Send FHIR requests to the launch's `iss`, as this app's proxy does.",
            oracle_console.COMPARE_TENANT,
            source=f"{sources.RESOURCE_LIST}; {sources.FORUM_TENANT_MISMATCH}",
        ),
        urns=(_ACCESS + "tenant-mismatch",),
        source=f"{sources.FORUM_TENANT_MISMATCH}; {sources.RESOURCE_LIST}",
    ),
    _entry(
        "oracle/user-not-authorized",
        "The user isn't allowed to read this record, or to use it in this way.",
        causes.user_not_permitted("certain"),
        urns=(_ACCESS + "user-not-authorized",),
    ),
    _entry(
        "oracle/token-not-authorized",
        "The token's scopes don't cover this resource.",
        causes.scope_trimmed(
            "likely",
            None,
            "Compare the granted scopes in the token response with the requested ones.",
            oracle_console.CHECK_SCOPES,
            oracle_console.CHECK_SMART_VERSION,
        ),
        causes.scope_not_registered(
            "possible", None, oracle_console.CHECK_SCOPES, oracle_console.WAIT_A_QUARTER
        ),
        urns=(_ACCESS + "token-not-authorized",),
    ),
    _entry(
        "oracle/encounter-required",
        "Writing this resource requires an encounter, and the token has none.",
        causes.patient_context_missing(
            "certain",
            "The launch provided a patient but no encounter.",
            ByFlow("Open an encounter in the chart and launch the app from there.", None),
            "Alternatively, name the encounter in the resource.",
        ),
        urns=(_ACCESS + "encounter-required",),
    ),
    _entry(
        "oracle/profile-not-supported",
        "The token was issued for a profile other than `smart-v1`.",
        causes.tenant_mismatch(
            "possible",
            "The token doesn't come from the `smart-v1` token endpoint of this FHIR base. The "
            "token endpoint's URL contains `smart-v1` even for SMART v2 apps.",
            oracle_console.USE_DISCOVERED,
            causes.RELAUNCH,
            source=sources.inferred(f"{sources.RESOURCE_LIST} and {sources.YOURPHR}"),
        ),
        urns=(_ACCESS + "profile-not-supported",),
    ),
    _entry(
        "oracle/issuer-not-trusted",
        "The FHIR server doesn't trust the server that issued the token.",
        causes.tenant_mismatch(
            "likely",
            "A sandbox token was sent to production, or the reverse.",
            oracle_console.USE_DISCOVERED,
            oracle_console.COMPARE_TENANT,
            source=sources.inferred(sources.RESOURCE_LIST),
        ),
        urns=(_ACCESS + "issuer-not-trusted",),
    ),
    _entry(
        "oracle/signature",
        "The FHIR server couldn't verify the token's signature, or couldn't get the keys for it.",
        causes.ehr_side(
            "likely",
            "The FHIR server has outdated signing keys, or it can't get them.",
            causes.AGAIN_LATER,
            oracle_console.ASK_SUPPORT,
        ),
        causes.tenant_mismatch(
            "possible",
            "The token comes from another environment, and this server doesn't have that "
            "environment's keys.",
            oracle_console.USE_DISCOVERED,
            source=sources.INFERRED,
        ),
        urns=(_ACCESS + "signature-verification-failed", _ACCESS + "signature-keys-unavailable"),
        patterns=("resource-access:signature-(?:verification-failed|keys-unavailable)",),
    ),
    _entry(
        "oracle/resource-server-error",
        "The FHIR server failed while it checked the token.",
        causes.ehr_side(
            "certain",
            "The server couldn't determine whether the request is allowed.",
            causes.AGAIN_LATER,
            oracle_console.ASK_SUPPORT,
        ),
        urns=(_ACCESS + "server-error",),
    ),
    _entry(
        "oracle/search-parameter-required",
        "The search lacks a parameter that this resource type requires.",
        causes.fhir_request_invalid(
            "certain",
            "Oracle Health accepts a search only with one of the parameters that its "
            "documentation lists for the type.",
            "Add `patient` to the search, or the parameter that the message names.",
            "Leave out `_format`, which is documented only for `metadata`.",
        ),
        says="400: no supported search parameters provided / at least one of _id, identifier, "
        "name …",
        patterns=(
            "no supported search parameters",
            r"at least one of (?:the following )?[^\n]{0,40}\b_id\b",
        ),
        source=f"{sources.THE_MAP}; {sources.R4}",
    ),
    _entry(
        "oracle/not-found",
        "Oracle Health has nothing at this URL. The response is the same for an ID that doesn't "
        "exist and for a resource type that Oracle Health doesn't offer.",
        causes.fhir_request_invalid(
            "likely",
            "The token and the scopes aren't involved.",
            "Compare the resource type with the CapabilityStatement at `metadata`.",
            "Use IDs from this FHIR base: from the launch context or from a search.",
            title="The resource's ID or type doesn't exist at this FHIR base.",
        ),
        causes.tenant_mismatch(
            "possible",
            "An ID is valid only at the FHIR base that it comes from: another tenant "
            "doesn't have it.",
            source=sources.inferred(sources.R4),
        ),
        says="404: OperationOutcome with the code not-found and the text Not Found",
        patterns=(
            (
                r'"code"\s{0,9}:\s{0,9}"not-found"\s{0,9},\s{0,40}"details"\s{0,9}:\s{0,9}\{'
                r'\s{0,40}"text"\s{0,9}:\s{0,9}"not found"'
            ),
        ),
        source=sources.THE_MAP,
    ),
    _entry(
        "oracle/tenant-not-accessible",
        "The FHIR server doesn't recognize the tenant, or the app isn't allowed to access it.",
        causes.tenant_mismatch(
            "likely",
            "The tenant in the FHIR base doesn't exist on this host.",
            "Compare the host and tenant of the FHIR base with those in the launch's `iss`.",
            "Correct `iss` in smart.toml.",
        ),
        causes.client_not_enabled_at_site(
            "likely", "The site hasn't enabled the app.", oracle_console.ENABLE_AT_SITE
        ),
        says="403: Tenant not valid or accessible",
        patterns=("tenant not valid or accessible",),
        source=sources.R4,
    ),
    _entry(
        "oracle/forbidden-resource",
        "The token has the scope, but the resource is still refused: a second list, outside "
        "OAuth, determines which resources an app can read.",
        causes.scope_not_registered(
            "likely",
            "The resource isn't one of those that were agreed on for this app.",
            oracle_console.CHECK_SCOPES,
            oracle_console.SUBSCRIBE_PRODUCT,
            oracle_console.ASK_SUPPORT,
            source=f"{sources.THE_MAP} (a system app); which list applies is inferred",
        ),
        says="403: Forbidden resource",
        patterns=(r"\bforbidden resource\b",),
        source=sources.THE_MAP,
    ),
    _entry(
        "oracle/not-acceptable",
        "The request asks for a format other than JSON, the only one available.",
        causes.fhir_request_invalid(
            "certain",
            "`Accept` names XML or something else that isn't FHIR JSON.",
            "Send `Accept: application/fhir+json`.",
        ),
        says="406 with an empty body",
        patterns=(r"\b406\b[^\n]{0,40}not acceptable", r"http(?:/[\d.]+)? 406\b"),
        source=sources.R4,
    ),
    _entry(
        "oracle/gateway-timeout",
        "The sandbox didn't respond in time.",
        causes.ehr_side(
            "likely",
            "The sandbox is slow at times. The same request succeeds a little later.",
            "Send the request again.",
            "Request less at a time: use `_count` or a narrower search.",
        ),
        says="504 after about 57 seconds",
        patterns=(r"\b504\b[^\n]{0,40}gateway[ -]time-?out", r"http(?:/[\d.]+)? 504\b"),
        source=sources.YOURPHR,
    ),
)
