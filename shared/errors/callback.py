"""A launch that cannot be completed: state, browser, issuer, the EHR's answer, its tokens."""

from collections.abc import Mapping

from shared.errors.base import ADMINISTRATOR, OWN_WORDS, RELAUNCH, Plainly, SmartError
from shared.errors.launch import LaunchParameterMissing
from shared.findings import ForUser


class CallbackError(SmartError):
    """The launch cannot be completed."""


# An answer of the EHR that belongs to no launch of ours says nothing of what became of one.
LATE = "It belongs to no launch that the app still waits for. The EHR answered with an error."


class StateMissing(CallbackError, code="state_missing", status=400):
    """The callback address was opened by itself: no `state`."""

    title = "This address was opened without a launch."
    why = "It is where the EHR returns to; it carries no `state` that would name a launch."
    plainly = Plainly(
        LaunchParameterMissing.title,
        "This address is where the EHR comes back to; nobody can begin here.",
    )
    cause = "redirect_uri_mismatch"
    steps = (
        RELAUNCH,
        (
            "If the EHR opened this address from the chart, its registration has the wrong launch "
            "URL: that is `https://HOST/launch`; this address is the redirect URI."
        ),
        ADMINISTRATOR,
    )


class StateUnknown(CallbackError, code="state_unknown", status=400):
    """The launch was completed already, took too long, or never was. With `error=…` the page
    explains that as well.
    """

    title = "This launch is over."
    why = "It was completed already, it took too long, or the page was opened a second time."
    plainly = Plainly(why=why)
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


class CookieMissing(CallbackError, code="cookie_missing", status=400):
    """The browser sent no cookie of any launch."""

    title = "The browser did not send back the cookie that belongs to this launch."
    why = (
        "The browser or a policy blocks the app's cookies, or sign-in went on in another window "
        "than the one in which the launch began."
    )
    plainly = Plainly("The browser did not keep what the app needs to go on.", why)
    cause = "cookies_blocked"
    steps = (
        ForUser(
            "Launch the app again from the chart, in its own window if the EHR offers that.",
            standalone="Launch the app again, in its own window.",
        ),
        (
            "The administrator must allow cookies of `https://HOST`, partitioned third-party "
            "cookies (CHIPS) included, in the browser that the EHR embeds."
        ),
        ADMINISTRATOR,
    )


class BrowserMismatch(CallbackError, code="browser_mismatch", status=400):
    """The launch was begun in another browser or window: cookies of other launches came, or another
    value.
    """

    title = "This launch was begun in another browser or window."
    why = (
        "The browser sent the cookie of another launch: the address was passed on, or sign-in "
        "went on in another window."
    )
    plainly = OWN_WORDS
    cause = CookieMissing.cause
    steps = CookieMissing.steps


class IssuerMismatch(CallbackError, code="issuer_mismatch", status=400):
    """`iss` of the response (RFC 9207) or the redirect path belongs to another EHR, or the EHR must
    send `iss` and didn't.
    """

    title = "The answer did not come from the EHR that was asked."
    why = "The `iss` of the answer is not the issuer that the EHR's configuration states."
    plainly = Plainly(why="The app stopped here, for safety.")
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


class EhrError(CallbackError, code="ehr_error", status=400):
    """The EHR answered `error=…` (RFC 6749 4.1.2.1); the page explains it."""

    title = "The EHR refused the launch."
    why = "The EHR answered with an error instead of letting the app in."
    plainly = Plainly(why=why)
    cause = "ehr_side"


class TokenError(CallbackError, code="token_error", status=502):
    """The token endpoint refused, failed, or took more than 10 s. The page explains its answer;
    the log names its `error` and status.

    `oauth_error` is the endpoint's `error` code where it gave one; `answered` is the status of its
    answer and `said` the whole of it, for an explanation only: it may hold anything.
    """

    title = "The EHR did not give the app access."
    why = "Its token endpoint refused the app's request, failed, or did not answer in time."
    plainly = Plainly(why="The EHR did not answer the app as it should.")
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


class TokenInvalid(CallbackError, code="token_invalid", status=502):
    """The token endpoint's answer cannot be used; the page names the member at fault.

    `issued` are tokens that it holds all the same, by their `token_type_hint`.
    """

    issued: Mapping[str, str] = {}
    title = "The EHR's answer to the launch cannot be used."
    why = "The answer of its token endpoint is not what SMART App Launch prescribes."
    plainly = Plainly(why="It is not what the app needs to go on.")
    cause = "ehr_side"
    steps = (
        RELAUNCH,
        (
            "If it happens again, this is for the EHR's support: tell them what is said above, "
            "the time and the client id. No setting of this app mends it."
        ),
        ADMINISTRATOR,
    )


class IdTokenInvalid(CallbackError, code="id_token_invalid", status=502):
    """The id_token that says who is signed in failed a check (OpenID Connect Core 3.1.3.7), or the
    EHR's keys could not be read. The page names the check: `id_token_issuer`, the clock, the EHR's
    keys.
    """

    title = "The EHR's statement of who is signed in cannot be used."
    why = "Its id_token did not pass verification."
    plainly = Plainly(
        "The app could not confirm who is signed in.",
        "The EHR's answer did not pass the app's checks, so it stopped for safety.",
    )
    cause = "ehr_side"
