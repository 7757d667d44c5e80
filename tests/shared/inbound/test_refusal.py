"""A failure in the forms in which people, FHIR clients, programs and the log read it."""

import html
import json
import re

import pytest

from shared.errors import (
    ADMINISTRATOR,
    RELAUNCH,
    CodedError,
    EhrError,
    LaunchParameterMissing,
    MethodNotAllowed,
    PatientDenied,
    SessionExpired,
    SessionMissing,
    UpstreamTimeout,
)
from shared.explain import Cause, Diagnosis, EhrMessage
from shared.explain.catalogue import causes
from tests.support.app.edge import FHIR_EDGE, HTML, failing, logged, refusing, respond, settings
from tests.support.tables import each


@each(
    ("accept", "media_type"),
    [
        (HTML, "text/html"),
        ("text/html", "text/html"),
        ("text/*", "text/html"),
        ("text/html;q=0.8, application/json;q=0.5", "text/html"),
        ("text/html;q=0.5, application/json", "application/problem+json"),
        ("text/html;q=0.5, application/problem+json", "application/problem+json"),
        ("application/json", "application/problem+json"),
        ("application/fhir+json", "application/problem+json"),
        ("image/png", "application/problem+json"),
        ("*/*", "application/problem+json"),
        ("", "application/problem+json"),
        ("nonsense;;q=x,,", "application/problem+json"),
        (None, "application/problem+json"),
    ],
)
def test_who_prefers_html_gets_a_page_and_others_a_problem(
    accept: str | None, media_type: str
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = respond(failing(EhrError()), headers=headers)
    assert answer.status_code == 400
    assert answer.mimetype == media_type


@each("accept", [HTML, "application/json", "*/*"])
def test_the_proxy_answers_an_operation_outcome_whatever_is_accepted(accept: str) -> None:
    answer = respond(failing(PatientDenied()), edge=FHIR_EDGE, headers={"Accept": accept})
    assert answer.headers["Content-Type"] == "application/fhir+json"
    document = json.loads(answer.data)
    (issue,) = document["issue"]
    assert document["resourceType"] == "OperationOutcome"
    assert issue["details"]["coding"][0]["code"] == "patient_denied"
    assert (issue["severity"], issue["code"]) == ("error", "forbidden")
    assert PatientDenied.title in issue["diagnostics"]


@each("error", [EhrError(), SessionExpired(), UpstreamTimeout()])
def test_a_problem_has_the_members_of_rfc_9457_and_ours(error: CodedError) -> None:
    answer = respond(failing(error))
    document = json.loads(answer.data)
    assert set(document) == {"type", "title", "status", "detail", "code", "correlation_id"}
    assert document["status"] == answer.status_code == error.status
    assert (document["title"], document["code"]) == (error.title, error.code)
    assert document["correlation_id"] == answer.headers["X-Correlation-Id"]
    assert all(step in document["detail"] for step in (error.why, *error.steps))


def test_a_page_says_what_why_what_to_do_and_the_correlation_id() -> None:
    answer = respond(failing(EhrError()), headers={"Accept": HTML})
    shown = answer.get_data(as_text=True)
    for text in (EhrError.title, EhrError.why, *EhrError.steps):
        assert text.replace("'", "&#39;") in shown
    assert answer.headers["X-Correlation-Id"] in shown
    assert "ehr_error" in shown


@each("details", ["brief", "full"])
def test_the_page_of_an_ended_session_begins_with_the_clinicians_text(details: str) -> None:
    given = settings(f'error_details = "{details}"')
    for error in (SessionExpired(), SessionMissing()):
        answer = respond(failing(error), given=given, headers={"Accept": HTML})
        shown = answer.get_data(as_text=True)
        first, _, rest = shown.partition("</section>")
        assert "The session has ended." in first
        assert "Open the app again from the chart." in first
        assert "cookie" not in first
        assert error.why.replace("'", "&#39;") in rest
        assert RELAUNCH not in rest


def test_an_error_may_name_the_methods() -> None:
    refused = respond(failing(MethodNotAllowed(allow="GET, POST")), edge=FHIR_EDGE)
    assert refused.headers["Allow"] == "GET, POST"


@each("accept", [HTML, "application/json"])
def test_an_error_can_clear_cookies(accept: str) -> None:
    cleared = ("a=; Max-Age=0", "b=; Max-Age=0")
    answer = respond(refusing(EhrError(), cookies=cleared), headers={"Accept": accept})
    assert answer.headers.getlist("Set-Cookie") == list(cleared)


# Details for developers


@each(
    ("details", "shown"),
    [("", False), ('error_details = "brief"', False), ('error_details = "full"', True)],
)
def test_evidence_is_shown_only_with_full_error_details(
    details: str, shown: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    error = EhrError(evidence={"oauth_error": "the-evidence"})
    answer = respond(failing(error), given=settings(details), headers={"Accept": HTML})
    assert ("the-evidence" in answer.get_data(as_text=True)) is shown
    assert logged(capfd)["oauth_error"] == "the-evidence"


def test_a_value_forges_no_line_of_what_is_copied_for_support() -> None:
    """Anyone can put a line end, an escape sequence or an override into a launch's `iss`."""
    value = "https://a\nError code: none\x1b[2J\u202e"
    error = EhrError(evidence={"iss": value}, shown={"received": value})
    given = settings('error_details = "full"')
    page = respond(failing(error), given=given, headers={"Accept": HTML}).get_data(as_text=True)
    assert page.count("https://a Error code: none") == 2
    assert not re.search("^Error code: none|[\x1b\u202e]", page, re.MULTILINE)


@each("form", [{"Accept": "application/json"}, {"Accept": "*/*"}])
def test_evidence_is_no_part_of_a_problem(form: dict[str, str]) -> None:
    given = settings('error_details = "full"')
    answer = respond(failing(EhrError(evidence={"a": "the-evidence"})), given=given, headers=form)
    assert b"the-evidence" not in answer.data


# For whom a step is


def section(page: str, heading: str) -> str:
    """Return the text under a heading of a page."""
    return page.partition(f"{heading}</h2>")[2].partition("</section>")[0]


@each("details", ["brief", "full"])
def test_what_the_user_can_do_stands_apart_from_what_the_administrator_does(details: str) -> None:
    error = EhrError(steps=("Set `scopes` right.", ADMINISTRATOR, "Deploy again.", RELAUNCH))
    given = settings(f'error_details = "{details}"')
    page = respond(failing(error), given=given, headers={"Accept": HTML}).get_data(as_text=True)
    assert re.findall(r"<li>(.*?)</li>", html.unescape(section(page, "What to do"))) == [
        ADMINISTRATOR,
        RELAUNCH,
    ]
    assert re.findall(r"<li>(.*?)</li>", section(page, "For the administrator")) == [
        "Set <code>scopes</code> right.",
        "Deploy again.",
    ]


@each("steps", [("Set it right.", ADMINISTRATOR), ("Set it right.",)])
def test_who_is_to_tell_the_administrator_tries_once_more_before(steps: tuple[str, ...]) -> None:
    page = respond(failing(EhrError(steps=steps)), headers={"Accept": HTML}).get_data(as_text=True)
    shown = re.findall(r"<li>(.*?)</li>", html.unescape(section(page, "What to do")))
    assert shown == [RELAUNCH, ADMINISTRATOR]
    assert "<li>Set it right.</li>" in section(page, "For the administrator")


@each("accept", [HTML, "application/json"])
def test_a_clinician_gets_the_cause_in_one_sentence(accept: str) -> None:
    cause = causes.KINDS["aud_wrong"](
        "likely", "A reason.", source="a source", title="`aud` is off."
    )
    known = Diagnosis(EhrMessage(), "The vendor's own words.", (cause,))
    serve = refusing(EhrError(), explanation=known)
    said = respond(serve, headers={"Accept": accept}).get_data(as_text=True)
    assert "Most probable cause: The app is set up with a different address for this EHR." in said
    hidden = ("own words", "aud", "A reason", *cause.steps, "a source")
    assert not [one for one in hidden if one in said]


@each("details", ["brief", "full"])
def test_steps_and_log_name_the_apps_own_addresses(
    details: str, capfd: pytest.CaptureFixture[str]
) -> None:
    sent = "https://smart.example.org/callback/e"
    error = LaunchParameterMissing(evidence={"redirect_uri_sent": sent})
    step = "Register `https://HOST/callback`."
    cause = Cause("aud_wrong", "T.", (step,), "At `https://HOST/launch`.", "likely", "s")
    given = settings(f'error_details = "{details}"')
    serve = refusing(error, explanation=Diagnosis(EhrMessage(), "M.", (cause,)))
    said = respond(serve, given=given, headers={"Accept": HTML}).get_data(as_text=True)
    line = logged(capfd)
    assert "https://HOST" not in said + str(line)
    assert "<code>https://smart.example.org/launch</code>" in said
    assert line["fix"] == f"Register `{sent}`."
