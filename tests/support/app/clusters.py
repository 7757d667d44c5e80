"""Several instances of one deployment, and launches at them."""

import contextlib
import json
import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from shared.session import record
from tests.support.app.app import App, Launched
from tests.support.app.stores import IN_FILES
from tests.support.browser.browser import Answer, Browser
from tests.support.cloud import firestore_emulator
from tests.support.ehr.scripted_ehr import Tenant

NO_EHR = "http://127.0.0.1:9"


INSTANCES, WORKERS = 2, 2


CACHE_SECONDS = 0.5


STORES = [*IN_FILES, "emulator" if firestore_emulator.how() else "stand_in"]


@dataclass(frozen=True)
class Cluster:
    """Several instances of one deployment. `first` listens where public_url points."""

    first: App
    origins: tuple[str, ...]


def launch(
    app: App, tenant: Tenant, browser: Browser | None = None, patient: str = "p1"
) -> Launched:
    """Complete a launch with a new code."""
    browser = browser or Browser()
    code = f"{patient}-{secrets.token_hex(4)}"
    callback = app.answer(app.begin(tenant, browser), tenant, browser, code)
    return launched(app, browser, callback)


def launched(app: App, browser: Browser, callback: Answer) -> Launched:
    """Return the session that a callback opened."""
    assert callback.status == 303, callback.text
    handle = callback.location.rstrip("/").rpartition("/")[2]
    return Launched(browser, handle, f"{app.origin}/fhir_proxy/{handle}", callback)


@dataclass(frozen=True)
class Pair:
    """Two instances of one deployment on one SQLite file; `second` is an origin."""

    first: App
    second: str
    database: Path
    sealing_key: str

    def records(self) -> dict[str, dict[str, object]]:
        """Return the fields of the sessions in the store, by key."""
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            query = "SELECT key, fields FROM records WHERE collection = 'sessions'"
            return {key: json.loads(fields) for key, fields in connection.execute(query)}

    def holds(self, launched: Launched) -> bool:
        return record.key(launched.handle) in self.records()
