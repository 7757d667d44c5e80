"""Raw socket requests to the staged functions: for any input, the app itself responds, and the log
contains only the fields that it's meant to have.
"""

import contextlib
import itertools
import json
import os
import random
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from infra.stage import FUNCTIONS
from tests.deploy.whole_deployment import Deployment
from tests.support.browser.browser import NAVIGATION, Browser
from tests.support.cloud.router import Router
from tests.support.ehr.scripted_ehr import ScriptedEhr

PATIENT = "patient-id-that-no-log-may-hold"
EXCHANGES = 2000 if os.environ.get("SOAK") else 800
# Each round of `make soak` is another.
SEEDS = itertools.count(2026)
AT_ONCE = 8
# Every response from the app has at least these headers.
OURS = ("x-correlation-id:", "x-content-type-options: nosniff", "referrer-policy: no-referrer")


@dataclass(frozen=True)
class Deployed:
    """The functions on their ports, an open session, and the folder of their logs."""

    ports: Mapping[str, int]
    folder: Path
    handle: str
    cookie: str

    def logs(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*.log"))

    def exchange(self, function: str, request: bytes, *, ends: bool = True) -> str:
        """The whole answer; without `ends` the sender waits for it with its side left open."""
        received = b""
        with socket.create_connection(("127.0.0.1", self.ports[function]), 30) as connection:
            connection.sendall(request)
            if ends:
                connection.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                while piece := connection.recv(65_536):
                    received += piece
        return received.decode("latin-1")


@pytest.fixture(scope="module")
def deployed(on_sqlite: Deployment, router: Router, scripted: ScriptedEhr) -> Deployed:
    tenant, browser = scripted.tenant(), Browser()
    tenant.token |= {"patient": PATIENT}
    tenant.resources[f"Patient/{PATIENT}"] = {"resourceType": "Patient", "id": PATIENT}
    ports = {name: port for name, (port,) in on_sqlite.ports.items()}
    router.strip, router.ports = False, {name: itertools.repeat(ports[name]) for name in ports}
    iss = quote(tenant.base, safe="")
    begun = browser.send("GET", f"{router.origin}/launch?iss={iss}&launch=x", NAVIGATION)
    callback = f"{router.origin}/callback?code=c&state={begun.query['state']}&iss={iss}"
    handle = browser.send("GET", callback, NAVIGATION).location.rstrip("/").rpartition("/")[2]
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
    return Deployed(ports, on_sqlite.folder, handle, cookie)


# The parts of a request. Each is valid HTTP (RFC 9112), except for the body.
METHODS = (
    "GET",
    "GET",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "TRACE",
    "XYZZY",
)
PIECES = (
    *(
        "",
        "/",
        "//",
        "/.",
        "/..",
        "/%2e%2e",
        "/%0A",
        "/%00",
        "/%",
        "/%zz",
        "/%C3%28",
        "/;x=1",
        "/\\",
    ),
    *("/robots.txt", "/favicon.ico", "/health", "/session", "/metadata", "/jwks.json", "/~", "/'"),
    *(
        "/Patient",
        f"/Patient/{PATIENT}",
        f"/Patient/{PATIENT}/_history/1",
        "/_search",
        "/$everything",
    ),
    *("?", "?x", "?x=%0A", "?state=%00", "?iss=a&iss=b", "?launch=x&iss=", "?_page=x", "?%"),
)
HEADERS = (
    *("Accept: text/html", "Accept: application/json", "Accept: %", "Accept:", "Range: bytes=0-1"),
    *(
        "Content-Type: text/xml",
        "Content-Type: %",
        "Content-Encoding: gzip",
        "Expect: 100-continue",
    ),
    *(
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Dest: image",
        "Sec-Purpose: prefetch",
        "Origin: null",
    ),
    *("Cookie: a=b; __Host-smart-x=y", "Cookie: ;;;=", "X-Smart-Proxy: 1", "Upgrade: h2c"),
    *("X-Cloud-Trace-Context: 1/2;o=3", "If-None-Match: *", "If-Match: x", "Via: 1.1 proxy"),
    *("X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https", "Forwarded: host=evil.example"),
)
BODIES = (
    *("", "", "Content-Length: 3\r\n\r\nabc", "Content-Length: 9\r\n\r\nabc"),
    *(
        "Content-Length: 20000000\r\n\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ),
    *(
        "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabcde",
    ),
    *(
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    ),
    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y",
)


def requests(deployed: Deployed) -> Iterator[tuple[str, str, bytes]]:
    chance = random.Random(next(SEEDS))
    for number in range(EXCHANGES):
        function = FUNCTIONS[number % len(FUNCTIONS)]
        method = chance.choice(METHODS)
        own = chance.choice((f"/{function}", f"/{function}", ""))
        session = chance.choice((f"/{deployed.handle}", f"/{deployed.handle}", "", "/" + "A" * 22))
        more = "".join(chance.choices(PIECES, k=chance.randrange(3)))
        path = own + session + more
        if not path.startswith("/"):
            path = f"/{path}"
        if method == "DELETE":
            # The session is to last to the end.
            path = path.replace("/session", "")
        # The server refuses one that is doubled by itself.
        lines = {one.partition(":")[0]: one for one in chance.sample(HEADERS, chance.randrange(4))}
        headers = list(lines.values())
        if chance.random() < 0.7:
            headers.append(f"Cookie: {deployed.cookie}")
        host = chance.choice(("localhost", "localhost", "evil.example", "a b", "[", ""))
        body = (
            chance.choice(BODIES) if method not in {"GET", "HEAD"} or chance.random() < 0.3 else ""
        )
        head = "\r\n".join((f"{method} {path} HTTP/1.1", f"Host: {host}", *headers))
        yield function, method, f"{head}\r\n{body or chr(13) + chr(10)}".encode("latin-1")


@pytest.mark.calculators
def test_every_answer_is_ours_and_no_log_line_holds_handle_or_patient(deployed: Deployed) -> None:
    def strange(given: tuple[str, str, bytes]) -> list[tuple[bytes, str]]:
        function, _, request = given
        answer = deployed.exchange(function, request).removeprefix("HTTP/1.1 100 Continue\r\n\r\n")
        head = answer.partition("\r\n\r\n")[0].lower()
        ours = all(name in head for name in OURS) and head[9:12] != "500"
        return [] if ours else [(request, answer[:500])]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        odd = [one for some in pool.map(strange, requests(deployed)) for one in some]
    assert odd == []
    logs = deployed.logs()
    assert '"event": "fhir_request"' in logs
    assert deployed.handle not in logs
    assert PATIENT not in logs
    # The others are Gunicorn's own.
    lines = [json.loads(line) for line in logs.splitlines() if not line.startswith("[")]
    assert [line for line in lines if line.get("code") == "internal_error"] == []
    assert all(line["event"] and line["correlation_id"] for line in lines)


@pytest.mark.parametrize("announced", [100, 20_000_000])
def test_bodies_that_never_come_hold_nobody_up(deployed: Deployed, announced: int) -> None:
    """16 of them, as many as a function has threads; one of 20 MB is not taken at all. Without a
    limit it takes as long as the 16 please.
    """
    body = "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    body += f"Cookie: {deployed.cookie}\r\nContent-Length: {announced}\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for function in FUNCTIONS:
            address = f"/{function}/{deployed.handle}/Patient/_search"
            for _ in range(16):
                connection = stack.enter_context(
                    socket.create_connection(("127.0.0.1", deployed.ports[function]), 30)
                )
                connection.sendall(f"POST {address} HTTP/1.1\r\nHost: localhost\r\n{body}".encode())

        def ask(function: str) -> str:
            health = f"GET /{function}/health HTTP/1.1\r\nHost: localhost\r\nConnection: close"
            return deployed.exchange(function, f"{health}\r\n\r\n".encode(), ends=False)[9:12]

        with ThreadPoolExecutor(len(FUNCTIONS)) as pool:
            # Half a minute passes before `exchange` gives up.
            assert set(pool.map(ask, FUNCTIONS)) == {"200"}


@pytest.mark.calculators
def test_a_body_that_does_not_come_is_refused_and_ends_its_connection(deployed: Deployed) -> None:
    head = f"POST /smart_calc/{deployed.handle}/bmi HTTP/1.1\r\nHost: localhost\r\nCookie: "
    head += f"{deployed.cookie}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json"
    request = f"{head}\r\nContent-Length: 50\r\n\r\n{{".encode()
    answer = deployed.exchange("smart_calc", request, ends=False)
    assert answer.startswith("HTTP/1.1 400")
    assert "request body is incomplete" in answer
    # What comes too late is not taken for another request.
    assert answer.count("HTTP/1.1") == 1
