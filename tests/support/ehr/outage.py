"""EHRs at separate hosts that fall silent, and an app with sessions at them.

Sessions are written to the app's store, as another instance would, because a launch for each of
hundreds of bases takes longer than the test.
"""

import contextlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import quote

from shared import base64url
from shared.inbound import cookies
from shared.sealing import Sealer
from shared.session import record, session_cookies
from shared.store.sqlite import SqliteStore
from tests.support.app.app import App, Launched
from tests.support.app.open_session import open_session
from tests.support.app.proxy import about
from tests.support.app.servers import serve_app
from tests.support.browser.browser import NAVIGATION, OWN_FETCH, Answer, Browser
from tests.support.ehr.scripted_ehr import (
    FHIR_JSON,
    HANG_UP,
    Received,
    Scripted,
    ScriptedEhr,
    Tenant,
)

THREADS = 16  # tests/support/app/servers.py
# Longer than a busy machine delays a response, and shorter than a silent EHR does.
PATIENCE_SECONDS = 30.0
_NEVER_SECONDS = 120.0


@dataclass(frozen=True)
class Clinic:
    """One FHIR base and a session at it."""

    tenant: Tenant
    launch: Launched

    def read(self, *, timeout: float = _NEVER_SECONDS) -> Answer:
        """Read through the proxy, like a script of the app."""
        url = f"{self.launch.fhir_base}/Patient/p1"
        return self.launch.browser.send("GET", url, OWN_FETCH, timeout=timeout)

    def write(self) -> Answer:
        """Create a resource through the proxy."""
        headers = {**OWN_FETCH, "Content-Type": FHIR_JSON}
        body = json.dumps(about("Observation", "o1", "p1", status="final")).encode()
        url = f"{self.launch.fhir_base}/Observation"
        return self.launch.browser.send("POST", url, headers, body, timeout=_NEVER_SECONDS)

    def page(self, app: App) -> Answer:
        """Open the app's page, which reads the chart with several calls side by side."""
        url = f"{app.origin}/smart_calc/{self.launch.handle}/"
        return self.launch.browser.send("GET", url, NAVIGATION, timeout=_NEVER_SECONDS)


@dataclass
class Outage:
    """A running app, and hosts with any number of FHIR bases each. The last host is healthy."""

    app: App
    hosts: list[ScriptedEhr]
    healthy: Clinic = field(init=False)
    sealer: Sealer
    store: SqliteStore

    def __post_init__(self) -> None:
        self.healthy = self.clinic(len(self.hosts) - 1)

    def clinic(self, host: int) -> Clinic:
        """Return a new base at a host, with a session."""
        tenant, now = self.hosts[host].tenant(), time.time()
        handle, cookie = secrets.token_urlsafe(16), session_cookies.new(None, self.sealer, now)
        session = open_session(
            handle=handle,
            ehr=f"host-{host}",
            iss=tenant.base,
            fhir_base=tenant.base,
            requested=("patient/*.cruds",),
            granted=("patient/*.cruds",),
            access_token=tenant.access_token,
            token_endpoint=f"{tenant.base}/auth/token",
            secret=cookie.secret,
        )
        fields = record.fields(session, self.sealer, last_used=now)
        self.store.create(record.COLLECTION, record.key(handle), fields, session.expires_at)
        browser = Browser({"localhost": {cookies.session_name(handle): cookie.value}})
        base = f"{self.app.origin}/fhir_proxy/{handle}"
        return Clinic(tenant, Launched(browser, handle, base, Answer("", 303, [], b"")))

    @contextlib.contextmanager
    def silence(
        self, *clinics: Clinic, body: Callable[[threading.Event], Iterator[bytes]] | None = None
    ) -> Iterator[Callable[[Callable[[], Answer]], Future[Answer]]]:
        """Let these bases accept requests and not answer until the block ends, or send a `body`.

        Yield a function that sends a request and doesn't wait for its answer.
        """
        over = threading.Event()

        def answer(tenant: Tenant, request: Received) -> Scripted:
            tenant.received.append(request)
            if body is not None:
                return Scripted(200, {"Content-Type": "application/fhir+json"}, body(over))
            over.wait(_NEVER_SECONDS)
            return HANG_UP

        for one in clinics:
            vars(one.tenant)["answer"] = partial(answer, one.tenant)
        with ThreadPoolExecutor(400) as pool:
            try:
                yield pool.submit
            finally:
                over.set()

    def others(self) -> tuple[int, int, int]:
        """Return the status of /health, of a launch and of a read at the healthy EHR, which must
        answer in time.
        """
        launch_url = f"{self.app.origin}/launch?iss={quote(self.healthy.tenant.base)}&launch=x"
        health_url = f"{self.app.origin}/launch/health"
        asked = (
            Browser().send("GET", health_url, timeout=PATIENCE_SECONDS),
            Browser().send("GET", launch_url, timeout=PATIENCE_SECONDS),
            self.healthy.read(timeout=PATIENCE_SECONDS),
        )
        return (asked[0].status, asked[1].status, asked[2].status)


@contextlib.contextmanager
def outage(folder: Path, hosts: int) -> Iterator[Outage]:
    """Run an app with `hosts` hosts, each in its own registration."""
    key, store = secrets.token_bytes(32), folder / "smart.db"
    servers = [ScriptedEhr() for _ in range(hosts)]
    tables = "".join(
        f"""
[[ehr]]
key = "host-{number}"
iss = ["{one.origin}/a/*"]
client_id = "client"
scopes = "patient/*.cruds"
redirect_path = "/callback/host-{number}"
"""
        for number, one in enumerate(servers)
    )
    with serve_app(folder, tables, store=store, sealing_key=base64url.encode(key)) as server:
        app = App(server.origin, server, "", servers[-1])
        try:
            yield Outage(app, servers, Sealer((key,)), SqliteStore(str(store)))
        finally:
            for one in servers:
                one.close()
