"""The page at which a pasted error is explained, and the documents: on this machine only."""

from urllib.parse import urlencode

from tests.support import ehr_messages as m
from tests.support.app import App
from tests.support.browser import NAVIGATION, Browser
from tests.support.three_ehrs import in_words


def pasted(app: App, text: str) -> str:
    form = {**NAVIGATION, "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"text": text}).encode()
    answer = Browser().send("POST", f"{app.origin}/explain", form, body=body)
    assert answer.status == 200
    return answer.text


def test_the_first_page_has_a_box_for_what_one_sees(app: App) -> None:
    page = Browser().send("GET", f"{app.origin}/", NAVIGATION).text
    assert "Your launch fails? Paste what you see" in page
    assert '<form method="post" action="/explain">' in page


def test_the_first_report_has_its_true_cause_as_headline_and_the_line_to_change(app: App) -> None:
    page = pasted(app, m.FIRST_REPORT)
    said = in_words(page)
    assert "The cause: launch/patient was asked for where clinicians sign in." in said
    assert "scope=launch openid fhirUser" in said
    assert said.index("launch/patient was asked") < said.index("The EHR saw another client id")


def test_a_text_without_an_error_says_what_to_paste(app: App) -> None:
    assert "error_uri" in in_words(pasted(app, "hello"))


def test_what_is_pasted_is_no_markup_and_no_secret_is_shown(app: App) -> None:
    secret = "kH3xQ9-vZ_t7LwPb2mR8aYcN5dFgJ4sU6eT1oXiVq0z"
    page = pasted(app, f"{m.INVALID_LAUNCH}&code={secret} <script>alert(1)</script>")
    assert secret not in page
    assert "<script" not in page
    assert secret not in str(app.log_lines())


def test_the_documents_are_served_as_text_and_nothing_else_of_the_machine(app: App) -> None:
    answer = Browser().send("GET", f"{app.origin}/docs/troubleshooting.md")
    assert answer.status == 200
    assert answer.header("Content-Type") == "text/plain; charset=utf-8"
    for path in ("/docs/", "/docs/../README.md", "/docs/%2e%2e/README.md", "/docs/none.md"):
        assert Browser().send("GET", app.origin + path).status == 404


def test_another_name_of_this_machine_is_told_to_use_the_configured_one(app: App) -> None:
    port = app.origin.rpartition(":")[2]
    other = f"http://127.0.0.1:{port}/"
    page = in_words(Browser().send("GET", other, NAVIGATION).text)
    assert "Launch from" in page
    assert "127.0.0.1 for localhost" in page
    assert "Another address" not in Browser().send("GET", f"{app.origin}/", NAVIGATION).text


def test_the_instruction_stands_above_its_lines_and_each_line_says_where_it_belongs(
    app: App,
) -> None:
    said = in_words(pasted(app, m.FIRST_REPORT))
    places = (
        "To change: Replace launch/patient by launch",
        "In the request: scope=launch openid",
        'In smart.toml, where this app makes the request: scopes = "openid fhirUser',
        "How sure: certain.",
    )
    assert sorted(places, key=said.index) == list(places)
    assert said.count("Replace launch/patient by launch") == 1


def test_a_pasted_error_has_what_to_give_to_the_ehrs_support(app: App) -> None:
    page = pasted(app, m.FIRST_REPORT)
    copied = page.partition('<pre class="copy"')[2].partition("</pre>")[0]
    for part in (m.LAUNCH + "code-required", "847e48ff", "908d5cee", m.TENANT, "Causes: launch_"):
        assert part in copied
