"""A custom page at /app/: its files and nothing else."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from gateway import blocked, own_page
from gateway.servers import Unusable
from shared.errors import NotFound
from shared.inbound import cookies
from shared.inbound.edge import Call, Reply
from tests.support.app.app import App, ehr_tables
from tests.support.app.proxy import raw_exchange
from tests.support.app.servers import Server, serve_app
from tests.support.browser.browser import Browser
from tests.support.ehr import one_ehr
from tests.support.ehr.scripted_ehr import ScriptedEhr
from tests.support.tables import each

FRAMES = 'frame_ancestors = ["https://ehr.example.org"]'
SCRIPT = b"console.log(1)\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr) -> Iterator[Server]:
    """Run the gateway with a page, a secret next to its folder, and links that point there."""
    outside = tmp_path_factory.mktemp("page")
    page = outside / "folder"
    (page / "sub").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html><title>mine</title>")
    (page / "page.js").write_bytes(SCRIPT)
    (page / "a name.txt").write_text("text")
    (page / "sub" / "logo.svg").write_text("<svg/>")
    (page / "sub" / "index.html").write_text("another")
    (page / "large.bin").write_bytes(bytes(300_000))
    (page / ".env").write_text("secret")
    (page / ".git").mkdir()
    (page / ".git" / "config").write_text("secret")
    (outside / "secret.txt").write_text("secret")
    (page / "link.txt").symlink_to(outside / "secret.txt")
    (page / "way").symlink_to(outside)
    (page / "hidden.txt").symlink_to(page / ".env")
    (page / "inside.txt").symlink_to(page / "a name.txt")
    (page / "circle.txt").symlink_to(page / "circle.txt")
    os.mkfifo(page / "pipe.txt")
    tables = ehr_tables("http://127.0.0.1:9", scripted)
    with serve_app(outside, tables, top=FRAMES, page=page) as server:
        yield server


@pytest.fixture
def origin(served: Server) -> str:
    return served.origin


@each(
    ("path", "kind", "content"),
    [
        ("", "text/html; charset=utf-8", b"<!doctype html><title>mine</title>"),
        ("?session=x", "text/html; charset=utf-8", b"<!doctype html><title>mine</title>"),
        ("index.html", "text/html; charset=utf-8", b"<!doctype html><title>mine</title>"),
        ("page.js", "text/javascript; charset=utf-8", SCRIPT),
        ("a%20name.txt", "text/plain; charset=utf-8", b"text"),
        ("inside.txt", "text/plain; charset=utf-8", b"text"),
        ("sub/logo.svg", "image/svg+xml; charset=utf-8", b"<svg/>"),
        ("large.bin", "application/octet-stream", bytes(300_000)),
    ],
)
def test_a_file_of_the_folder_is_served_under_a_policy_of_its_own(
    origin: str, path: str, kind: str, content: bytes
) -> None:
    answer = Browser().get(f"{origin}/app/{path}")
    assert (answer.status, answer.header("Content-Type"), answer.body) == (200, kind, content)
    assert answer.header("Content-Length") == str(len(content))
    policy = (answer.header("Content-Security-Policy") or "").split("; ")
    assert "default-src 'self'" in policy
    assert "frame-ancestors https://ehr.example.org" in policy
    assert not any("unsafe" in one for one in policy)
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Referrer-Policy") == "no-referrer"


@each(
    "path",
    [
        "/app/sub",
        "/app/sub/",
        "/app/nothing.html",
        "/app//page.js",
        "/app/./page.js",
        "/app/../secret.txt",
        "/app/%2e%2e/secret.txt",
        "/app/%2E%2E%2Fsecret.txt",
        "/app/..%2fsecret.txt",
        "/app/sub/../../secret.txt",
        "/app/%252e%252e/secret.txt",
        "/app/..%5csecret.txt",
        "/app/sub%5c..%5c..%5csecret.txt",
        "/app/.env",
        "/app/%2eenv",
        "/app/.git/config",
        "/app/link.txt",
        "/app/way/secret.txt",
        "/app/hidden.txt",
        "/app/pipe.txt",
        "/app/circle.txt",
        "/app/page.js%00.html",
        "/app/page.js%0a",
        "/app/%ff",
        "/app/" + "a" * 5000,
        "/app/" + "a/" * 5000 + "b",
        "/apple",
        "/App/page.js",
    ],
)
def test_nothing_else_is_served(origin: str, path: str) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = raw_exchange(origin, head.encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"secret" not in answer.partition(b"\r\n\r\n")[2]


def test_the_address_without_its_last_slash_leads_to_the_page_with_its_session(origin: str) -> None:
    head = b"GET /app?session=a%20b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = raw_exchange(origin, head)
    assert answer.startswith(b"HTTP/1.1 308 ")
    assert b"\r\nLocation: /app/?session=a%20b\r\n" in answer


def test_head_has_the_headers_alone_and_other_methods_are_refused(origin: str) -> None:
    head = Browser().send("HEAD", f"{origin}/app/page.js")
    assert (head.status, head.header("Content-Length"), head.body) == (200, str(len(SCRIPT)), b"")
    refused = Browser().send("POST", f"{origin}/app/page.js", body=b"x")
    assert (refused.status, refused.header("Allow")) == (405, "GET, HEAD")


HANDLE = "AAAAAAAAAAAAAAAAAAAAAA"
PATIENT = "erXuFYUfucBZaryVksYEcMg3"


def _report(served: Server, kind: str, content: object, **headers: str) -> int:
    body, sent = json.dumps(content).encode(), {"Content-Type": kind, **headers}
    return Browser().send("POST", f"{served.origin}/csp-reports", sent, body=body).status


def _told(served: Server) -> list[str]:
    lines = map(json.loads, served.log.read_text("utf-8").splitlines())
    return [one["message"] for one in lines if one["event"] == "page_blocked"]


def test_what_the_pages_policy_blocks_is_told_in_one_line_without_session_or_patient(
    served: Server,
) -> None:
    page = Browser().get(f"{served.origin}/app/?session={HANDLE}")
    assert "report-to page" in (page.header("Content-Security-Policy") or "").split("; ")
    assert page.header("Reporting-Endpoints") == 'page="/csp-reports"'
    only = page.header("Content-Security-Policy-Report-Only") or ""
    assert "report-uri /csp-reports" in only.split("; ")
    # As Chromium sends it for `report-uri`, and as the Reporting API has it.
    inline = {
        "document-uri": f"{served.origin}/app/?session={HANDLE}",
        "effective-directive": "style-src-attr",
        "blocked-uri": "inline",
        "line-number": 12,
        "source-file": f"{served.origin}/app/sub/page.js?v=1",
    }
    chart = {
        "documentURL": f"{served.origin}/app/?session={HANDLE}",
        "effectiveDirective": "connect-src",
        "blockedURL": f"https://user@ehr.example.org:8443/r4/Patient/{PATIENT}?_id={PATIENT}",
    }
    # What a router of the page writes into the address, the proxy's paths, and no address at all.
    odd = [
        {**chart, "documentURL": f"{served.origin}/app/{PATIENT}", "blockedURL": f"urn:{PATIENT}"},
        {
            **chart,
            "documentURL": "about",
            "blockedURL": f"{served.origin}/fhir_proxy/{HANDLE}/Patient/{PATIENT}",
        },
        {**chart, "documentURL": f"Patient {PATIENT}"},
    ]
    other = {"type": "deprecation", "body": {"id": "x"}}
    for _ in range(2):
        assert _report(served, "application/csp-report", {"csp-report": inline}) == 204
        bodies = [{"type": "csp-violation", "body": one} for one in (chart, *odd)]
        assert _report(served, "application/reports+json", [other, *bodies]) == 204
    assert _report(served, "application/json", {"csp-report": {**inline, "line-number": 13}}) == 415
    own, ehr = served.origin, "https://ehr.example.org:8443"
    script = f"an inline script, handler or style at {own}/app/sub/page.js, line 12"
    assert _told(served) == [
        f"The page's policy ({directive}) blocked {what}. See docs/own-app.md."
        for directive, what in (
            ("style-src-attr", script),
            ("connect-src", f"{ehr} at {own}/app/"),
            ("connect-src", f"urn: at {own}"),
            ("connect-src", f"{own} at about:"),
            ("connect-src", f"{ehr} at a malformed URL"),
        )
    ]


def test_no_other_site_writes_into_the_log_by_reports_of_its_own_policy(served: Server) -> None:
    before = _told(served)
    chosen = {"csp-report": {"blocked-uri": "https://chosen.example.org", "document-uri": "about"}}
    for site in ("cross-site", "same-site", "none"):
        # A browser's own: no preflight, and `report` as its destination.
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": "report"}
        assert _report(served, "application/csp-report", chosen, **headers) == 403
    assert _told(served) == before
    headers = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "report"}
    assert _report(served, "application/csp-report", chosen, **headers) == 204
    assert len(_told(served)) == len(before) + 1


def test_no_report_is_asked_for_or_taken_where_the_app_is_deployed() -> None:
    deployed = replace(one_ehr.settings(), public_url="https://smart.example.org")
    assert blocked.policies(deployed, "p") == {"Content-Security-Policy": "p"}
    kind = {"Content-Type": "application/csp-report"}
    call = Call("POST", blocked.PATH, kind, cookies.parse([]), "", lambda _: b"{}")
    with pytest.raises(NotFound):
        blocked.receive(deployed, call)


def _served(page: Path) -> Reply:
    call = Call("GET", "/app/page.js", {}, cookies.parse([]), "", lambda _: b"")
    return own_page.serve(one_ehr.settings(), call, page)


# Injected, for root may read a file of mode 0.
@pytest.mark.parametrize("error", [PermissionError, FileNotFoundError])
def test_a_file_that_cannot_be_opened_is_not_found_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[OSError]
) -> None:
    (tmp_path / "page.js").write_bytes(SCRIPT)

    def refuse(*_: Any) -> NoReturn:
        raise error

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(NotFound):
        _served(tmp_path)


@pytest.mark.parametrize("later", [b"", SCRIPT + b"more"], ids=["shorter", "longer"])
def test_a_file_that_changes_while_it_is_sent_is_never_longer_than_was_said(
    tmp_path: Path, later: bytes
) -> None:
    (tmp_path / "page.js").write_bytes(SCRIPT)
    reply = _served(tmp_path)
    (tmp_path / "page.js").write_bytes(later)
    assert reply.headers["Content-Length"] == str(len(SCRIPT))
    assert isinstance(reply.body, own_page.Chunks)
    assert b"".join(reply.body) == later[: len(SCRIPT)]
    reply.body.close()


def test_without_page_there_is_nothing_at_the_address(app: App) -> None:
    assert Browser().get(f"{app.origin}/app/").status == 404


@pytest.mark.parametrize("named", ["nowhere", "."])
def test_a_folder_without_a_page_is_refused_at_start(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAGE", named)
    with pytest.raises(Unusable, match=r" isn't a folder with an index\.html\."):
        own_page.folder()
