"""Oracle Health: apps opened without a SMART launch, and launch errors (`smart-v1`)."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry
from shared.vendors import oracle_console

_LAUNCH = oracle_console.AUTHORIZATION_SERVER + "smart-v1:grant:launch:"

_entry = partial(entry, where="authorize redirect", source=sources.URN_LIST)

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "oracle/plain-link",
        "The EHR opened the app with a plain link and its own parameters, not with a SMART launch.",
        causes.launch_parameter_missing(
            "certain",
            "PowerChart is configured with the app's URL and its own parameters, or Authorized "
            "isn't set to Yes in the app's registration, so the app gets `fhirServiceUrl` and "
            "`patientId`.",
            (
                "Ask the site to configure the app in PowerChart as a SMART app, with "
                "`iss` and `launch`."
            ),
            "In the code console, make sure Authorized is set to Yes.",
            oracle_console.CHECK_LAUNCH_URI,
            source=f"{sources.FORUM_POWERCHART}; {sources.LAUNCH_SERVER}; {sources.TUTORIAL}",
        ),
        says="PAT_PersonId / VIS_EncntrId / fhirServiceUrl in the launch URL",
        where="launch",
        patterns=(r"[?&]pat_personid=", r"[?&]vis_encntrid=", r"[?&]fhirserviceurl="),
        alone=True,
        source=f"{sources.FORUM_POWERCHART}; {sources.LAUNCH_SERVER}",
    ),
    _entry(
        "oracle/code-required",
        "The request included a launch scope but no launch code. Launch code is Oracle Health's "
        "term for the value of the `launch` parameter. The launch code is neither the OAuth "
        "`code` nor PKCE's `code_challenge`.",
        causes.launch_parameter_missing(
            "likely",
            "Most often, the launch URL was opened directly: typed, bookmarked or reloaded. "
            "Otherwise, a redirect, a login page or a `#` in the SMART Launch URI dropped the "
            "query, or PowerChart opened a plain link with `PAT_PersonId` instead of a SMART "
            "launch.",
            oracle_console.LAUNCH_FROM_CONSOLE,
            oracle_console.CHECK_LAUNCH_URI,
            (
                "In the code console, make sure Authorized is set to Yes. If it isn't, the EHR "
                "opens the app with `fhirServiceUrl` and `patientId`, without `iss` and `launch`."
            ),
            (
                "Send `launch` exactly as received, in your redirect from the launch URL. Never "
                "send an empty `launch`."
            ),
            causes.WITHOUT_A_CHART,
            source=f"{sources.URN_LIST}; {sources.GROUP_CONTEXT}; "
            "how `launch` got lost is inferred",
        ),
        causes.launch_patient_scope_on_provider(
            "likely",
            "`launch/patient` is a launch scope too. If it's requested without `launch`, the "
            "server requires a launch code, which this scope doesn't provide. Oracle Health "
            "supports "
            "it only for patients' standalone launches: its discovery document for clinicians "
            "lists `launch` but not `launch/patient`.",
            (
                "Replace `launch/patient` with `launch`. In smart.toml, leave both out "
                "of `scopes`: this app adds `launch` itself."
            ),
            oracle_console.CHECK_APPLICATION_TYPE,
            oracle_console.LAUNCH_FROM_CONSOLE,
            source=f"{sources.TUTORIAL}; {sources.DISCOVERY_CAPTURE}; "
            "that it alone leads to this error is inferred",
        ),
        causes.client_id_mismatch(
            "possible",
            "`client` in the error is the `client_id` that was sent. If it isn't yours, another "
            "deployment or configuration sent the request.",
            "Compare `client` in the error with `client_id` in smart.toml.",
            oracle_console.COMPARE_CLIENT_ID,
            (
                "If they differ, find out which deployment serves the SMART Launch URI, and "
                "deploy it with this configuration."
            ),
            source=sources.inferred(f"{sources.FORUM_INVALID_LAUNCH} and {sources.TUTORIAL_123}"),
        ),
        causes.parameter_not_recognised(
            "possible",
            "`intent` is part of the token response. In the authorization request, `intent`, "
            "`code` and `code_challenge` don't replace `launch`.",
            "Remove `intent` from the authorization request.",
            "Send the `launch` value from the launch URL in a parameter named `launch`.",
            source=f"{sources.SPECIFICATION}; that it was taken for the launch code is inferred",
        ),
        says=f"Launch Code Required / {_LAUNCH}code-required",
        urns=(_LAUNCH + "code-required",),
        lacks=("launch",),
        patterns=("launch:(?:launch-)?code-required", "launch[ -]code[ -]required"),
        source=f"{sources.URN_LIST} (as launch-code-required); {sources.FORUM_CODE_REQUIRED}",
    ),
    _entry(
        "oracle/invalid-launch-code",
        "A `launch` value was sent, but the EHR has no launch for it.",
        causes.launch_value_invalid(
            "certain",
            "The value was made up (a UUID of your own), comes from an old tab or launch, or was "
            "created by a different tenant or environment than the one that was called.",
            causes.Elsewhere(
                "Launch again from the chart or from the code console. Never make up a "
                "`launch` value."
            ),
            "Close older tabs of the app.",
            (
                "Make sure that the launch came from the tenant in `iss`. Sandbox and "
                "production don't share launches."
            ),
            source=f"{sources.URN_LIST}; {sources.FORUM_INVALID_LAUNCH}; {sources.LAUNCH_SERVER}",
        ),
        causes.tenant_mismatch(
            "possible",
            "The launch was created in one tenant and sent to another tenant's authorization "
            "endpoint.",
            oracle_console.USE_DISCOVERED,
            oracle_console.COMPARE_TENANT,
            source=sources.inferred(sources.LAUNCH_SERVER),
        ),
        urns=(_LAUNCH + "invalid-launch-code",),
        patterns=("launch:invalid-(?:launch-)?code", "invalid launch code"),
        source=f"{sources.URN_LIST} (as invalid-code); {sources.FORUM_INVALID_LAUNCH}",
    ),
    _entry(
        "oracle/mismatched-identity",
        "The browser's login session belongs to someone other than the person who launched the "
        "app in the EHR.",
        causes.user_mismatch(
            "certain",
            "The browser still has a session from the code console, from CernerCare, from a "
            "sandbox patient's portal account, or from the last clinician at this workstation.",
            (
                "Open a private window, or sign out: the authorization server's "
                "`session-api/log-out` ends its session."
            ),
            "In the sandbox, sign in as the user that the launch page names.",
            oracle_console.LAUNCH_FROM_CONSOLE,
            source=f"{sources.URN_LIST}; {sources.PEERBITS}; {sources.LAB}",
        ),
        urns=(_LAUNCH + "mismatched-identity",),
        patterns=("launch:mismatcht?ed-identity", "mismatch-identity-subject"),
        source=f"{sources.URN_LIST} (spelled mismatchted-identity)",
    ),
    _entry(
        "oracle/audience-required",
        "A launch scope was requested without `aud`.",
        causes.aud_wrong(
            "certain",
            "`aud` is missing from the authorization request. Oracle Health refuses "
            "every launch without it.",
            "Send `aud` with the value of `iss` from the launch, unchanged.",
            causes.RELAUNCH,
            source=f"{sources.URN_LIST}; {sources.AUTHORIZATION}; {sources.LAB}",
        ),
        urns=(_LAUNCH + "audience-required",),
        lacks=("aud",),
    ),
    _entry(
        "oracle/unknown-resource-server",
        "The launch belongs to a FHIR server that the authorization server doesn't recognize.",
        causes.aud_wrong(
            "likely",
            "`aud` isn't one of this tenant's FHIR bases: it has another host or version, or it "
            "was written by hand.",
            "Send `aud` with the value of `iss` from the launch, unchanged.",
            "Write `iss` in smart.toml exactly as the EHR sends it.",
            causes.RELAUNCH,
            source=sources.inferred(sources.URN_LIST),
        ),
        causes.tenant_mismatch(
            "possible",
            "A sandbox FHIR base was sent to a production authorization server, or the reverse.",
            oracle_console.USE_DISCOVERED,
            oracle_console.COMPARE_TENANT,
            source=sources.inferred(sources.URN_LIST),
        ),
        urns=(_LAUNCH + "unknown-resource-server",),
    ),
    _entry(
        "oracle/audience-not-white-listed",
        "The FHIR base in `aud` isn't approved for this launch.",
        causes.aud_wrong(
            "likely",
            "`aud` names a different host or FHIR version than the launch: "
            "`fhir-myrecord…` instead of `fhir-ehr…`, or `dstu2` instead of `r4`.",
            "Send `aud` with the value of `iss` from the launch, unchanged.",
            "In the code console, make sure FHIR Spec matches the version in `iss`.",
            causes.RELAUNCH,
            source=sources.inferred(sources.URN_LIST),
        ),
        urns=(_LAUNCH + "audience-not-white-listed",),
        patterns=("launch:audience-not-white-?listed",),
    ),
    _entry(
        "oracle/unsupported-version",
        "The EHR doesn't support this version of the launch.",
        causes.ehr_side(
            "likely",
            "The site's domain and the authorization server use different versions of the "
            "launch. The likely reason is that the domain runs an old release.",
            (
                "Ask the site which release its domain runs, and whether SMART launches "
                "work there with another app."
            ),
            oracle_console.ASK_SUPPORT,
        ),
        urns=(_LAUNCH + "unsupported-version",),
        source=f"{sources.URN_LIST}; {sources.LAUNCH_SERVER}",
    ),
    _entry(
        "oracle/unregistered-service",
        "The tenant has no service that can look up the launch.",
        causes.ehr_side(
            "certain",
            "The tenant isn't set up for SMART launches. Nothing in the app's registration can "
            "change that.",
            "Ask the site to have SMART launches configured for this tenant.",
            oracle_console.ASK_SUPPORT,
        ),
        causes.tenant_mismatch(
            "possible",
            "The launch was sent to a different tenant than the one that created it.",
            oracle_console.COMPARE_TENANT,
            source=sources.INFERRED,
        ),
        urns=(_LAUNCH + "unregistered-service",),
    ),
    _entry(
        "oracle/launch-unspecified",
        "The EHR couldn't look up the launch and doesn't say why.",
        causes.ehr_side(
            "certain",
            ("The service that looks up the `launch` value failed. The EHR did read the request."),
            causes.AGAIN_LATER,
            oracle_console.ASK_SUPPORT,
        ),
        urns=(_LAUNCH + "unspecified",),
        patterns=("launch:unspecified",),
        source=f"{sources.URN_LIST}; {sources.LAUNCH_SERVER}",
    ),
    _entry(
        "oracle/launch-invalid-tenant",
        "The launch belongs to a different tenant than the one that it was sent to.",
        causes.tenant_mismatch(
            "likely",
            "The launch from one tenant was sent to another tenant's authorization endpoint.",
            oracle_console.USE_DISCOVERED,
            oracle_console.COMPARE_TENANT,
            source=f"{sources.LAUNCH_SERVER}; that it reaches the app is inferred",
        ),
        says="urn:com:cerner:authorization:error:launch:invalid-tenant",
        urns=(_LAUNCH + "invalid-tenant",),
        source=sources.LAUNCH_SERVER,
    ),
)
