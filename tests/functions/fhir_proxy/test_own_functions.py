"""A project's function next to the proxy, from outside: callers, responses and log."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from gateway.own_functions import OwnFunction
from tests.support.app.app import App, Launched
from tests.support.app.proxy import about, asked, launched, relaunched, searchset
from tests.support.app.writes import keep, written
from tests.support.browser.browser import NAVIGATION, OWN_FETCH, Answer, Browser
from tests.support.ehr.scripted_ehr import Scripted, as_fhir
from tests.support.tables import each

MINE = about("Observation", "o1", "p1")
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}


def ask(
    launch: Launched, path: str, method: str = "GET", document: Any = None, **headers: str
) -> Answer:
    """A request of the page to the function."""
    body = None if document is None else json.dumps(document).encode()
    given = {**OWN_FETCH, "Content-Type": "application/json"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{launch.fhir_base.replace('fhir_proxy', 'probe')}/{path}"
    return launch.browser.send(method, url, given, body)


def test_it_reads_searches_and_writes_as_the_page_does(writing: App) -> None:
    launch, tenant = relaunched(writing, "w", scope="patient/*.cruds")
    keep(tenant, MINE, as_fhir(MINE), ETag='W/"7"')
    tenant.on(
        "/Observation",
        lambda r: as_fhir(MINE, 201) if r.method == "POST" else as_fhir(searchset(MINE)),
    )
    assert ask(launch, "Observation/o1").json() == MINE
    assert ask(launch, "Observation?code=x").json() == {"matches": [MINE], "complete": True}
    assert ask(launch, "Observation", "POST", MINE).status == 201
    seventh = {**MINE, "meta": {"versionId": "7"}}
    assert ask(launch, "Observation/o1", "PUT", seventh).json() == MINE
    unnamed = ask(launch, "Observation", "POST", {"resourceType": "Observation"})
    assert "doesn't name the patient of this launch" in unnamed.json()["title"]
    requests = [(one.method, one.path, one.query) for one in asked(tenant)]
    assert requests == [
        ("GET", "/Observation/o1", ""),
        ("GET", "/Observation", "code=x&patient=p1"),
        ("POST", "/Observation", ""),
        ("GET", "/Observation/o1", ""),
        ("PUT", "/Observation/o1", ""),
    ]
    authorized = {one.headers["Authorization"] for one in asked(tenant)}
    assert authorized == {f"Bearer {tenant.access_token}"}


def test_what_is_refused_or_fails_has_its_code_and_status(writing: App) -> None:
    launch, tenant = relaunched(writing, "w", scope="patient/Observation.rs")
    keep(tenant, about("Observation", "o2", "p2"))
    refused = (
        ("GET", "Observation/o2", None, 403, "patient_denied"),
        ("GET", "Condition/c1", None, 403, "scope_denied"),
        ("POST", "Observation", MINE, 403, "scope_denied"),
        ("GET", "Foo/1", None, 400, "path_invalid"),
        ("GET", "Observation/%2e%2e", None, 400, "path_invalid"),
        ("GET", "came?a=1&a=2", None, 400, "parameter_repeated"),
        ("POST", "came", "x" * 1_000_001, 413, "too_large"),
        ("GET", "raises", None, 500, "internal_error"),
        ("GET", "nothing", None, 500, "internal_error"),
        ("GET", "exits", None, 500, "internal_error"),
        ("OPTIONS", "Observation/o1", None, 405, "method_not_allowed"),
        ("GET", "Observation/missing", None, 404, "ehr_refused"),
    )
    for method, path, document, status, code in refused:
        answer = ask(launch, path, method, document)
        assert (answer.status, answer.code) == (status, code), path
        assert answer.header("Content-Type") == "application/problem+json"
        assert "sentinel" not in answer.text
    for headers in ({"Content_Type": "text/plain"}, {"Content_Encoding": "gzip"}):
        assert ask(launch, "came", "POST", [], **headers).code == "media_type_unsupported"
    tenant.on("/Observation/slow", as_fhir(OUTCOME, 429, **{"Retry-After": "7"}))
    tenant.on("/Observation/down", Scripted(503, {"Retry-After": "9"}))
    for path, status, code, after, step in (
        ("Observation/slow", 429, "ehr_refused", "7", "Try again in a minute."),
        ("Observation/down", 502, "upstream_invalid", "9", "Try again in a minute."),
        ("Observation/missing", 404, "ehr_refused", None, "Trying again won't help."),
    ):
        answer = ask(launch, path)
        assert (answer.status, answer.code) == (status, code)
        assert answer.header("Retry-After") == after
        detail = answer.json()["detail"]
        assert step in detail
        assert ("/trace shows why the request was refused" in detail) == (code == "ehr_refused")
    page = ask(launch, "Observation/missing", Accept="text/html")
    assert (page.status, page.header("Content-Type")) == (404, "text/html; charset=utf-8")


def test_an_update_replaces_only_a_version_that_it_names(writing: App) -> None:
    """Another user has made versions 4 and 5 since the browser read version 3."""
    third, fifth = ({**MINE, "meta": {"versionId": version}} for version in "35")
    for group, sent in (("w", []), ("v", ['W/"3"'])):
        level = {"w": "patient", "v": "user"}[group]
        launch, tenant = relaunched(writing, group, scope=f"{level}/*.cruds")
        keep(tenant, fifth, Scripted(412), ETag='W/"5"')
        assert ask(launch, "Observation/o1", "PUT", third).status == 412
        assert [one.headers["If-Match"] for one in written(tenant)] == sent
        before = len(asked(tenant))
        unversioned = ask(launch, "Observation/o1", "PUT", MINE)
        assert (unversioned.status, unversioned.code) == (412, "version_conflict")
        assert len(asked(tenant)) == before


def test_a_function_under_another_name_than_its_folder_is_refused_when_loaded(
    tmp_path: Path,
) -> None:
    """Its URL would answer 404: the name is cut off the path."""
    main = """
import functools
from smart_calc import api

def audited(handler):
    {wraps}
    def wrapper(call):
        return handler(call)
    return wrapper

@api.function
@audited
def summary(call):
    return api.json({{}})
"""
    path = tmp_path / "main.py"
    path.write_text(main.format(wraps=""))
    with pytest.raises(ImportError, match=r"makes the function wrapper, .* use functools\.wraps"):
        OwnFunction("summary", tmp_path)
    path.write_text(main.format(wraps="@functools.wraps(handler)"))
    assert OwnFunction("summary", tmp_path)


def test_a_reply_that_is_none_is_a_failure_of_the_function(writing: App) -> None:
    launch, _ = relaunched(writing, "w", scope="patient/*.cruds")
    for made in (
        (200, "text/plain\r\nSet-Cookie: sentinel=1", b""),
        (200, "text/pläin", b""),
        (200, "", b""),
        (200, None, b""),
        ("sentinel", "text/plain", b""),
        (99999, "text/plain", b""),
        (100, "text/plain", b""),
        (True, "text/plain", b""),
        (200, "text/plain", "sentinel"),
        (200, "text/plain", None),
    ):
        answer = ask(launch, f"reply?{urlencode({'made': repr(made)})}")
        assert (answer.status, answer.code) == (500, "internal_error"), made
        assert "sentinel" not in answer.text
    answer = ask(launch, f"reply?{urlencode({'made': repr((201, 'text/csv', b'a,b'))})}")
    assert (answer.status, answer.header("Content-Type"), answer.text) == (201, "text/csv", "a,b")


def test_what_came_is_told_raw(writing: App) -> None:
    launch, _ = relaunched(writing, "w", scope="patient/*.cruds")
    came = ask(launch, "came/a%20b?x=1%2B1", "POST", {"n": 1.5}).json()
    assert came == ["POST", "/came/a%20b", {"x": "1+1"}, {"n": 1.5}]


@each(
    ("headers", "status"),
    [
        (OWN_FETCH, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "empty"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}, 403),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"}, 403),
        ({}, 403),
        ({"X-Smart-Proxy": "1"}, 200),
    ],
)
def test_only_our_own_origin_may_call_on_get_too(
    writing: App, headers: dict[str, str], status: int
) -> None:
    launch, tenant = relaunched(writing, "w", scope="patient/*.cruds")
    keep(tenant, MINE)
    url = f"{launch.fhir_base.replace('fhir_proxy', 'probe')}/Observation/o1"
    answer = launch.browser.send("GET", url, headers, None)
    assert (answer.status, len(asked(tenant))) == (status, status == 200)


@each(
    ("method", "site", "destination", "status"),
    [
        ("GET", "cross-site", "document", 200),
        ("GET", "cross-site", "iframe", 200),
        ("GET", "cross-site", "image", 403),
        ("GET", "cross-site", "empty", 403),
        ("GET", "same-origin", "empty", 200),
        ("POST", "same-origin", "document", 200),
        ("POST", "cross-site", "document", 403),
        ("POST", "same-site", "document", 403),
    ],
)
def test_what_may_be_navigated_to_takes_forms_of_our_own_pages_alone(
    writing: App, method: str, site: str, destination: str, status: int
) -> None:
    launch, _ = relaunched(writing, "w", scope="patient/*.cruds")
    url = f"{launch.fhir_base.replace('fhir_proxy', 'shown')}/"
    given = {**NAVIGATION, "Sec-Fetch-Site": site, "Sec-Fetch-Dest": destination}
    answer = launch.browser.send(method, url, given, b"" if method == "POST" else None)
    assert answer.status == status
    if status == 200:
        assert f"{method} p1" in answer.text
        assert answer.header("Cache-Control") == "no-store"
        policy = answer.header("Content-Security-Policy") or ""
        assert policy.startswith("default-src 'self'; ")
        assert "unsafe" not in policy


def test_without_its_session_nothing_is_read(writing: App) -> None:
    launch, tenant = launched(writing, "w", scope="patient/*.cruds")
    stranger = Launched(Browser(), launch.handle, launch.fhir_base, launch.callback)
    assert ask(stranger, "Observation/o1").code == "session_missing"
    elsewhere = launch.fhir_base.replace("fhir_proxy", "probe").replace(launch.handle, "x")
    assert launch.browser.fetch(f"{elsewhere}/Observation/o1").code == "not_found"
    health = stranger.browser.get(f"{writing.origin}/probe/health")
    assert (health.status, health.json()["status"]) == (200, "ok")
    launch.browser.send("DELETE", f"{launch.fhir_base}/session", OWN_FETCH, None)
    assert ask(launch, "Observation/o1").status == 401
    assert asked(tenant) == []


def test_each_request_has_its_line_and_none_tells_what_is_secret(writing: App) -> None:
    launch, tenant = launched(writing, "w", scope="patient/Observation.rs")
    keep(tenant, MINE)
    paths = (
        *("Observation/o1", "Observation/o2", "Condition/c1"),
        *("raises", "exits", "nothing", "reply?made=(1,2,3)"),
    )
    ids = [ask(launch, path).header("X-Correlation-Id") for path in paths]
    lines = [line for line in writing.log_lines() if line.get("correlation_id") in ids]
    events = [(line["event"], line["severity"], line.get("code")) for line in lines]
    assert events == [
        ("fhir_request", "INFO", None),
        ("own_answered", "INFO", None),
        ("fhir_request", "INFO", None),
        ("own_refused", "WARNING", "ehr_refused"),
        ("fhir_denied", "WARNING", "scope_denied"),
        ("own_refused", "WARNING", "scope_denied"),
        *[("own_refused", "ERROR", "internal_error")] * 4,
    ]
    assert {line["ehr"] for line in lines[:-4]} == {"writing"}
    for line in lines[-4:-2]:
        assert 'probe/main.py", line ' in str(line["stack_trace"])
    assert [line["exception"] for line in lines[-4:]] == [
        *("ValueError", "EndedProcessError", "ReturnedNoReplyError", "UnusableReplyError")
    ]
    assert "'service': 'probe'" in str(lines[-1]["serviceContext"])
    told = json.dumps(lines)
    cookies = launch.browser.cookies().values()
    secrets = (tenant.access_token, launch.handle, "sentinel", "p1", *cookies)
    assert [secret for secret in secrets if secret in told] == []
