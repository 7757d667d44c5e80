"""Pending launches in the store: behavior that only a unit test can show."""

import hashlib
from pathlib import Path

import pytest

from shared.errors import StateUnknown
from shared.smart import launches
from shared.store.sqlite import SqliteStore


def test_a_launch_begun_by_a_version_with_other_fields_is_over(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "smart.db"))
    state = "s" * 43
    key = hashlib.sha256(state.encode()).hexdigest()
    store.create(launches.COLLECTION, key, {"requested": [], "other": 1}, 4e9)
    with pytest.raises(StateUnknown):
        launches.find(store, state)
