"""A launch that can't be completed: state, browser, issuer, the EHR's response, its tokens."""

from collections.abc import Mapping

from shared.errors.base import ADMINISTRATOR, OWN_WORDS, RELAUNCH, CodedError, Plainly
from shared.errors.launch import LaunchParameterMissing
from shared.findings import ForUser


class CallbackError(CodedError):
    """The launch can't be completed."""


# Without its launch, a response doesn't show how any launch ended.
LATE = "The EHR returned an error, but not for a launch that the app is still waiting for."


class StateMissing(CallbackError, code="state_missing", status=400):
    """The redirect URI was opened directly, without `state`."""

    title = "This URL was opened without a launch."
    why = (
        "The EHR redirects here after login. The request has no `state`, so it doesn't belong to "
        "a launch."
    )
    plainly = Plainly(
        LaunchParameterMissing.title,
        "The EHR returns to this page during a launch. You can't start here.",
    )
    cause = "redirect_uri_mismatch"
    steps = (
        RELAUNCH,
        (
            "If the EHR opened this URL from the chart, the launch URL in its registration is "
            "wrong. The launch URL is `https://HOST/launch`. This URL is the redirect URI."
        ),
        ADMINISTRATOR,
    )


class StateUnknown(CallbackError, code="state_unknown", status=400):
    """The launch was already completed, took too long, or never existed. With `error=…`, the page
    explains that error as well.
    """

    title = "This launch has ended."
    why = (
        "The launch was already completed, it took too long, or the page was opened a second time."
    )
    plainly = Plainly(why=why)
    cause = "code_expired_or_used"
    steps = (
        # The launch is unknown, so the EHR or the app itself may have started it.
        ForUser("Close this page and launch the app again. Don't reload the page."),
        (
            "If this happens on the first try, check that sign-in finishes within "
            "`launch_minutes` (in smart.toml), and that nothing in between (such as a link "
            "scanner or a proxy) opens the URL before the browser does."
        ),
        ADMINISTRATOR,
    )


class CookieMissing(CallbackError, code="cookie_missing", status=400):
    """The browser sent no launch cookie."""

    title = "The browser didn't send back the cookie that belongs to this launch."
    why = (
        "The browser or a policy blocks the app's cookies, or sign-in continued in a different "
        "window than the one the launch started in."
    )
    plainly = Plainly("Your browser didn't keep a cookie that the app needs.", why)
    cause = "cookies_blocked"
    steps = (
        ForUser(
            "Launch the app again from the chart, in its own window if the EHR offers that.",
            standalone="Launch the app again, in its own window.",
        ),
        (
            "The administrator must allow cookies from `https://HOST`, including partitioned "
            "third-party cookies (CHIPS), in the browser that the EHR embeds."
        ),
        ADMINISTRATOR,
    )


class BrowserMismatch(CallbackError, code="browser_mismatch", status=400):
    """The launch was started in another browser or window: the browser sent cookies of other
    launches, or a different value.
    """

    title = "This launch was started in another browser or window."
    why = (
        "The browser sent the cookie of another launch. Either the URL was passed on, or sign-in "
        "continued in another window."
    )
    plainly = OWN_WORDS
    cause = CookieMissing.cause
    steps = CookieMissing.steps


class IssuerMismatch(CallbackError, code="issuer_mismatch", status=400):
    """The `iss` in the response (RFC 9207) or the redirect path belongs to another EHR, or the EHR
    must send `iss` and didn't.
    """

    title = "The response didn't come from the EHR that the launch was sent to."
    why = "The `iss` in the response isn't the issuer in the EHR's configuration."
    plainly = Plainly(why="The app stopped here for safety.")
    cause = "tenant_mismatch"
    steps = (
        RELAUNCH,
        ADMINISTRATOR,
        (
            "If it happens again, it might be an attack, or the EHR might send a different "
            "issuer than the one in its configuration. Compare the `iss` in its responses with "
            "the `issuer` in its .well-known/smart-configuration."
        ),
    )


class EhrError(CallbackError, code="ehr_error", status=400):
    """The EHR returned `error=…` (RFC 6749 4.1.2.1). The page explains it."""

    title = "The EHR refused the launch."
    why = "The EHR returned an error instead of giving the app access."
    plainly = Plainly(why=why)
    cause = "ehr_side"


class TokenError(CallbackError, code="token_error", status=502):
    """The token endpoint refused, failed, or took more than 10 s. The page explains its response.
    The log has its `error` and status.

    `oauth_error` is the endpoint's `error` code, if it sent one. `response_status` and
    `response_text` are only for an explanation, because the text may contain anything.
    """

    title = "The EHR didn't give the app access."
    why = "The EHR's token endpoint refused the app's request, failed, or didn't respond in time."
    plainly = Plainly(why="The EHR didn't respond to the app as expected.")
    cause = "ehr_side"

    def __init__(
        self,
        *,
        why: str | None = None,
        evidence: Mapping[str, str] | None = None,
        oauth_error: str | None = None,
        response_status: int | None = None,
        response_text: str = "",
    ) -> None:
        super().__init__(why=why, evidence=evidence)
        self.oauth_error = oauth_error
        self.response_status = response_status
        self.response_text = response_text


class TokenInvalid(CallbackError, code="token_invalid", status=502):
    """The token response can't be used. The page names the invalid field.

    `issued` has the usable tokens in it, which must be revoked, by their `token_type_hint`.
    """

    issued: Mapping[str, str] = {}
    title = "The EHR's response to the launch can't be used."
    why = "The token response isn't what SMART App Launch requires."
    plainly = Plainly(why="The response lacks information that the app needs to continue.")
    cause = "ehr_side"
    steps = (
        RELAUNCH,
        (
            "If it happens again, contact the EHR's support. Send them the message above, the "
            "time and the client ID. No setting in this app can fix it."
        ),
        ADMINISTRATOR,
    )


class IdTokenInvalid(CallbackError, code="id_token_invalid", status=502):
    """The ID token that states who is signed in failed a check (OpenID Connect Core 3.1.3.7), or
    the EHR's keys couldn't be read. The page names the check, such as `id_token_issuer`,
    the clock or the EHR's keys.
    """

    title = "The EHR's information about the signed-in user can't be used."
    why = "The EHR's ID token didn't pass verification."
    plainly = Plainly(
        "The app couldn't confirm who is signed in.",
        "The EHR's response didn't pass the app's checks, so the app stopped for safety.",
    )
    cause = "ehr_side"


class KeysUnreadable(IdTokenInvalid):
    """The keys that verify an ID token couldn't be read, so the token is neither valid nor invalid.

    It has the code of `IdTokenInvalid`, because a launch ends the same way.
    """
