"""Which store the settings name: opens it, and loads no other's client library.

The contract that every store keeps is in contract.py. A store of another kind is a module beside
this one that keeps it, and a branch of `open_store`.
"""

from shared.config.file import stop
from shared.config.settings import StoreSettings
from shared.config.table import Problem
from shared.store.contract import Conflict, Fields, Record, Store, Value

__all__ = ["Conflict", "Fields", "Record", "Store", "Value", "open_store"]


def open_store(settings: StoreSettings) -> Store:
    """The store that the settings name; only its own client library is loaded.

    Ends the process where that library is not installed.
    """
    if settings.kind == "sqlite":
        from shared.store.sqlite import SqliteStore

        return SqliteStore(settings.path)
    try:
        from shared.store.firestore import FirestoreStore
    except ModuleNotFoundError:
        what = "needs the Python package google-cloud-firestore, which is not installed"
        step = 'Install the function\'s requirements.txt, or set store.kind = "sqlite".'
        stop([Problem.at("setting_invalid", "store.kind", what, step)])
    return FirestoreStore(settings.project, settings.database)
