"""What this product's own checks refuse (docs/errors.md), with the causes behind it."""

from collections.abc import Iterator

from shared import errors
from shared.explain.catalogue import causes, sources
from shared.explain.model import Cause, Entry, Where
from shared.findings import ByFlow

OWN = "this product's own check (docs/errors.md)"
DOCTOR = "Run `make doctor CONFIG=smart.toml`."


def own(
    where: Where, refused: tuple[type[errors.SmartError], ...], *causes_: Cause
) -> Iterator[Entry]:
    """One entry for each of these errors, in the words of its class."""
    for error in refused:
        yield Entry(
            key=f"smart-calc/{error.code.replace('_', '-')}",
            says=error.code,
            where=where,
            patterns=(rf"\b{error.code}\b",),
            meaning=f"{error.title} {error.why}",
            causes=causes_,
            source=OWN,
        )


ENTRIES: tuple[Entry, ...] = (
    *own(
        "launch",
        (errors.LaunchParameterMissing, errors.IssMissing),
        causes.launch_parameter_missing("certain", f"{OWN}; how it got lost: inferred"),
    ),
    *own(
        "launch",
        (errors.IssNotAllowed,),
        causes.tenant_mismatch(
            "likely",
            why="`iss` of the launch is in no `[[ehr]]` entry: another tenant, host or FHIR "
            "version, or a slash at the end.",
            steps=(
                (
                    "If you know this EHR: add its `iss` to an `[[ehr]]` entry in smart.toml, "
                    "byte for byte; `/*` at the end stands for any tenant of a host."
                ),
                "If you do not: leave it refused.",
            ),
        ),
    ),
    *own(
        "launch",
        (errors.DiscoveryFailed, errors.DiscoveryInvalid),
        causes.tenant_mismatch(
            "possible",
            sources.INFERRED,
            why="`iss` is not a FHIR base: a part of the path is missing, or the tenant does "
            "not exist on this host.",
            steps=(DOCTOR, "Correct `iss` in smart.toml."),
        ),
        causes.ehr_side(
            "possible",
            sources.INFERRED,
            why="The EHR does not answer, or names endpoints on hosts that are not allowed for it.",
            steps=(
                DOCTOR,
                (
                    "Add a further host of the EHR to `endpoint_hosts` in smart.toml, once you "
                    "know that it is theirs."
                ),
            ),
        ),
    ),
    *own(
        "authorize redirect",
        (errors.CookieMissing, errors.BrowserMismatch),
        causes.cookies_blocked("likely", f"{OWN}; {sources.LAUNCHER_34}; {sources.SMART_OVERVIEW}"),
        causes.code_expired_or_used(
            "possible",
            sources.INFERRED,
            why="The address of the answer was opened again, later or in another browser: from "
            "the history, a bookmark, or a link that was passed on.",
        ),
    ),
    *own(
        "authorize redirect",
        (errors.StateUnknown, errors.StateMissing),
        causes.code_expired_or_used(
            "likely",
            why="The launch was completed already (the page was reloaded, or opened twice), "
            "took longer than `launch_minutes`, or never began: the callback address was "
            "opened by itself.",
        ),
        causes.redirect_uri_mismatch(
            "possible",
            sources.INFERRED,
            why="Launch URI and redirect URI are the same address in the registration, so the "
            "EHR launches the callback.",
        ),
    ),
    *own(
        "authorize redirect",
        (errors.IssuerMismatch,),
        causes.tenant_mismatch(
            "likely",
            why="`iss` of the answer, or the redirect path it came to, belongs to another "
            "`[[ehr]]` entry.",
            steps=(
                (
                    "Compare `redirect_path` of each entry in smart.toml with the redirect URI "
                    "in that EHR's registration."
                ),
                causes.RELAUNCH,
                (
                    "If it repeats with a right configuration, treat it as an attack and tell "
                    "your security team."
                ),
            ),
        ),
    ),
    *own(
        "token endpoint",
        (errors.IdTokenInvalid,),
        causes.clock_skew(
            "possible",
            sources.inferred(sources.OPENID),
            why="`iat` or `exp` lie more than two minutes off this server's clock.",
        ),
        causes.tenant_mismatch(
            "possible",
            f"{OWN}; {sources.DISCOVERY_CAPTURE}",
            why="`iss` of the id_token is not the issuer of the EHR's discovery document. Some "
            "EHRs use another one.",
            steps=(
                "Set `vendor` in smart.toml, which knows the issuers of Oracle Health.",
                "Otherwise set `id_token_issuer` to the EHR's documented issuer.",
            ),
        ),
        causes.client_id_mismatch(
            "possible",
            sources.inferred(sources.OPENID),
            why="`aud` of the id_token is not the configured client id.",
        ),
    ),
    *own(
        "token endpoint",
        (errors.TokenError, errors.TokenInvalid),
        causes.ehr_side(
            "possible",
            title="The EHR's token endpoint did not give a usable token.",
            why="Without the error that the endpoint gave, no more can be said.",
            steps=(
                (
                    "Look for the correlation id in the log, and explain the error that stands "
                    "there with `make explain`."
                ),
                DOCTOR,
            ),
        ),
        causes.client_auth_wrong("possible", sources.INFERRED),
    ),
    *own(
        "FHIR answer",
        (errors.SessionExpired,),
        causes.session_ended(
            "likely",
            why="Nobody used it for `session_idle_minutes`, it reached `session_max_hours`, "
            "the user logged out, or the EHR refused to renew the token.",
        ),
        causes.access_token_expired(
            "possible",
            why="The EHR gave no refresh token, so the session lasts as long as the access token.",
        ),
    ),
    *own(
        "FHIR answer",
        (errors.SessionMissing,),
        causes.cookies_blocked(
            "likely",
            f"{OWN}; {sources.SMART_OVERVIEW}",
            why="The browser did not keep the cookie in the EHR's frame, or does not send it "
            "there.",
        ),
        causes.session_ended(
            "possible",
            why="The browser was closed since, or another user launched the app in it, which "
            "clears the sessions of the one before.",
        ),
    ),
    *own(
        "FHIR answer",
        (errors.ScopeDenied,),
        causes.scope_trimmed(
            "likely",
            f"{OWN}; {sources.AUTHORIZATION}",
            why="The scope was asked for and not granted: `scope.missing` in the answer of "
            "`/session` names it.",
        ),
        causes.scope_not_registered(
            "possible",
            title="The app does not ask for the scope that this request needs.",
            why="The scope is not in `scopes`, so it was never asked for.",
            steps=(
                (
                    "Add the scope that the message names to `scopes` in smart.toml, and "
                    "choose it in the EHR's registration."
                ),
                causes.RELAUNCH,
            ),
        ),
    ),
    *own(
        "FHIR answer",
        (errors.PatientMissing, errors.PatientDenied),
        causes.patient_context_missing(
            "certain",
            why="The session has `patient/` scopes only. They reach the patient of the launch "
            "and nobody else.",
            steps=(
                ByFlow(
                    "Launch the app from the chart of the patient you mean.", causes.CHOOSE, None
                ),
                "For other patients, configure `user/` scopes in smart.toml.",
            ),
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
            why="Method, path, Accept header or body are outside what the proxy passes on.",
            steps=(
                "Read or search, with a path such as `Observation` or `Patient/ID`.",
                "Send `Accept: application/fhir+json`.",
            ),
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
        causes.ehr_side("likely"),
    ),
)
