"""Requests as the bytes that are sent."""

import pytest

from shared.outbound.request import Origin, to_send
from tests.support.tables import each


@each(
    ("url", "origin", "host", "target"),
    [
        ("https://ehr.example", Origin("https", "ehr.example", 443), "ehr.example", "/"),
        ("HTTPS://EHR.example:443/r4", Origin("https", "ehr.example", 443), "ehr.example", "/r4"),
        ("http://ehr.example:443/", Origin("http", "ehr.example", 443), "ehr.example:443", "/"),
        ("http://[::1]:8080?a=b", Origin("http", "::1", 8080), "[::1]:8080", "/?a=b"),
        ("http://ehr.example/a#b", Origin("http", "ehr.example", 80), "ehr.example", "/a"),
        ("http://x/a//b?c=d?e/%2F%7c", Origin("http", "x", 80), "x", "/a//b?c=d?e/%2F%7c"),
        ('http://x/a?b=c|d "é', Origin("http", "x", 80), "x", "/a?b=c%7Cd%20%22%C3%A9"),
        ("http://x/a\r\nHost: y", Origin("http", "x", 80), "x", "/a%0D%0AHost:%20y"),
    ],
)
def test_a_url_names_a_server_and_a_target(
    url: str, origin: Origin, host: str, target: str
) -> None:
    server, sent = to_send("GET", url, {"Accept": "*/*"}, None)
    assert server == origin
    lines = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n"
    assert sent == lines.encode()


@each(
    ("url", "headers"),
    [
        ("ehr.example/", {}),
        ("file:///etc/passwd", {}),
        ("http:///r4", {}),
        ("http://user@ehr.example/", {}),
        ("http://ehr.example\\@other.example/", {}),
        ("http://ehr.example:65536/", {}),
        ("http://ehr.exämple/", {}),
        ("http://ehr.example /", {}),
        ("http://ehr.example/", {"X": "a\r\nY: b"}),
        ("http://ehr.example/", {"X": "a\nb"}),
        ("http://ehr.example/", {"X": "a\x00"}),
        ("http://ehr.example/", {"X": "\u0100"}),
        ("http://ehr.example/", {"X: y\r\nZ": "a"}),
        ("http://ehr.example/", {"": "a"}),
    ],
    ids=[
        *("no scheme", "another scheme", "no host", "user information", "backslash"),
        *("no such port", "another alphabet", "a blank", "a header with a line end"),
        *("a bare line feed", "a null", "not latin", "a name with a line end", "no name"),
    ],
)
def test_what_would_mean_another_request_is_not_sent(url: str, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"URL|port|header"):
        to_send("GET", url, headers, None)


def test_a_method_is_one_word() -> None:
    with pytest.raises(ValueError, match="method"):
        to_send("GET / HTTP/1.1\r\nX: y\r\n\r\nPOST", "http://x/", {}, None)


def test_a_body_goes_with_its_length_even_an_empty_one() -> None:
    assert to_send("POST", "http://x/", {}, b"a=b")[1].endswith(b"Content-Length: 3\r\n\r\na=b")
    assert to_send("POST", "http://x/", {}, b"")[1].endswith(b"Content-Length: 0\r\n\r\n")
