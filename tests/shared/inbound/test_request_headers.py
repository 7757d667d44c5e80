"""The headers of a request as a function looks them up."""

from shared.inbound.request_headers import Headers
from tests.support.tables import each

ENVIRON = {
    "REQUEST_METHOD": "GET",
    "CONTENT_TYPE": "application/json",
    "CONTENT_LENGTH": "",
    "HTTP_SEC_FETCH_SITE": "same-origin",
    "HTTP_X_EMPTY": "",
    # What no server that keeps to PEP 3333 sends, and a caller may have tried.
    "HTTP_CONTENT_LENGTH": "7",
    "wsgi.url_scheme": "http",
}


@each("name", ["Sec-Fetch-Site", "sec-fetch-site", "SEC-FETCH-SITE"])
def test_a_header_is_found_in_any_case(name: str) -> None:
    assert Headers(ENVIRON)[name] == "same-origin"
    assert name in Headers(ENVIRON)


def test_headers_of_the_body_stand_elsewhere_and_count_only_with_a_value() -> None:
    headers = Headers(ENVIRON)
    assert headers["Content-Type"] == "application/json"
    assert headers.get("Content-Length") is None
    assert "Content-Length" not in headers


def test_an_empty_header_is_one_and_what_is_no_header_is_none() -> None:
    headers = Headers(ENVIRON)
    assert headers.get("X-Empty", "absent") == ""
    assert headers.get("X-Absent", "absent") == "absent"
    assert headers.get("Request-Method") is None
    assert headers.get("wsgi.url_scheme") is None


def test_all_headers_can_be_named() -> None:
    assert dict(Headers(ENVIRON)) == {
        "Content-Type": "application/json",
        "Sec-Fetch-Site": "same-origin",
        "X-Empty": "",
    }
    assert len(Headers(ENVIRON)) == 3
