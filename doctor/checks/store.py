"""The store: can it be read and written under its conditions, and does it clear away by itself?

One record of a collection of its own goes through all that a launch and a session do to theirs.
"""

import contextlib
import secrets
import time
from typing import TYPE_CHECKING

from doctor.finding import Checked, FindingId, fail, ok, warn
from shared.config.settings import Settings, StoreSettings
from shared.errors import StoreUnavailable
from shared.session import record
from shared.smart import launches
from shared.store import Conflict, Store, open_store

if TYPE_CHECKING:
    from shared.store.firestore import FirestoreStore

COLLECTION = "doctor"
# Where the function cds_services remembers which calls it has had.
CDS_CALLS = "cds_calls"
RECORD_SECONDS = 60.0
_RIGHTS = (
    "Check [store], that the database exists, and the rights of the account that runs this: "
    "docs/deploy.md, Database and Service accounts."
)


def check(settings: Settings) -> list[Checked]:
    """Read, create, conditional replace and delete of one record; then policies and indexes."""
    if settings.store.kind != "firestore":
        return _probe(open_store(settings.store))
    try:
        from shared.store.firestore import FirestoreStore
    except ModuleNotFoundError:
        title = "The Python package google-cloud-firestore is not installed here."
        fix = "Run `make doctor`, which installs it, or install a function's requirements.txt."
        return [fail("store_unreachable", title, fix)]
    store = FirestoreStore(settings.store.project, settings.store.database)
    findings = _probe(store)
    if any(finding.id == "store_unreachable" and finding.level == "fail" for finding in findings):
        return findings
    collections = [launches.COLLECTION, record.COLLECTION]
    collections += [CDS_CALLS] * bool(settings.cds_clients)
    return [
        *findings,
        *(_ttl(store, settings.store, collection) for collection in collections),
        *(_exempt(store, settings.store, collection) for collection in collections),
    ]


def _probe(store: Store) -> list[Checked]:
    key = secrets.token_hex(32)
    try:
        store.read(COLLECTION, key)
    except StoreUnavailable as error:
        return [fail("store_unreachable", f"The store cannot be read ({_why(error)}).", _RIGHTS)]
    reached = ok("store_unreachable", "The store can be read.")
    return [reached, _write(store, key)]


def _write(store: Store, key: str) -> Checked:
    expires_at = time.time() + RECORD_SECONDS
    step = "create"
    try:
        version = store.create(COLLECTION, key, {"probe": 1}, expires_at)
        step = "replace"
        version = store.replace(COLLECTION, key, {"probe": 2}, expires_at, version)
        step = "delete"
        store.delete(COLLECTION, key, version)
    except (StoreUnavailable, Conflict) as error:
        with contextlib.suppress(StoreUnavailable, Conflict):
            store.delete(COLLECTION, key)
        why = _why(error) if isinstance(error, StoreUnavailable) else "its condition did not hold"
        title = f"A record cannot be written: {step} failed ({why})."
        return fail("store_write_failed", title, _RIGHTS)
    return ok("store_write_failed", "A record can be created, replaced and deleted.")


def _ttl(store: "FirestoreStore", settings: StoreSettings, collection: str) -> Checked:
    fix = (
        f"gcloud firestore fields ttls update expires_at --collection-group={collection} "
        f"--enable-ttl --database={settings.database}"
    )
    try:
        removes = store.removes_expired(collection)
    except StoreUnavailable as error:
        return _untold("ttl_policy_missing", f"{collection} has a TTL policy", error, fix)
    if removes:
        return ok("ttl_policy_missing", f"Expired records of {collection} are removed.")
    title = f"{collection} has no TTL policy on expires_at: expired records stay for ever."
    return fail("ttl_policy_missing", title, fix)


def _exempt(store: "FirestoreStore", settings: StoreSettings, collection: str) -> Checked:
    """An index on a time stamp that only grows is a bottleneck, and nothing is searched for."""
    from shared.store.firestore import FIELDS

    def fix(field: str) -> str:
        return (
            f"gcloud firestore indexes fields update {field} --collection-group={collection} "
            f"--disable-indexes --database={settings.database}"
        )

    try:
        indexed = [field for field in FIELDS if store.indexes(collection, field)]
    except StoreUnavailable as error:
        what = f"the fields of {collection} are indexed"
        return _untold("index_exemption_missing", what, error, fix(FIELDS[0]))
    if not indexed:
        return ok("index_exemption_missing", f"No field of {collection} is indexed.")
    title = f"Firestore indexes {', '.join(indexed)} of {collection}: writes will be slowed down."
    return fail("index_exemption_missing", title, "; ".join(map(fix, indexed)))


def _untold(id_: FindingId, what: str, error: StoreUnavailable, fix: str) -> Checked:
    """An account that lacks the right can be given it; an emulator cannot tell at all."""
    title = f"Whether {what} cannot be told ({_why(error)})."
    if _why(error) == "PermissionDenied":
        role = "Give this account the role datastore.viewer (docs/deploy.md, Service accounts)"
        return fail(id_, title, f"{role}, or look with one that has it; else: {fix}")
    return warn(id_, title, f"Look at the database itself, or make sure: {fix}")


def _why(error: StoreUnavailable) -> str:
    return error.evidence.get("store", "no answer")
