"""A standalone launch where the user chooses the hospital, from outside."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import quote

import pytest

from tests.support.app.servers import Server, serve_app
from tests.support.browser.browser import NAVIGATION, Answer, Browser
from tests.support.ehr.scripted_ehr import ScriptedEhr, Tenant
from tests.support.tables import each

TYPED = "sentinel <b>&\"' général"


@pytest.fixture(scope="module")
def tenant(scripted: ScriptedEhr) -> Tenant:
    return scripted.tenant("chosen")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, tenant: Tenant) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("chooser")
    (folder / "issuers").mkdir()
    lines = [f"https://h{n}.test/fhir\tHospital {n:02}\tTown" for n in range(1, 31)]
    lines += [f"{tenant.base}\t<i>General & Sons\tBérn", "https://nameless.test/fhir"]
    (folder / "issuers/one.txt").write_text("\n".join(lines), encoding="utf-8")
    tables = (
        '[[ehr]]\nkey = "one"\nissuers = "file:issuers/one.txt"\nclient_id = "c"\n'
        'scopes = "patient/*.rs"\nstandalone = true\nchooser = true\n'
        '[[ehr]]\nkey = "two"\niss = ["https://two.test/fhir"]\nclient_id = "c"\n'
        'scopes = "patient/*.rs"\nstandalone = true\nredirect_path = "/callback/two"\n'
    )
    top = 'error_details = "brief"\nframe_ancestors = ["https://ehr.test"]'
    with serve_app(folder, tables, top=top) as running:
        yield running


def page(server: Server, find: str | None = None) -> Answer:
    more = "" if find is None else f"&find={quote(find)}"
    return Browser().send("GET", f"{server.origin}/launch?ehr=one{more}", NAVIGATION)


def links(answer: Answer) -> list[str]:
    return [unescape(one) for one in re.findall(r'<a href="([^"]+)"', answer.text)]


def test_without_iss_it_is_a_page_of_ours_that_keeps_nothing(server: Server) -> None:
    answer = page(server)
    assert (answer.status, links(answer)) == (200, [])
    assert '<label for="find">' in answer.text
    assert answer.header("Set-Cookie") is None
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("X-Frame-Options") is None
    policy = answer.header("Content-Security-Policy") or ""
    assert "default-src 'none'" in policy
    assert "frame-ancestors https://ehr.test" in policy
    assert "script" not in policy
    assert "<script" not in answer.text


def test_a_match_is_a_link_to_an_ordinary_standalone_launch(server: Server, tenant: Tenant) -> None:
    (link,) = links(page(server, "bern"))
    assert link == f"{server.origin}/launch?ehr=one&iss={quote(tenant.base, safe='')}"
    begun = Browser().get(link)
    assert begun.status == 302
    assert begun.location.startswith(f"{tenant.base}/auth/authorize?")
    assert "launch" not in begun.query
    assert begun.query["aud"] == tenant.base


def test_a_launch_that_failed_starts_over_at_the_same_hospital(
    server: Server, tenant: Tenant, browser: Browser
) -> None:
    (link,) = links(page(server, "bern"))
    begun = browser.get(link)
    response = f"error=access_denied&state={begun.query['state']}"
    refused = browser.send("GET", f"{begun.query['redirect_uri']}?{response}", NAVIGATION)
    assert f"start over at <code>{link}</code>" in unescape(refused.text)


@each(
    ("find", "found", "told"),
    [
        ("ho", 0, "too short"),
        ("hospital", 20, "The first 20 hospitals found"),
        ("hospital 1", 10, "10 hospitals found"),
        ("nameless", 1, "1 hospital found"),
        ("absent", 0, "No hospital found for “absent”"),
    ],
)
def test_it_says_how_many_it_shows(server: Server, find: str, found: int, told: str) -> None:
    answer = page(server, find)
    assert (answer.status, len(links(answer)), told in answer.text) == (200, found, True)


def test_what_was_typed_and_every_name_are_shown_as_text_and_never_logged(server: Server) -> None:
    answer = page(server, TYPED)
    assert "<b>" not in answer.text
    assert "sentinel &lt;b&gt;&amp;&#34;&#39; général" in answer.text
    found = page(server, "<i>gen").text
    assert "&lt;i&gt;General &amp; Sons" in found
    assert "1 hospital found for “&lt;i&gt;gen”" in found
    assert "<i>" not in found
    assert "sentinel" not in server.log.read_text()


@each(
    ("query", "code"),
    [
        ("ehr=one&iss=https%3A%2F%2Fstranger.test%2Ffhir", "iss_not_allowed"),
        ("ehr=one&iss=https%3A%2F%2Ftwo.test%2Ffhir", "iss_not_allowed"),
        ("ehr=one&iss=", "iss_not_allowed"),
        ("ehr=one&iss=https%3A%2F%2Fh1.test%2Ffhir&launch=x", "parameter_invalid"),
        ("ehr=one&find=aaa&find=bbb", "parameter_repeated"),
        ("ehr=two&iss=https%3A%2F%2Ftwo.test%2Ffhir", "parameter_invalid"),
        ("ehr=three&iss=https%3A%2F%2Fh1.test%2Ffhir", "parameter_invalid"),
    ],
)
def test_any_other_base_or_entry_is_refused(server: Server, query: str, code: str) -> None:
    answer = Browser().get(f"{server.origin}/launch?{query}")
    assert (answer.status, answer.code) == (400, code)


def test_an_ehr_launch_finds_a_base_of_the_file_as_well(server: Server, tenant: Tenant) -> None:
    iss = quote(tenant.base, safe="")
    begun = Browser().get(f"{server.origin}/launch?iss={iss}&launch=x")
    assert (begun.status, begun.query["launch"]) == (302, "x")
