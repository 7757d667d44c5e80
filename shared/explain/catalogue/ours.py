"""What this product's own checks refuse (docs/errors.md), with the causes behind it."""

from shared.explain.catalogue import causes, sources
from shared.explain.model import Entry

_OWN = "this product's own check (docs/errors.md)"
_DOCTOR = "Run `make doctor CONFIG=smart.toml`."

ENTRIES: tuple[Entry, ...] = (
    Entry(
        key="smart-calc/launch-parameter-missing",
        says="launch_parameter_missing, iss_missing",
        where="launch",
        patterns=(r"\blaunch_parameter_missing\b", r"\biss_missing\b"),
        meaning="`/launch` was opened without the parameters of a launch. Nothing was sent to the "
        "EHR.",
        causes=(causes.launch_parameter_missing("certain", f"{_OWN}; how it got lost: inferred"),),
        source=_OWN,
    ),
    Entry(
        key="smart-calc/iss-not-allowed",
        says="iss_not_allowed",
        where="launch",
        patterns=(r"\biss_not_allowed\b",),
        meaning="The launch came from a FHIR base that is not configured. Nothing was sent to it.",
        causes=(
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
        source=_OWN,
    ),
    Entry(
        key="smart-calc/discovery",
        says="discovery_failed, discovery_invalid",
        where="launch",
        patterns=(r"\bdiscovery_(?:failed|invalid)\b",),
        meaning="The EHR's `.well-known/smart-configuration` could not be fetched or used.",
        causes=(
            causes.tenant_mismatch(
                "possible",
                sources.INFERRED,
                why="`iss` is not a FHIR base: a part of the path is missing, or the tenant does "
                "not exist on this host.",
                steps=(_DOCTOR, "Correct `iss` in smart.toml."),
            ),
            causes.ehr_side(
                "possible",
                sources.INFERRED,
                why="The EHR does not answer, or names endpoints on hosts that are not allowed "
                "for it.",
                steps=(
                    _DOCTOR,
                    (
                        "Add a further host of the EHR to `endpoint_hosts` in smart.toml, once you "
                        "know that it is theirs."
                    ),
                ),
            ),
        ),
        source=_OWN,
    ),
    Entry(
        key="smart-calc/cookie",
        says="cookie_missing, browser_mismatch",
        where="authorize redirect",
        patterns=(r"\bcookie_missing\b", r"\bbrowser_mismatch\b"),
        meaning="The EHR's answer arrived in a browser that does not hold the cookie of this "
        "launch.",
        causes=(
            causes.cookies_blocked(
                "likely", f"{_OWN}; {sources.LAUNCHER_34}; {sources.SMART_OVERVIEW}"
            ),
            causes.code_expired_or_used(
                "possible",
                sources.INFERRED,
                why="The address of the answer was opened again, later or in another browser: from "
                "the history, a bookmark, or a link that was passed on.",
            ),
        ),
        source=_OWN,
    ),
    Entry(
        key="smart-calc/state",
        says="state_unknown, state_missing",
        where="authorize redirect",
        patterns=(r"\bstate_(?:unknown|missing)\b",),
        meaning="The EHR's answer belongs to no launch that is under way.",
        causes=(
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
        source=_OWN,
    ),
    Entry(
        key="smart-calc/issuer-mismatch",
        says="issuer_mismatch",
        where="authorize redirect",
        patterns=(r"\bissuer_mismatch\b",),
        meaning="The answer names another EHR than the one that the launch went to.",
        causes=(
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
        source=_OWN,
    ),
    Entry(
        key="smart-calc/id-token",
        says="id_token_invalid",
        where="token endpoint",
        patterns=(r"\bid_token_invalid\b",),
        meaning="The EHR's statement of who signed in did not stand up to the checks. The page "
        "or the log says which check.",
        causes=(
            causes.clock_skew(
                "possible",
                sources.inferred(sources.OPENID),
                why="`iat` or `exp` lie more than two minutes off this server's clock.",
            ),
            causes.tenant_mismatch(
                "possible",
                f"{_OWN}; {sources.DISCOVERY_CAPTURE}",
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
        source=_OWN,
    ),
    Entry(
        key="smart-calc/token-answer",
        says="token_error, token_invalid",
        where="token endpoint",
        patterns=(r"\btoken_(?:error|invalid)\b",),
        meaning="The EHR's token endpoint refused the code, failed, or gave an answer that cannot "
        "be used. What it said is in the log beside the code.",
        causes=(
            causes.ehr_side(
                "possible",
                title="The EHR's token endpoint did not give a usable token.",
                why="Without the error that the endpoint gave, no more can be said.",
                steps=(
                    (
                        "Look for the correlation id in the log, and explain the error that stands "
                        "there with `make explain`."
                    ),
                    _DOCTOR,
                ),
            ),
            causes.client_auth_wrong("possible", sources.INFERRED),
        ),
        source=_OWN,
    ),
    Entry(
        key="smart-calc/session-over",
        says="session_expired",
        where="FHIR answer",
        patterns=(r"\bsession_expired\b",),
        meaning="The session is over: idle too long, too old, logged out, or ended by the EHR.",
        causes=(
            causes.session_ended(
                "likely",
                why="Nobody used it for `session_idle_minutes`, it reached `session_max_hours`, "
                "the user logged out, or the EHR refused to renew the token.",
            ),
            causes.access_token_expired(
                "possible",
                why="The EHR gave no refresh token, so the session lasts as long as the access "
                "token.",
            ),
        ),
        source=_OWN,
    ),
    Entry(
        key="smart-calc/session-missing",
        says="session_missing",
        where="FHIR answer",
        patterns=(r"\bsession_missing\b",),
        meaning="The browser sent no cookie that opens this session.",
        causes=(
            causes.cookies_blocked(
                "likely",
                f"{_OWN}; {sources.SMART_OVERVIEW}",
                why="The browser did not keep the cookie in the EHR's frame, or does not send it "
                "there.",
            ),
            causes.session_ended(
                "possible",
                why="The browser was closed since, or another user launched the app in it, which "
                "clears the sessions of the one before.",
            ),
        ),
        source=_OWN,
    ),
    Entry(
        key="smart-calc/scope-denied",
        says="scope_denied",
        where="FHIR answer",
        patterns=(r"\bscope_denied\b",),
        meaning="No scope that was configured and granted covers the request. It was not sent.",
        causes=(
            causes.scope_trimmed(
                "likely",
                f"{_OWN}; {sources.AUTHORIZATION}",
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
        source=_OWN,
    ),
    Entry(
        key="smart-calc/patient",
        says="patient_missing, patient_denied",
        where="FHIR answer",
        patterns=(r"\bpatient_(?:missing|denied)\b",),
        meaning="The request needs the patient of the launch, and there is none, or it is about "
        "another one.",
        causes=(
            causes.patient_context_missing(
                "certain",
                why="The session has `patient/` scopes only. They reach the patient of the launch "
                "and nobody else.",
                steps=(
                    "Launch the app from the chart of the patient you mean.",
                    "For other patients, configure `user/` scopes in smart.toml.",
                ),
            ),
        ),
        source=_OWN,
    ),
    Entry(
        key="smart-calc/request",
        says="not_acceptable, media_type_unsupported, method_not_allowed, path_invalid",
        where="FHIR answer",
        patterns=(
            r"\bnot_acceptable\b",
            r"\bmedia_type_unsupported\b",
            r"\bmethod_not_allowed\b",
            r"\bpath_invalid\b",
        ),
        meaning="The proxy does not take this kind of request. It was not sent.",
        causes=(
            causes.fhir_request_invalid(
                "certain",
                why="Method, path, Accept header or body are outside what the proxy passes on.",
                steps=(
                    "Read or search, with a path such as `Observation` or `Patient/ID`.",
                    "Send `Accept: application/fhir+json`.",
                ),
            ),
        ),
        source=_OWN,
    ),
    Entry(
        key="smart-calc/upstream",
        says="upstream_unreachable, upstream_timeout, upstream_invalid, refresh_failed",
        where="FHIR answer",
        patterns=(r"\bupstream_(?:unreachable|timeout|invalid)\b", r"\brefresh_failed\b"),
        meaning="The EHR did not answer, or not in a way that can be used.",
        causes=(causes.ehr_side("likely"),),
        source=_OWN,
    ),
)
