"""The sentence above a launch: what became of it, and where to look next."""

from collections.abc import Callable

from tests.simulator.app_under_test import ALMA, json_of
from tests.simulator.trace.test_trace import READ, launches
from tests.simulator.vendor_app import VendorApp
from tests.support.tables import each


def verdict(act: Callable[[VendorApp], object]) -> str:
    """Return the trace's text for the newest launch after the app acted."""
    app = VendorApp()
    act(app)
    return launches(app)[0]


def read(app: VendorApp, *paths: str, scope: str = "launch patient/Patient.rs") -> None:
    token = app.tokens(scope)["access_token"]
    for path in paths:
        app.get(token, path, READ)


def other_launch_value(app: VendorApp) -> None:
    app.launch()
    app.authorize("an invented value")


def discovery_alone(app: VendorApp) -> None:
    app.launch()
    app.configuration()


def spoiled_discovery(app: VendorApp) -> None:
    app.launch()
    app.control(faults="discovery-no-token-endpoint")
    app.configuration()


def other_code(app: VendorApp) -> None:
    app.code()
    app.exchange("an invented code")


def lost_access(app: VendorApp) -> None:
    answer = app.tokens()
    app.get(answer["access_token"], f"/Patient/{ALMA}", READ)
    app.control(end_sessions="clara")
    app.refresh(answer["refresh_token"])


def logged_out(app: VendorApp) -> None:
    answer = app.tokens()
    app.get(answer["access_token"], f"/Patient/{ALMA}", READ)
    app.revoke(answer["access_token"])


def renewed_access(app: VendorApp) -> None:
    answer = app.tokens()
    app.control(expire_access_tokens=True)
    app.get(answer["access_token"], f"/Patient/{ALMA}", READ)
    token = json_of(app.refresh(answer["refresh_token"]))["access_token"]
    app.get(token, f"/Patient/{ALMA}", READ)


def second_try(app: VendorApp) -> None:
    code = app.code(fault="token-503:1")
    app.exchange(code)
    app.exchange(code)


CASES: dict[str, tuple[Callable[[VendorApp], object], str]] = {
    "nothing came": (VendorApp.launch, "The app hasn't come back: no authorization request"),
    "nothing came, so look at": (VendorApp.launch, "does it recognize this FHIR base (iss)?"),
    "discovery alone": (discovery_alone, "stopped there. Check the app's log."),
    "triggered discovery": (spoiled_discovery, "which was wrong."),
    "another launch value": (
        other_launch_value,
        "The app's authorization request doesn't have the launch value of this chart.",
    ),
    "refused": (
        lambda app: app.authorize(app.launch(), aud=None),
        "The EHR refused the authorization request: invalid_request: aud is missing",
    ),
    "a code and no exchange": (VendorApp.code, "The app got a code but hasn't exchanged it."),
    "another code": (
        other_code,
        "The app sent a token request, but not with this launch's code.",
    ),
    "no tokens": (
        lambda app: app.exchange(app.code(), code_verifier="x" * 43),
        "The EHR issued no tokens: invalid_grant",
    ),
    "tokens at the second try": (second_try, "The app has tokens, but hasn't read anything yet."),
    "a read": (
        lambda app: read(app, f"/Patient/{ALMA}"),
        "The launch succeeded: the app has tokens and 1 FHIR response.",
    ),
    "a refused read": (
        lambda app: read(app, f"/Patient/{ALMA}", f"/Condition?patient={ALMA}"),
        "Refused: 1 of 2 FHIR requests. The last one: forbidden: no granted scope covers",
    ),
    "less than it asked for": (
        lambda app: read(app, f"/Patient/{ALMA}", scope="launch patient/*.rs patient/Patient.rs"),
        "But the app was granted less than it requested.",
    ),
    "a refused refresh": (lost_access, "The app has lost access, because its refresh was refused"),
    "a renewal": (renewed_access, "The launch succeeded: the app has tokens and 2 FHIR responses."),
    "no answer": (
        lambda app: app.exchange(app.code(fault="token-reply-lost")),
        "The EHR issued no tokens: The connection was closed without a response.",
    ),
    "a log-out": (logged_out, "Complete: 1 FHIR request, then logged out."),
    "tokens given back unused": (
        lambda app: app.revoke(app.tokens()["access_token"]),
        "The app revoked its tokens without a FHIR request.",
    ),
    "a redirect for tokens": (
        lambda app: app.exchange(app.code(fault="token-redirect")),
        "The EHR issued no tokens: 307 An injected fault caused this.",
    ),
    "a page for tokens": (
        lambda app: app.exchange(app.code(fault="token-not-json")),
        "The EHR issued no tokens: 200 An injected fault caused this.",
    ),
    "a fault": (
        lambda app: app.exchange(app.code(fault="token-503")),
        "The EHR issued no tokens: 503 An injected fault caused this.",
    ),
}


@each(("act", "text"), CASES.values(), ids=CASES.keys())
def test_a_verdict_says_what_became_of_a_launch(
    act: Callable[[VendorApp], object], text: str
) -> None:
    assert text in verdict(act)


def test_a_second_launch_leaves_the_first_ones_verdict_alone() -> None:
    app = VendorApp()
    read(app, f"/Patient/{ALMA}")
    app.authorize(app.launch(), aud=None)
    newest, older = launches(app)
    assert "aud is missing" in newest
    assert "The launch succeeded" in older
