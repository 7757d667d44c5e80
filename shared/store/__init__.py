"""Open the store that the settings name, without loading the client library of another store.

contract.py defines the interface of all stores. To add a store, implement the interface in a new
module in this folder, and add a branch to `open_store`.
"""

import os
import threading
from collections.abc import Callable
from typing import assert_never

from shared import log
from shared.config.settings import StoreSettings
from shared.config.settings_file import stop
from shared.config.table import Problem
from shared.errors import StoreUnavailable
from shared.store.contract import Conflict, Fields, Record, Store, Value

__all__ = ["Conflict", "Fields", "Record", "Store", "Value", "open_store"]


def open_store(settings: StoreSettings) -> Store:
    """Open the store that the settings name. Only its own client library is loaded.

    If that library isn't installed, exit with status 1.
    """
    match settings.kind:
        case "sqlite":
            from shared.store.sqlite import SqliteStore

            return SqliteStore(settings.path)
        case "firestore":
            return _firestore(settings)
        case _:
            assert_never(settings.kind)


def _firestore(settings: StoreSettings) -> Store:
    try:
        from shared.store.firestore import FirestoreStore
    except ModuleNotFoundError:
        what = "needs the Python package google-cloud-firestore, which is not installed"
        step = 'Install the function\'s requirements.txt, or set store.kind = "sqlite".'
        stop([Problem.at("setting_invalid", "store.kind", what, step)])
    store = FirestoreStore(settings.project, settings.database)
    # Gunicorn loads a function in one process and serves it in others, which each need a
    # connection.
    os.register_at_fork(after_in_child=lambda: _in_background(store.warm))
    return store


def _in_background(warm: Callable[[], None]) -> None:
    """Open a store's connection while the process continues to start. A failure is only logged."""

    def run() -> None:
        try:
            warm()
        except StoreUnavailable as error:
            message = "the store didn't respond while the function started"
            log.event("store_not_warmed", message, severity="WARNING", fields=dict(error.evidence))

    threading.Thread(target=run, name="store-warming", daemon=True).start()
