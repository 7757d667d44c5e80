"""Checks that the store can be read and conditionally written, and that it removes expired records.

One record in a separate collection goes through the same operations as the records of a launch and
a session.
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
# The function cds_services records its calls here.
CDS_CALLS = "cds_calls"
RECORD_SECONDS = 60.0
_PERMISSIONS = (
    "Check that [store] is correct, that the database exists, and that the account that runs "
    "this check has its IAM roles (docs/deploy.md, Database and Service accounts)."
)


def check(settings: Settings) -> list[Checked]:
    """Read, create, conditionally replace and delete a record; then check policies and indexes."""
    if settings.store.kind != "firestore":
        return _probe(open_store(settings.store))
    try:
        from shared.store.firestore import FirestoreStore
    except ModuleNotFoundError:
        title = "The Python package google-cloud-firestore isn't installed here."
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
        title = f"The store can't be read ({_why(error)})."
        return [fail("store_unreachable", title, _PERMISSIONS)]
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
        why = _why(error) if isinstance(error, StoreUnavailable) else "its precondition failed"
        title = f"A record can't be written: {step} failed ({why})."
        return fail("store_write_failed", title, _PERMISSIONS)
    return ok("store_write_failed", "A record can be created, replaced and deleted.")


def _ttl(store: "FirestoreStore", settings: StoreSettings, collection: str) -> Checked:
    fix = (
        f"gcloud firestore fields ttls update expires_at --collection-group={collection} "
        f"--enable-ttl --database={settings.database}"
    )
    try:
        removes = store.removes_expired(collection)
    except StoreUnavailable as error:
        return _unknown("ttl_policy_missing", f"{collection} has a TTL policy", error, fix)
    if removes:
        return ok("ttl_policy_missing", f"Expired records in {collection} are removed.")
    title = f"{collection} has no TTL policy on expires_at, so expired records are never removed."
    return fail("ttl_policy_missing", title, fix)


def _exempt(store: "FirestoreStore", settings: StoreSettings, collection: str) -> Checked:
    """Check that no field is indexed: an index on an increasing timestamp is a bottleneck, and no
    query needs one.
    """
    from shared.store.firestore import FIELDS

    def fix(field: str) -> str:
        return (
            f"gcloud firestore indexes fields update {field} --collection-group={collection} "
            f"--disable-indexes --database={settings.database}"
        )

    try:
        indexed = [field for field in FIELDS if store.indexes(collection, field)]
    except StoreUnavailable as error:
        what = f"the fields in {collection} are indexed"
        return _unknown("index_exemption_missing", what, error, fix(FIELDS[0]))
    if not indexed:
        return ok("index_exemption_missing", f"No field in {collection} is indexed.")
    title = f"Firestore indexes {', '.join(indexed)} in {collection}, which slows down writes."
    return fail("index_exemption_missing", title, "; ".join(map(fix, indexed)))


def _unknown(id_: FindingId, what: str, error: StoreUnavailable, fix: str) -> Checked:
    """Report an unknown result: fail if the account lacks a permission, or else warn (emulator)."""
    title = f"It's unknown whether {what} ({_why(error)})."
    if _why(error) == "PermissionDenied":
        role = "Grant this account the role datastore.viewer (docs/deploy.md, Service accounts)"
        return fail(id_, title, f"{role}, or use an account with it. Otherwise run: {fix}")
    return warn(id_, title, f"Check the database itself. To be sure, run: {fix}")


def _why(error: StoreUnavailable) -> str:
    return error.evidence.get("store", "no response")
