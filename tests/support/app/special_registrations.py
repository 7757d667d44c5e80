"""Registrations that are the special cases of a launch, and the launches that are pending."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.support.app.servers import Server
from tests.support.ehr.scripted_ehr import ScriptedEhr, Tenant

FILTERED = "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/oc|laboratory"


@dataclass(frozen=True)
class Special:
    """Group `i` asks for identity and a filtered scope, group `h` may use endpoints on `other`.

    `deep` is registered with a path below its base and a trailing slash. `lists` and `lists_not`
    are standalone registrations; the second EHR does not list launch/patient. Group `p` of both
    hosts shares the redirect path /callback and must send `iss` with its responses.
    """

    origin: str
    server: Server
    scripted: ScriptedEhr
    other: ScriptedEhr
    deep: Tenant
    lists: Tenant
    lists_not: Tenant
    dead_base: str


@dataclass(frozen=True)
class Pending:
    """The pending launches in the store of the session's app."""

    path: Path

    def count(self) -> int:
        with closing(sqlite3.connect(self.path)) as store:
            query = "SELECT count(*) FROM records WHERE collection = 'launches'"
            return int(store.execute(query).fetchone()[0])

    def text(self) -> str:
        with closing(sqlite3.connect(self.path)) as store:
            return repr(store.execute("SELECT * FROM records").fetchall())
