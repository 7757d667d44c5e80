"""`launch` is opaque and goes back to the EHR unchanged, byte for byte (LAUNCH-04)."""

import base64
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.support.app.app import App
from tests.support.browser.browser import Browser
from tests.support.tables import each

BLOB = base64.urlsafe_b64encode(bytes(range(256)) * 9).decode()  # 3 KB, smart-launcher's form

# As written in the query of the launch link.
RAW = [
    "abc",
    "a+b",
    "a%2Bb",
    "a%2bb",
    "a%20b",
    "a/b",
    "a%2Fb",
    "a%2fb",
    "YWJj==",
    "YWJj%3D%3D",
    "=a=",
    "a%26b%3Dc",
    "a%23b",
    "a%25b",
    "a%252Bb",
    "%41%7e",
    "a?b",
    "a;b",
    "a:b@c,d!$'()*~",
    "%C3%A9%E2%82%AC",
    "%ff%fe",
    "%00",
    "%0d%0aX-Injected:%201",
    "%22%3E%3Cimg%20src=x%3E",
    "..%2F..%2F",
    "eyJhIjoiMSIsImIiOjF9",
    "%7B%22a%22%3A1%7D",
    BLOB,
    quote(BLOB, safe=""),
]


def _raw_value(url: str, name: str) -> str:
    pairs = [f for f in urlsplit(url).query.split("&") if f.partition("=")[0] == name]
    assert len(pairs) == 1
    return pairs[0].partition("=")[2]


@each("value", RAW, ids=lambda value: value[:30])
def test_the_value_in_the_redirect_is_the_value_received(
    app: App, browser: Browser, value: str
) -> None:
    tenant = app.scripted.tenant()
    base = quote(tenant.base, safe="")
    begun = browser.get(f"{app.origin}/launch?iss={base}&launch={value}")
    assert begun.status == 302
    assert _raw_value(begun.location, "launch") == value
    browser.get(begun.location)
    assert _raw_value(f"?{tenant.received[-1].query}", "launch") == value


@each(
    ("sent", "passed_on"),
    [
        ('a"b', "a%22b"),
        ("a<b>", "a%3Cb%3E"),
        ("a{b}|c^d`e", "a%7Bb%7D%7Cc%5Ed%60e"),
        ("a\\b", "a%5Cb"),
        ("100%", "100%25"),
        ("a%zzb", "a%25zzb"),
        ("a%2", "a%252"),
    ],
)
def test_what_no_query_may_hold_is_encoded_and_means_the_same_to_the_ehr(
    app: App, browser: Browser, sent: str, passed_on: str
) -> None:
    base = quote(app.scripted.tenant().base, safe="")
    begun = browser.get(f"{app.origin}/launch?iss={base}&launch={sent}")
    assert _raw_value(begun.location, "launch") == passed_on
    assert parse_qs(f"l={passed_on}") == parse_qs(f"l={sent}")


def test_an_encoded_name_is_the_same_parameter(app: App, browser: Browser) -> None:
    base = quote(app.scripted.tenant().base, safe="")
    begun = browser.get(f"{app.origin}/launch?%69ss={base}&l%61unch=a%2Bb")
    assert _raw_value(begun.location, "launch") == "a%2Bb"


def test_the_order_of_the_parameters_does_not_matter(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    begun = browser.get(f"{app.origin}/launch?launch=x&y=1&iss={quote(tenant.base, safe='')}&")
    assert begun.query["launch"] == "x"
    assert begun.query["aud"] == tenant.base


def _start(app: App, browser: Browser) -> str:
    url = f"{app.ehr_origin}/generic/start?patient=synthetic-alma&client=smart-calc-demo&in=tab"
    return browser.get(url).location


def test_the_ehr_recognises_its_launch_value_in_another_encoding(
    app: App, browser: Browser
) -> None:
    link = _start(app, browser)
    value = _raw_value(link, "launch")
    spelt = "".join(f"%{ord(character):02x}" for character in unquote(value))
    begun = browser.get(link.replace(value, spelt))
    assert _raw_value(begun.location, "launch") == spelt
    assert "code" in browser.get(begun.location).query
