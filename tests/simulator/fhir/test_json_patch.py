"""A JSON Patch that does not fit (RFC 6902): the library applies those that do."""

from typing import Any

import pytest

from simulator.fhir.json_patch import PatchError, apply
from tests.support.tables import each

DOCUMENT = {"a": {"b": 1}, "l": ["x", "y"], "m/n": 1, "~": 2}


@each(
    "patch",
    [
        {},
        ["x"],
        [{"op": "other", "path": "/a"}],
        [{"op": "add", "path": "/a"}],
        [{"op": "add", "path": "a", "value": 1}],
        [{"op": "replace", "path": "", "value": {}}],
        [{"op": "add", "path": "/none/b", "value": 1}],
        [{"op": "add", "path": "/m~1n/x", "value": 1}],
        [{"op": "add", "path": "/l/3", "value": 1}],
        [{"op": "add", "path": "/l/01", "value": 1}],
        [{"op": "remove", "path": "/l/-"}],
        [{"op": "remove", "path": "/none"}],
        [{"op": "replace", "path": "/none", "value": 1}],
        [{"op": "copy", "path": "/c"}],
        [{"op": "test", "path": "/a/b", "value": 2}],
    ],
)
def test_a_patch_that_does_not_fit_changes_nothing(patch: Any) -> None:
    before = {**DOCUMENT, "l": ["x", "y"]}
    with pytest.raises(PatchError):
        apply(
            [{"op": "remove", "path": "/l/0"}, *patch] if isinstance(patch, list) else patch, before
        )
    assert before["l"] == ["x", "y"]
