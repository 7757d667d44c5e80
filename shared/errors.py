"""Every failure that an outsider can see: one tree, each leaf with a stable code.

The codes and statuses are public (docs/errors.md lists them). A class says what happened
(`title`), the most probable cause (`why`) and what to do (`steps`); an instance may have something
closer to the case instead. `cause` is the id of that cause (docs/troubleshooting.md), where it has
one. `evidence` is for developers: it is logged, and shown on pages only with
`error_details = "full"`. None of it may hold a token, code, verifier, state, cookie, secret or
patient data. `shown` goes to those pages but not to the log: the words of others, which may hold
anything.

An error is built once, where it happens, and nothing is written into it afterwards. What is known
of it besides is put beside it, in a Refusal, which is what is shown (shared/inbound/refusal.py).

    SmartError
    ├── RequestError      the request itself: shape, method, media type, address
    ├── LaunchError       launch: which EHR, discovery
    ├── CallbackError     callback: state, browser, issuer, the EHR's answer
    ├── SessionError      who asks: session, caller, scope, patient
    ├── CdsError          an EHR that calls cds_services: its token, its server, its data
    ├── UpstreamError     the EHR's FHIR API
    └── ServiceError      our own side: store, configuration
"""

import math
from collections.abc import Mapping
from typing import ClassVar, Self

from shared.findings import ForUser

RELAUNCH = ForUser("Close this page and launch the app again from the patient's chart.")
ADMINISTRATOR = ForUser("If it happens again, give the correlation id below to your administrator.")


class SmartError(Exception):
    """Never raised itself. `str()` is the code and the title, safe to log."""

    code: ClassVar[str]
    status: ClassVar[int]
    title: str
    why: str
    steps: tuple[str, ...] = (RELAUNCH, ADMINISTRATOR)
    cause: str | None = None
    retry_after: int | None = None  # seconds
    challenge: ClassVar[str | None] = None  # WWW-Authenticate (RFC 9110 11.6.1)

    def __init__(
        self,
        title: str | None = None,
        *,
        why: str | None = None,
        steps: tuple[str, ...] | None = None,
        cause: str | None = None,
        evidence: Mapping[str, str] | None = None,
        shown: Mapping[str, str] | None = None,
        allow: str | None = None,
    ) -> None:
        if title is not None:
            self.title = title
        if why is not None:
            self.why = why
        if steps is not None:
            self.steps = steps
        if cause is not None:
            self.cause = cause
        self.evidence: Mapping[str, str] = dict(evidence or {})
        self.shown: Mapping[str, str] = dict(shown or {})
        self.allow = allow
        super().__init__(f"{self.code}: {self.title}")

    def again(
        self, *, why: str | None = None, steps: tuple[str, ...] | None = None, **others: object
    ) -> Self:
        """The same error for another request: without its traceback, whose frames hold whole
        documents, and with another reason or other steps where these are closer to the case.
        """
        new = type(self).__new__(type(self))
        Exception.__init__(new, *self.args)
        changed = {"why": why, "steps": steps, **others}
        new.__dict__.update(self.__dict__ | {k: v for k, v in changed.items() if v is not None})
        return new


class RequestError(SmartError):
    """The request itself cannot be served as it is."""


class ParameterRepeated(RequestError):
    """RFC 6749 3.1: request parameters must not be included more than once."""

    code = "parameter_repeated"
    status = 400
    title = "The request gives one parameter twice."
    why = "The address was put together wrongly, or it was changed on the way."


class ParameterInvalid(RequestError):
    """A parameter is too long, malformed, or does not go with the others."""

    code = "parameter_invalid"
    status = 400
    title = "A parameter of the request cannot be used."
    why = "The address was put together wrongly, or it was changed on the way."


class MethodNotAllowed(RequestError):
    """Neither this address nor this FHIR interaction takes the method."""

    code = "method_not_allowed"
    status = 405
    title = "This address does not take this kind of request."
    why = "The request uses another HTTP method or another FHIR interaction than those served."
    steps = ("Use the methods named in the Allow header.",)


class NotAcceptable(RequestError):
    """The caller wants something other than FHIR JSON."""

    code = "not_acceptable"
    status = 406
    title = "Only FHIR JSON is served here."
    why = "The request asks for another format by its Accept header or by _format."
    steps = ("Send `Accept: application/fhir+json`, and no _format other than json.",)


class MediaTypeUnsupported(RequestError):
    """The request body has a media type that is not taken here."""

    code = "media_type_unsupported"
    status = 415
    title = "The request body has a media type that is not taken here."
    why = "A search by POST takes application/x-www-form-urlencoded and nothing else."
    steps = ("Send the search parameters as application/x-www-form-urlencoded.",)


class TooLarge(RequestError):
    """The request body is over the limit of 10 MB."""

    code = "too_large"
    status = 413
    title = "The request is larger than 10 MB."
    why = "No request to this address needs that much."
    steps = ("Send a smaller request.",)


class PathInvalid(RequestError):
    """The path is not a FHIR path below the session's base."""

    code = "path_invalid"
    status = 400
    title = "The path is not a FHIR address."
    why = (
        "Only TYPE, TYPE/ID, TYPE/ID/_history, TYPE/ID/_history/VERSION and metadata are served, "
        "unencoded: types begin with a capital letter, ids are 1 to 64 of A-Z a-z 0-9 - and the "
        "dot."
    )
    steps = ("Build the address from fhir_base, the resource type and the id.",)


class NotFound(RequestError):
    """There is no such address."""

    code = "not_found"
    status = 404
    title = "There is no such address here."
    why = "The address is misspelt, or the app was configured with another one."
    steps = (
        ForUser("Open the app from the patient's chart; do not type its address."),
        "Compare the address with the launch URL and redirect URI that were registered.",
    )


class VersionConflict(RequestError):
    """RFC 9110 13.1.1: the resource that was read is not in the version that If-Match names."""

    code = "version_conflict"
    status = 412
    title = "The resource has changed since it was read."
    why = "`If-Match` doesn't name the current version. Nothing was sent to the EHR."
    steps = ("Read the resource again, and send the change with its `ETag` as `If-Match`.",)


class LaunchError(SmartError):
    """The launch cannot begin."""


class NotANavigation(LaunchError):
    """An image, a script or a fetch() asks for a launch (Fetch Metadata, `Sec-Fetch-Dest`)."""

    code = "not_a_navigation"
    status = 403
    title = "A launch begins by opening its address in a window or a frame."
    why = "A part of some page asked for it: an image, a script, a style sheet or a fetch()."
    steps = (
        ForUser("Open the app from the patient's chart."),
        "In your own page, begin a launch by a link or a redirect.",
    )


class LaunchParameterMissing(LaunchError):
    """An EHR launch without its `launch` value (SMART App Launch 2.2, step 2)."""

    code = "launch_parameter_missing"
    status = 400
    title = "The app was opened without a launch from a chart."
    why = "The request carries no `launch` value, which only the EHR can give."
    cause = "launch_parameter_missing"
    steps = (
        ForUser(
            "Open the app from the patient's chart; a bookmark or a pasted address cannot work."
        ),
        (
            "If it was opened from the chart: the launch URL registered at the EHR must be "
            "`https://HOST/launch` exactly, without a fragment and without a redirect in between "
            "that drops the query."
        ),
        ADMINISTRATOR,
    )


class IssMissing(LaunchError):
    """Neither `iss` nor `ehr` says which EHR is launching."""

    code = "iss_missing"
    status = 400
    title = "The request does not say which EHR launched the app."
    why = "The `iss` parameter is absent or empty: the app was not opened from a chart."
    cause = LaunchParameterMissing.cause
    steps = LaunchParameterMissing.steps


class IssNotAllowed(LaunchError):
    """`iss` is not among the configured FHIR bases; nothing was fetched."""

    code = "iss_not_allowed"
    status = 400
    title = "This EHR is not configured for the app."
    why = "The app does not know its address, the `iss` of the launch; nothing was sent to it."
    cause = "tenant_mismatch"
    steps = (
        ForUser(
            "If you opened the app from a patient's chart, give the correlation id below to your "
            "administrator. Otherwise close this page."
        ),
        (
            "If it is an EHR of yours: add its FHIR base to `iss` of an [[ehr]] entry in "
            "smart.toml, exactly as the EHR sends it (the log has it), and deploy again. Sandbox "
            "and production, and each tenant, have a FHIR base of their own."
        ),
    )


class DiscoveryFailed(LaunchError):
    """The EHR's SMART configuration could not be fetched."""

    code = "discovery_failed"
    status = 502
    title = "The EHR's launch configuration could not be read."
    why = "The EHR did not answer, or not in time."
    cause = "ehr_side"
    steps = (
        ForUser("Launch the app again in a minute."),
        (
            "Run `make doctor CONFIG=smart.toml`: it asks for the same document and says what "
            "stands in the way: the network, a certificate, or the EHR."
        ),
        ADMINISTRATOR,
    )


class DiscoveryInvalid(LaunchError):
    """The EHR's SMART configuration cannot be used."""

    code = "discovery_invalid"
    status = 502
    title = "The EHR's launch configuration cannot be used."
    why = "Its .well-known/smart-configuration is missing, or its answer is of no use."
    cause = "ehr_side"
    steps = (
        (
            "Open `ISS/.well-known/smart-configuration` in a browser, where ISS is the EHR's FHIR "
            "base, and compare it with what the EHR's documentation promises. If there is none, "
            "ISS is not the FHIR base of a SMART EHR: correct `iss` in smart.toml."
        ),
        (
            "If an endpoint lives on a further host, and the EHR's operator confirms that it is "
            "theirs, add that host to `endpoint_hosts` of the [[ehr]] entry."
        ),
        ADMINISTRATOR,
    )


class CallbackError(SmartError):
    """The launch cannot be completed."""


class StateMissing(CallbackError):
    """The callback carries no `state`."""

    code = "state_missing"
    status = 400
    title = "This address was opened without a launch."
    why = "It is where the EHR returns to; it carries no `state` that would name a launch."
    cause = "redirect_uri_mismatch"
    steps = (
        RELAUNCH,
        (
            "If the EHR opened this address from the chart, its registration has the wrong launch "
            "URL: that is `https://HOST/launch`; this address is the redirect URI."
        ),
        ADMINISTRATOR,
    )


class StateUnknown(CallbackError):
    """No pending launch has this `state`: unknown, expired or already used."""

    code = "state_unknown"
    status = 400
    title = "This launch is over."
    why = "It was completed already, it took too long, or the page was opened a second time."
    cause = "code_expired_or_used"
    steps = (
        # Which launch it was is unknown: the EHR may have made it, or the app itself.
        ForUser("Close this page and launch the app again. Don't reload it."),
        (
            "If it happens at the first attempt: sign-in must end within `launch_minutes` of "
            "smart.toml, and nothing on the way (a link scanner, a proxy) may open the address "
            "before the browser does."
        ),
        ADMINISTRATOR,
    )


class CookieMissing(CallbackError):
    """No binding cookie came back at all."""

    code = "cookie_missing"
    status = 400
    title = "The browser did not send back the cookie that belongs to this launch."
    why = (
        "The browser or a policy blocks the app's cookies, or sign-in went on in another window "
        "than the one in which the launch began."
    )
    cause = "cookies_blocked"
    steps = (
        ForUser("Launch the app again from the chart, in its own window if the EHR offers that."),
        (
            "The administrator must allow cookies of `https://HOST`, partitioned third-party "
            "cookies (CHIPS) included, in the browser that the EHR embeds."
        ),
        ADMINISTRATOR,
    )


class BrowserMismatch(CallbackError):
    """Binding cookies came, but not the one of this launch."""

    code = "browser_mismatch"
    status = 400
    title = "This launch was begun in another browser or window."
    why = (
        "The browser sent the cookie of another launch: the address was passed on, or sign-in "
        "went on in another window."
    )
    cause = CookieMissing.cause
    steps = CookieMissing.steps


class IssuerMismatch(CallbackError):
    """RFC 9207: the answer is not from the server that was asked."""

    code = "issuer_mismatch"
    status = 400
    title = "The answer did not come from the EHR that was asked."
    why = "The `iss` of the answer is not the issuer that the EHR's configuration states."
    cause = "tenant_mismatch"
    steps = (
        RELAUNCH,
        ADMINISTRATOR,
        (
            "If it happens again it may be an attack, or an EHR that states another issuer than "
            "its configuration: compare the `iss` of its answers with `issuer` in its "
            ".well-known/smart-configuration."
        ),
    )


class EhrError(CallbackError):
    """The authorization server answered `error=…` (RFC 6749 4.1.2.1)."""

    code = "ehr_error"
    status = 400
    title = "The EHR refused the launch."
    why = "The EHR answered with an error instead of letting the app in."
    cause = "ehr_side"


class TokenError(CallbackError):
    """The code could not be exchanged for a token.

    `oauth_error` is the endpoint's `error` code where it gave one; `answered` is the status of its
    answer and `said` the whole of it, for an explanation only: it may hold anything.
    """

    code = "token_error"
    status = 502
    title = "The EHR did not give the app access."
    why = "Its token endpoint refused the app's request, failed, or did not answer in time."
    cause = "ehr_side"

    def __init__(
        self,
        *,
        why: str | None = None,
        evidence: Mapping[str, str] | None = None,
        oauth_error: str | None = None,
        answered: int | None = None,
        said: str = "",
    ) -> None:
        super().__init__(why=why, evidence=evidence)
        self.oauth_error = oauth_error
        self.answered = answered
        self.said = said


class TokenInvalid(CallbackError):
    """The token endpoint's answer cannot be used. `issued` are tokens that it holds all the same,
    by their `token_type_hint`.
    """

    issued: Mapping[str, str] = {}
    code = "token_invalid"
    status = 502
    title = "The EHR's answer to the launch cannot be used."
    why = "The answer of its token endpoint is not what SMART App Launch prescribes."
    cause = "ehr_side"
    steps = (
        RELAUNCH,
        (
            "If it happens again, this is for the EHR's support: tell them what is said above, "
            "the time and the client id. No setting of this app mends it."
        ),
        ADMINISTRATOR,
    )


class IdTokenInvalid(CallbackError):
    """The id_token failed a check of OpenID Connect Core 3.1.3.7, or its keys cannot be had."""

    code = "id_token_invalid"
    status = 502
    title = "The EHR's statement of who is signed in cannot be used."
    why = "Its id_token did not pass verification."
    cause = "ehr_side"


class SessionError(SmartError):
    """The request is well formed but may not be served."""


class SessionMissing(SessionError):
    """No cookie (or two) that opens this session."""

    code = "session_missing"
    status = 401
    title = "The browser sent no session for this address."
    why = "The session's cookie is missing: it goes at logout and when the browser closes."


class SessionExpired(SessionError):
    """The session is over."""

    code = "session_expired"
    status = 401
    title = "The session is over."
    why = "It was logged out, idle too long or at its longest duration, or the EHR's access ended."
    cause = "session_ended"


class RefreshFailed(SessionError):
    """The EHR's access has run out and could not be renewed just now; the session is kept."""

    code = "refresh_failed"
    status = 503
    title = "The EHR's access could not be renewed."
    why = "Its token endpoint failed or did not answer; the session is kept."
    cause = "ehr_side"
    steps = (ForUser("Try again in a few seconds."), ADMINISTRATOR)

    def __init__(self, retry_after: float, *, evidence: Mapping[str, str] | None = None) -> None:
        super().__init__(evidence=evidence)
        self.retry_after = max(1, math.ceil(retry_after))


class CrossSite(SessionError):
    """The request does not come from our own origin's pages."""

    code = "cross_site"
    status = 403
    title = "The request does not come from a page of this app."
    why = "Only scripts on the app's own origin may call this address."
    steps = ("Call it by fetch() from a page on the app's own origin.",)


class ScopeDenied(SessionError):
    """Granted and configured scopes do not cover the interaction."""

    code = "scope_denied"
    status = 403
    title = "The scopes of this launch do not cover the request."
    why = "No scope that was both asked for and granted covers it."
    steps: tuple[str, ...] = (
        "Add the scope to `scopes` and to the app's registration at the EHR, then launch again.",
    )


class PatientDenied(SessionError):
    """The request or its answer concerns another patient than the launch's."""

    code = "patient_denied"
    status = 403
    title = "The request is not about the patient of this launch."
    why = "The launch's patient/ scopes give access to its own patient only."
    steps = (
        ForUser("Ask for this launch's patient, or launch again from the other patient's chart."),
    )


class PatientMissing(SessionError):
    """Only patient/ scopes are held, and the EHR gave no patient."""

    code = "patient_missing"
    status = 403
    title = "This launch has no patient."
    why = "The scopes are patient/ scopes, and the EHR gave no patient with the launch."
    cause = "patient_context_missing"
    steps = (ForUser("Open a patient's chart in the EHR and launch the app from there."),)


class CdsError(SmartError):
    """A call of an EHR to cds_services that is not served (CDS Hooks 2.0)."""

    steps: tuple[str, ...] = (
        "Compare the [[cds_client]] entry with what the EHR sends: the log has the reason.",
    )


class CdsTokenInvalid(CdsError):
    """The caller's JWT is missing, failed a check, or came before. Which of these, only the log
    says: one text for all of them, unless `error_details` is "full".
    """

    code = "cds_token_invalid"
    status = 401
    title = "The token of the call is not accepted."
    why = "It must be a JWT of a configured client, made for this address and used once."
    challenge = "Bearer"


class CdsKeysUnavailable(CdsError):
    """The keys at the client's `jku` cannot be had, so nothing can be verified."""

    code = "cds_keys_unavailable"
    status = 503
    title = "The keys that verify the token cannot be read."
    why = "The address of the EHR's keys (`jku`) does not answer, or not with a set of keys."
    steps = ("Call again in some seconds.", *CdsError.steps)
    retry_after = 5


class CdsServerDenied(CdsError):
    """`fhirServer` is none of the FHIR bases of the client's EHR; nothing was sent to it."""

    code = "cds_server_denied"
    status = 403
    title = "The FHIR server of the call is not one of this client's."
    why = "`fhirServer` is not among the `iss` of the client's [[ehr]] entry."


class CdsDataMissing(CdsError):
    """What no card can do without is neither in the prefetch nor to be read."""

    code = "cds_data_missing"
    status = 412
    title = "The call lacks data that no card can do without."
    why = "Keys of the prefetch are missing or incomplete, and could not be read."
    steps = ("Send the prefetch that the discovery document asks for, or a fhirAuthorization.",)


class UpstreamError(SmartError):
    """The EHR's FHIR API did not give a usable answer."""

    cause = "ehr_side"
    steps: tuple[str, ...] = (ForUser("Try again in a minute."), ADMINISTRATOR)


class UpstreamUnreachable(UpstreamError):
    """No connection to the EHR."""

    code = "upstream_unreachable"
    status = 502
    title = "The EHR cannot be reached."
    why = "No connection could be made, or it broke before an answer."


class UpstreamTimeout(UpstreamError):
    """The EHR did not answer in time."""

    code = "upstream_timeout"
    status = 504
    title = "The EHR did not answer in time."
    why = "The request may be a heavy one, or the EHR is slow at the moment."


class UpstreamInvalid(UpstreamError):
    """The EHR's answer cannot be passed on."""

    code = "upstream_invalid"
    status = 502
    title = "The EHR's answer cannot be passed on."
    why = "It failed, or its answer is not FHIR JSON within the size limit."


class ServiceError(SmartError):
    """Our own side cannot serve the request."""


class StoreUnavailable(ServiceError):
    """The store did not answer; nothing goes on without it."""

    code = "store_unavailable"
    status = 503
    title = "The app cannot reach its own store."
    why = "Its database is away or slow; nothing was changed."
    steps = (ForUser("Launch the app again in a minute."), ADMINISTRATOR)


# Why a call to an EHR is not made, or given up (shared/outbound/bulkheads.py).
EHR_HANGS = "The EHR isn't responding, and too many requests are waiting for it already."


class Overloaded(ServiceError):
    """The instance holds as many bytes of answers as it may, or the EHR hangs and its calls hold
    as many threads as they may. No change was made at the EHR.
    """

    code = "overloaded"
    status = 503
    title = "The app is busy at the moment."
    why = "The memory for large answers of the EHR is taken."
    steps = (ForUser("Try again in a moment."), ADMINISTRATOR)
    retry_after = 1


class Misconfigured(ServiceError):
    """The function runs without a usable configuration."""

    code = "misconfigured"
    status = 500
    title = "The app is not configured."
    why = "SMART_CONFIG does not name a configuration file that can be used."
    steps = ("The administrator must set SMART_CONFIG; the log names every problem of the file.",)


class InternalError(ServiceError):
    """An exception that nobody expected. Its text goes nowhere."""

    code = "internal_error"
    status = 500
    title = "Something went wrong on our side."
    why = "This is a fault of the app. Nothing about it is shown here; it was logged."
