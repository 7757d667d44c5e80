"""An app whose sessions a test can end under an open page, and launches of its tenants in a real
browser.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote

from playwright.sync_api import Page

from shared.session import record
from tests.support.app.app import App, ehr_tables
from tests.support.app.servers import free_port, serve_app
from tests.support.ehr.scripted_ehr import Received, Scripted, ScriptedEhr, Tenant

_NO_EHR = "http://127.0.0.1:9"
_HOUR = 3600.0


@dataclass(frozen=True)
class EndableApp:
    """The functions, which re-read a session for every request, and their store's file."""

    app: App
    database: Path

    def leave_idle(self, handle: str) -> None:
        """Make a session look as if it hadn't been used for an hour."""
        key = record.key(handle)
        with contextlib.closing(sqlite3.connect(self.database)) as connection, connection:
            where = "WHERE collection = 'sessions' AND key = ?"
            (fields,) = connection.execute(f"SELECT fields FROM records {where}", (key,)).fetchone()
            held = json.loads(fields)
            held["last_used"] -= _HOUR
            connection.execute(f"UPDATE records SET fields = ? {where}", (json.dumps(held), key))


@contextlib.contextmanager
def serve_endable(folder: Path, scripted: ScriptedEhr) -> Iterator[EndableApp]:
    """Run the app with the registrations of scripted tenants (tests/conftest.py)."""
    database = folder / "endable.db"
    tables, top = ehr_tables(_NO_EHR, scripted), "session_cache_seconds = 0"
    with serve_app(folder, tables, top=top, port=free_port(), store=database) as server:
        yield EndableApp(App(server.origin, server, _NO_EHR, scripted), database)


def launch_in(page: Page, app: App, tenant: Tenant) -> str:
    """Launch from a tenant's chart in a real browser; the handle of the session."""

    def authorize(request: Received) -> Scripted:
        asked = {name: values[0] for name, values in parse_qs(request.query).items()}
        back = f"{asked['redirect_uri']}?code=c1&state={asked['state']}&iss={quote(tenant.base)}"
        return Scripted(302, {"Location": back})

    tenant.on("/auth/authorize", authorize)
    page.goto(f"{app.origin}/launch?iss={quote(tenant.base, safe='')}&launch=launch-1")
    page.wait_for_url(f"{app.origin}/smart_calc/*/")
    return page.url.rstrip("/").rpartition("/")[2]
