"""The app's own refusals (docs/errors.md) and their causes."""

from collections.abc import Iterator

from shared import errors
from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Cause, Entry, Where
from shared.findings import ByFlow

OWN = "this product's own check (docs/errors.md)"
DOCTOR = "Run `make doctor CONFIG=smart.toml`."


def own(
    where: Where, refused: tuple[type[errors.SmartError], ...], *causes_: Cause
) -> Iterator[Entry]:
    """Yield an entry for each of these errors, with the texts of its class."""
    for error in refused:
        yield entry(
            f"smart-calc/{error.code.replace('_', '-')}",
            f"{error.title} {error.why}",
            *causes_,
            says=error.code,
            where=where,
            patterns=(rf"\b{error.code}\b",),
            source=OWN,
        )


ENTRIES: tuple[Entry, ...] = (
    *own(
        "launch",
        (errors.LaunchParameterMissing, errors.IssMissing),
        causes.launch_parameter_missing(
            "certain", source=f"{OWN}; how `launch` got lost is inferred"
        ),
    ),
    *own(
        "launch",
        (errors.IssNotAllowed,),
        causes.tenant_mismatch(
            "likely",
            "The launch's `iss` isn't in any `[[ehr]]` entry. The `iss` has a different tenant, "
            "host or FHIR version, or it differs only in a trailing slash.",
            (
                "If you know this EHR, add its `iss` to an `[[ehr]]` entry in smart.toml, "
                "byte for byte. `/*` at the end stands for any tenant of a host."
            ),
            "If you don't know this EHR, don't add it.",
        ),
    ),
    *own(
        "launch",
        (errors.DiscoveryFailed, errors.DiscoveryInvalid),
        causes.tenant_mismatch(
            "possible",
            "`iss` isn't a FHIR base: part of the path is missing, or the tenant doesn't "
            "exist on this host.",
            DOCTOR,
            "Correct `iss` in smart.toml.",
            source=sources.INFERRED,
        ),
        causes.ehr_side(
            "possible",
            "The EHR doesn't respond, or lists endpoints on hosts that aren't allowed for it.",
            DOCTOR,
            (
                "If the EHR uses another host, make sure that the host belongs to the EHR, and add "
                "it to `endpoint_hosts` in smart.toml."
            ),
            source=sources.INFERRED,
        ),
    ),
    *own(
        "authorize redirect",
        (errors.CookieMissing, errors.BrowserMismatch),
        causes.cookies_blocked(
            "likely", source=f"{OWN}; {sources.LAUNCHER_34}; {sources.SMART_OVERVIEW}"
        ),
        causes.code_expired_or_used(
            "possible",
            "The redirect URI was opened again, later or in another browser: from the "
            "history, a bookmark, or a link that was passed on.",
            source=sources.INFERRED,
        ),
    ),
    *own(
        "authorize redirect",
        (errors.StateUnknown, errors.StateMissing),
        causes.code_expired_or_used(
            "likely",
            "The launch was already completed (the page was reloaded or opened twice), it took "
            "longer than `launch_minutes`, or it never started because the redirect URI was "
            "opened on its own.",
        ),
        causes.redirect_uri_mismatch(
            "possible",
            "In the registration, the launch URL is the same as the redirect URI, so the EHR "
            "launches the callback.",
            source=sources.INFERRED,
        ),
    ),
    *own(
        "authorize redirect",
        (errors.IssuerMismatch,),
        causes.tenant_mismatch(
            "likely",
            "The `iss` in the response, or the redirect path that received the response, belongs "
            "to another `[[ehr]]` entry.",
            (
                "Compare each entry's `redirect_path` in smart.toml with the redirect URI in "
                "that EHR's registration."
            ),
            causes.RELAUNCH,
            (
                "If it happens again with a correct configuration, treat it as an attack and "
                "tell your security team."
            ),
        ),
    ),
    *own(
        "token endpoint",
        (errors.IdTokenInvalid,),
        causes.clock_skew(
            "possible",
            "By this server's clock, `iat` or `exp` is off by more than two minutes.",
            source=sources.inferred(sources.OPENID),
        ),
        causes.tenant_mismatch(
            "possible",
            "The ID token's `iss` isn't the issuer in the EHR's discovery document. Some EHRs "
            "use a different issuer.",
            "Set `vendor` in smart.toml. Oracle Health's profile includes its issuers.",
            "Otherwise, set `id_token_issuer` to the EHR's documented issuer.",
            source=f"{OWN}; {sources.DISCOVERY_CAPTURE}",
        ),
        causes.client_id_mismatch(
            "possible",
            "The ID token's `aud` isn't the configured client ID.",
            source=sources.inferred(sources.OPENID),
        ),
    ),
    *own(
        "token endpoint",
        (errors.TokenError, errors.TokenInvalid),
        causes.ehr_side(
            "possible",
            "Without the endpoint's error, the cause can't be narrowed down.",
            "Find the log entry with the correlation ID, and paste its error into `make explain`.",
            DOCTOR,
            title="The EHR's token endpoint didn't return a usable token.",
        ),
        causes.client_auth_wrong("possible", source=sources.INFERRED),
    ),
    *own(
        "FHIR answer",
        (errors.SessionExpired,),
        causes.session_ended(
            "likely",
            "The session was idle for `session_idle_minutes`, it reached "
            "`session_max_hours`, the user logged out, or the EHR refused to renew the token.",
        ),
        causes.access_token_expired(
            "possible",
            "The EHR didn't issue a refresh token, so the session lasts only as long as the "
            "access token.",
        ),
    ),
    *own(
        "FHIR answer",
        (errors.SessionMissing,),
        causes.cookies_blocked(
            "likely",
            "The browser didn't keep the cookie in the EHR's iframe, or doesn't send it there.",
            source=f"{OWN}; {sources.SMART_OVERVIEW}",
        ),
        causes.session_ended(
            "possible",
            "The browser was closed in the meantime, or another user launched the app in it, "
            "which clears the previous user's sessions.",
        ),
    ),
    *own(
        "FHIR answer",
        (errors.ScopeDenied,),
        causes.scope_trimmed(
            "likely",
            "The scope was requested but not granted. `scope.missing` in the `/session` response "
            "lists the scope.",
            source=f"{OWN}; {sources.AUTHORIZATION}",
        ),
        causes.scope_not_registered(
            "possible",
            "The scope isn't in `scopes`, so it was never requested.",
            (
                "Add the scope that the message names to `scopes` in smart.toml, and select "
                "it in the EHR's registration."
            ),
            causes.RELAUNCH,
            title="The app doesn't request the scope that this request needs.",
        ),
    ),
    *own(
        "FHIR answer",
        (errors.PatientMissing, errors.PatientDenied),
        causes.patient_context_missing(
            "certain",
            "The session has only `patient/` scopes. Such scopes cover the launch's patient and "
            "no one else.",
            ByFlow(
                "Launch the app from the chart of the patient that you need.", causes.CHOOSE, None
            ),
            "For access to other patients, configure `user/` scopes in smart.toml.",
        ),
    ),
    *own(
        "FHIR answer",
        (
            errors.NotAcceptable,
            errors.MediaTypeUnsupported,
            errors.MethodNotAllowed,
            errors.PathInvalid,
        ),
        causes.fhir_request_invalid(
            "certain",
            "The proxy doesn't forward this method, path, Accept header or body. The request "
            "wasn't sent to the EHR.",
            "Send a read or a search, with a path such as `Patient/ID` or `Observation`.",
            "Send `Accept: application/fhir+json`.",
        ),
    ),
    *own(
        "FHIR answer",
        (
            errors.UpstreamUnreachable,
            errors.UpstreamTimeout,
            errors.UpstreamInvalid,
            errors.RefreshFailed,
        ),
        causes.ehr_side("likely", "The EHR, or the network between the app and the EHR, failed."),
    ),
)
