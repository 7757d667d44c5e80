"""The local gateway: what no function serves is answered in the same form."""

from tests.support.app.app import App
from tests.support.app.proxy import raw_exchange
from tests.support.browser.browser import NAVIGATION, Browser
from tests.support.tables import each


@each(
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


def _raw(app: App, target: bytes) -> bytes:
    head = b"GET %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % target
    return raw_exchange(app.origin, head)


@each("path", ["/launch/health", "/callback/health", "/fhir_proxy/health"])
def test_a_request_that_names_its_host_in_its_line_gets_the_same_answer(
    app: App, path: str
) -> None:
    """RFC 9112 3.2.2: a server must take the absolute form too."""
    plain, absolute = _raw(app, path.encode()), _raw(app, f"{app.origin}{path}".encode())
    assert plain.startswith(b"HTTP/1.1 200 ")
    assert absolute.startswith(b"HTTP/1.1 200 ")
    assert _raw(app, f"{app.origin}/nothing".encode()).startswith(b"HTTP/1.1 404 ")


@each("target", [b"/x\xff", b"/callback?code=\xff", b"/x\x01"])
def test_what_the_server_cannot_read_is_told_to_nobody_but_the_sender(
    app: App, target: bytes
) -> None:
    logged = len(app.server.log.read_bytes())
    answer = _raw(app, target)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert target not in app.server.log.read_bytes()[logged:]


@each("path", ["/", "/docs/errors.md"])
def test_a_probe_by_head_gets_the_headers_of_the_page(app: App, path: str) -> None:
    answer = Browser().send("HEAD", app.origin + path)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("Content-Type") == "text/html; charset=utf-8"


def test_people_get_a_page(app: App) -> None:
    answer = Browser().send("GET", f"{app.origin}/nothing", NAVIGATION)
    assert answer.status == 404
    assert "This address doesn&#39;t exist." in answer.text


def test_the_front_page_says_what_to_register_at_an_ehr(app: App) -> None:
    answer = Browser().send("GET", f"{app.origin}/", NAVIGATION)
    assert answer.status == 200
    assert f"<code>{app.origin}/launch</code>" in answer.text
    assert f"<code>{app.origin}/callback</code>" in answer.text
    assert f"<code>{app.origin}/callback/scripted-user</code>" in answer.text
