"""The functions in a process that kills itself (SIGKILL) at a place that a test names.

A gunicorn target like gateway.app; gunicorn's master starts a new worker after each kill.
The file CRASH_FILE names the place, `before` or `after` one of `create in launches`, `create in
sessions`, `exchange`, `refresh`, `revoke`, `is_signed`; it is removed at the kill. A lease lasts
LEASE_SECONDS, so that no test waits for it. Nothing in the product knows of this; no test module
may import it.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway import app
from shared.oidc import id_token
from shared.session import lease
from shared.smart import token_endpoint
from shared.store.sqlite import SqliteStore

application = app.application
_file = Path(os.environ["CRASH_FILE"])


def _crash(place: str) -> None:
    if _file.exists() and _file.read_text(encoding="utf-8") == place:
        _file.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _around(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        _crash(f"before {name}")
        result = call(*args, **kwargs)
        _crash(f"after {name}")
        return result

    return wrapped


_create = SqliteStore.create


def _create_around(self: SqliteStore, collection: str, *args: Any) -> Any:
    return _around(f"create in {collection}", _create)(self, collection, *args)


setattr(SqliteStore, "create", _create_around)  # noqa: B010 - a method cannot be assigned to
for _name in ("exchange", "refresh", "revoke"):
    setattr(token_endpoint, _name, _around(_name, getattr(token_endpoint, _name)))
setattr(id_token, "is_signed", _around("is_signed", id_token.is_signed))  # noqa: B010 - see above
for _name in ("LEASE_SECONDS", "RETRY_SECONDS"):
    setattr(lease, _name, float(os.environ[_name]))
