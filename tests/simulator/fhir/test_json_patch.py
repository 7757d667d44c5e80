"""JSON Patch by the examples' kinds of RFC 6902, appendix A."""

from typing import Any

import pytest

from simulator.fhir.json_patch import PatchError, apply
from tests.support.tables import each

DOCUMENT = {"a": {"b": 1}, "l": ["x", "y"], "m/n": 1, "~": 2}


@each(
    ("operation", "changed"),
    [
        ({"op": "add", "path": "/c", "value": 3}, {"c": 3}),
        ({"op": "add", "path": "/a/b", "value": 3}, {"a": {"b": 3}}),
        ({"op": "add", "path": "/l/1", "value": "z"}, {"l": ["x", "z", "y"]}),
        ({"op": "add", "path": "/l/-", "value": "z"}, {"l": ["x", "y", "z"]}),
        ({"op": "add", "path": "/l/2", "value": "z"}, {"l": ["x", "y", "z"]}),
        ({"op": "remove", "path": "/l/0"}, {"l": ["y"]}),
        ({"op": "replace", "path": "/l/0", "value": "z"}, {"l": ["z", "y"]}),
        ({"op": "replace", "path": "/m~1n", "value": 3}, {"m/n": 3}),
        ({"op": "replace", "path": "/~0", "value": 3}, {"~": 3}),
        ({"op": "move", "from": "/a/b", "path": "/c"}, {"a": {}, "c": 1}),
        ({"op": "copy", "from": "/a", "path": "/c"}, {"c": {"b": 1}}),
        ({"op": "test", "path": "/l", "value": ["x", "y"]}, {}),
    ],
)
def test_an_operation_changes_one_place(operation: dict[str, Any], changed: Any) -> None:
    assert apply([operation], DOCUMENT) == DOCUMENT | changed


@each(
    "patch",
    [
        {},
        ["x"],
        [{"op": "other", "path": "/a"}],
        [{"op": "add", "path": "/a"}],
        [{"op": "add", "path": "a", "value": 1}],
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
