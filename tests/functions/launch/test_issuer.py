"""Which `iss` is let in. A stranger's is refused without any network access (LAUNCH-02, 03)."""

import socket
from urllib.parse import quote

import pytest

from functions.launch import parameters
from shared.config import settings_file
from shared.errors import IssNotAllowed
from shared.inbound import cookies
from shared.inbound.edge import Call
from tests.support.app.app import App
from tests.support.app.special_registrations import Pending
from tests.support.browser.browser import NAVIGATION, Browser
from tests.support.ehr.scripted_ehr import ScriptedEhr
from tests.support.tables import each

# {h} is the EHR's host, {p} its port, {t} the tenant, {o} a host that is not configured.
LOOK_ALIKES = [
    "http://{o}/a/{t}",
    "http://{h}.evil.test:{p}/a/{t}",
    "http://{h}:{p}.evil.test/a/{t}",
    "http://{h}:{p}@{o}/a/{t}",
    "http://user@{h}:{p}/a/{t}",
    "http://user:pass@{h}:{p}/a/{t}",
    "http://{o}/?http://{h}:{p}/a/{t}",
    "http://{o}/#http://{h}:{p}/a/{t}",
    "http://{o}\\@{h}:{p}/a/{t}",
    "http://{h}:{p}\\a\\{t}",
    "http://{h}:{p}/a/{t}/../{t}",
    "http://{h}:{p}/a/x/../{t}",
    "http://{h}:{p}/a/..",
    "http://{h}:{p}/a/..;",
    "http://{h}:{p}/a/..;x=1",
    "http://{h}:{p}/a/.;",
    "http://{h}:{p}/a/;",
    "http://{h}:{p}/a/;x",
    "http://{h}:{p}/a/.",
    "http://{h}:{p}/./a/{t}",
    "http://{h}:{p}/a/%2e%2e/a/{t}",
    "http://{h}:{p}/a%2F{t}",
    "http://{h}:{p}/%61/{t}",
    "http://{h}:{p}/a/{t}%00",
    "http://{h}:{p}/a/{t}/more",
    "http://{h}:{p}/a/{t}//",
    "http://{h}:{p}//a/{t}",
    "http://{h}:{p}/a//{t}",
    "http://{h}:{p}/A/{t}",
    "http://{h}:{p}/a",
    "http://{h}:{p}/a/",
    "http://{h}:{p}/a/*",
    "http://{h}:{p}/*",
    "http://{h}:{p}/ab/{t}",
    "http://{h}:{p}/a/{t}?q",
    "http://{h}:{p}/a/{t}?",
    "http://{h}:{p}/a/{t}#f",
    "http://{h}:{p}/a/{t}#",
    "http://{h}:{p}/a/{t};x=1/y",
    "http://{h}:444/a/{t}",
    "http://{h}/a/{t}",
    "http://{h}:/a/{t}",
    "http://{h}:0{p}/a/{t}",
    "http://{h}.:{p}/a/{t}",
    "http://localhost:{p}/a/{t}",
    "http://[::1]:{p}/a/{t}",
    "http://[::ffff:127.0.0.1]:{p}/a/{t}",
    "http://2130706433:{p}/a/{t}",
    "http://0x7f000001:{p}/a/{t}",
    "http://0177.0.0.1:{p}/a/{t}",
    "http://127.1:{p}/a/{t}",
    "http://127。0。0。1:{p}/a/{t}",
    "http://１27.0.0.1:{p}/a/{t}",
    "http://127.0.0.1\u200b:{p}/a/{t}",
    "httpſ://{h}:{p}/a/{t}",
    "https://{h}:{p}/a/{t}",
    "ftp://{h}:{p}/a/{t}",
    "javascript://{h}:{p}/a/{t}",
    "//{h}:{p}/a/{t}",
    "{h}:{p}/a/{t}",
    "http:/{h}:{p}/a/{t}",
    "http:///{h}:{p}/a/{t}",
    " http://{h}:{p}/a/{t}",
    "http://{h}:{p}/a/{t} ",
    "http://{h}:{p}/a/{t}\n",
    "http://{h}:{p}/a/\t{t}",
    "http://{h}:{p}/a/{t}\x00",
    "http://{h}:{p}/a/{t},http://{h}:{p}/a/{t}",
    "null",
    "/",
    "*",
]


@each("look_alike", LOOK_ALIKES)
def test_a_look_alike_is_refused_and_leaves_no_trace(
    app: App, browser: Browser, other: ScriptedEhr, pending: Pending, look_alike: str
) -> None:
    tenant = app.scripted.tenant()
    host, _, port = app.scripted.origin.removeprefix("http://").partition(":")
    name = tenant.base.rpartition("/")[2]
    foreign = other.origin.removeprefix("http://")
    iss = look_alike.format(h=host, p=port, t=name, o=foreign)
    before = pending.count(), len(app.scripted.strangers), len(other.strangers)
    answer = browser.get(f"{app.origin}/launch?iss={quote(iss, safe='')}&launch=1")
    assert (answer.status, answer.code) == (400, "iss_not_allowed")
    assert (answer.header("Location"), answer.all("Set-Cookie")) == (None, [])
    assert tenant.received == []
    assert (pending.count(), len(app.scripted.strangers), len(other.strangers)) == before


@each("spelling", ["{b}", "{b}/", "HTTP{rest}", "HtTp{rest}/"])
def test_case_of_the_scheme_and_one_trailing_slash_do_not_matter(
    app: App, browser: Browser, spelling: str
) -> None:
    tenant = app.scripted.tenant()
    iss = spelling.format(b=tenant.base, rest=tenant.base.removeprefix("http"))
    answer = browser.get(f"{app.origin}/launch?iss={quote(iss, safe='')}&launch=1")
    assert answer.status == 302
    assert [request.path for request in tenant.received] == ["/.well-known/smart-configuration"]
    assert answer.query["aud"] == iss  # as received, byte for byte (AUTHZ-05)


CONFIGURATION = """
public_url = "https://smart.example.org"
sealing_keys = ["env:SEALING_KEY"]
[store]
kind = "sqlite"
[[ehr]]
key = "one"
iss = ["https://ehr.test/fhir", "https://k.ehr.test/r4/*", "https://k.ehr.test/r4/own"]
client_id = "c"
scopes = "patient/*.rs"
[[ehr]]
key = "two"
iss = ["https://k.ehr.test/r4/other", "https://port.test:8443"]
client_id = "c"
scopes = "patient/*.rs"
redirect_path = "/callback/two"
"""


def _registration(iss: str) -> tuple[str, str]:
    settings, problems = settings_file.parse(CONFIGURATION)
    assert problems == []
    assert settings is not None
    query = f"iss={quote(iss, safe='')}&launch=1"
    call = Call("GET", "/", {}, cookies.parse([]), query, lambda _: b"")
    asked = parameters.read(call, settings, "/launch")
    assert isinstance(asked, parameters.LaunchRequest)
    return asked.ehr.key, asked.fhir_base


@each(
    ("iss", "key", "base"),
    [
        ("https://ehr.test/fhir", "one", "https://ehr.test/fhir"),
        ("HTTPS://EHR.TEST/fhir/", "one", "https://ehr.test/fhir"),
        ("https://ehr.test:443/fhir", "one", "https://ehr.test/fhir"),
        ("https://k.ehr.test/r4/tenant-7", "one", "https://k.ehr.test/r4/tenant-7"),
        ("https://k.ehr.test/r4/own", "one", "https://k.ehr.test/r4/own"),
        ("https://k.ehr.test/r4/other/", "two", "https://k.ehr.test/r4/other"),
        ("https://port.test:8443/", "two", "https://port.test:8443"),
    ],
)
def test_an_entry_in_the_configuration_is_found(iss: str, key: str, base: str) -> None:
    assert _registration(iss) == (key, base)


@pytest.mark.parametrize(
    "iss",
    [
        "https://ehr.test.evil/fhir",
        "https://ehr.test@evil/fhir",
        "https://evil/?https://ehr.test/fhir",
        "https://ehr.test/fhir/../x",
        "https://ehr.test:444/fhir",
        "https://ehr.test/fhir#f",
        "https://ehr.test/fhir?q",
        "https://ehr.test/%2e%2e/fhir",
        "https://ehr.tеst/fhir",  # a Cyrillic е
        "https://ehr.teſt/fhir",  # a long s
        "https://\u212a.ehr.test/r4/own",  # the Kelvin sign, which lower() makes a k
        "https://\u212a.ehr.test/r4/tenant-7",
        "https://xn--ehr-test/fhir",
        "https://ehr.test/FHIR",
        "http://ehr.test/fhir",
        "https://k.ehr.test/r4",
        "https://k.ehr.test/r4/a/b",
        "https://k.ehr.test/r4/*",
        "https://port.test",
        "https://port.test:08443",
    ],
)
def test_a_stranger_costs_no_look_up_of_a_name(iss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def network(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "getaddrinfo", network)
    monkeypatch.setattr(socket.socket, "connect", network)
    with pytest.raises(IssNotAllowed):
        _registration(iss)


def test_a_refused_iss_is_never_markup(app: App, browser: Browser) -> None:
    iss = quote('"><script>alert(1)</script>', safe="")
    answer = browser.send("GET", f"{app.origin}/launch?iss={iss}&launch=1", NAVIGATION)
    assert answer.status == 400
    assert "<script" not in answer.text


@each(
    "iss",
    [
        "https://ehr.example/fhir?patient=sentinel-in-iss",
        "https://ehr.example/fhir#sentinel-in-iss",
        "https://user:sentinel-in-iss@ehr.example/fhir",
        "https://a@sentinel-in-iss@ehr.example/fhir",
    ],
)
def test_query_fragment_and_password_in_a_refused_iss_are_not_logged(
    app: App, browser: Browser, iss: str
) -> None:
    iss = quote(iss, safe="")
    answer = browser.get(f"{app.origin}/launch?iss={iss}&launch=1")
    assert answer.code == "iss_not_allowed"
    (line,) = _lines(app, answer.header("X-Correlation-Id"))
    assert line["iss"] == "https://ehr.example/fhir"
    assert "sentinel-in-iss" not in app.server.log.read_text()


def _lines(app: App, correlation_id: str | None) -> list[dict[str, object]]:
    return [line for line in app.log_lines() if line.get("correlation_id") == correlation_id]
