"""Makes the access of a session due for renewal at a server whose tokens live for an hour."""

import time
from dataclasses import replace
from pathlib import Path

from shared import base64url
from shared.sealing import Sealer
from shared.session import record, session_cookies
from shared.store.sqlite import SqliteStore
from tests.interop.chart_session import Session


def make_due(session: Session, store: Path, sealing_key: str) -> None:
    """Change the stored time at which the access expires; its app must not cache sessions."""
    sealer, kept = Sealer((base64url.decode(sealing_key),)), SqliteStore(str(store))
    cookies = {name: (value,) for name, value in session.browser.cookies().items()}
    secret = session_cookies.secret_of(session.handle, cookies)
    stored = record.read(kept, session.handle, secret, sealer)
    due = replace(stored.session, access_expires_at=time.time() + 1)
    fields = record.fields(due, sealer, last_used=stored.last_used)
    place = record.COLLECTION, record.key(session.handle)
    kept.replace(*place, fields, due.expires_at, stored.record.version)
