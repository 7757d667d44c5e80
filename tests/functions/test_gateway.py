"""The local gateway: what no function serves is answered in the same form."""

import pytest

from tests.support.app import App
from tests.support.browser import NAVIGATION, Browser


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/robots.txt", 404, "not_found"),
        ("GET", "/Launch", 404, "not_found"),
        ("GET", "//launch", 404, "not_found"),
        ("POST", "/", 405, "method_not_allowed"),
    ],
)
def test_an_address_of_no_function_is_refused_like_any_other(
    app: App, method: str, path: str, status: int, code: str
) -> None:
    answer = Browser().send(method, app.origin + path, body=b"" if method == "POST" else None)
    assert (answer.status, answer.code) == (status, code)
    assert answer.json()["correlation_id"] == answer.header("X-Correlation-Id")


def test_people_get_a_page(app: App) -> None:
    answer = Browser().send("GET", f"{app.origin}/nothing", NAVIGATION)
    assert answer.status == 404
    assert "There is no such address here." in answer.text


def test_the_front_page_says_what_to_register_at_an_ehr(app: App) -> None:
    answer = Browser().send("GET", f"{app.origin}/", NAVIGATION)
    assert answer.status == 200
    assert f"<code>{app.origin}/launch</code>" in answer.text
    assert f"<code>{app.origin}/callback</code>" in answer.text
    assert f"<code>{app.origin}/callback/scripted-user</code>" in answer.text
