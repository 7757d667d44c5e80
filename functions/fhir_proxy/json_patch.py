"""Which elements a JSON Patch changes (RFC 6902; FHIR R4 http.html, "patch"). Applies nothing."""

import re
from typing import Any

MEDIA_TYPE = "application/json-patch+json"
# JSON pointers (RFC 6901) to FHIR elements: names, `_name` of primitives, places in lists.
_POINTER = re.compile(r"(?:/(?:_?[A-Za-z][A-Za-z0-9]*|0|[1-9][0-9]{0,5}|-))+")
_CHANGING = {
    "add": ("path",),
    "remove": ("path",),
    "replace": ("path",),
    "move": ("from", "path"),
    "copy": ("path",),
    "test": (),
}
_NEEDS_VALUE = frozenset({"add", "replace", "test"})


def changed_elements(document: Any) -> frozenset[str]:
    """The names of the resource's own elements that the operations change, each without `_`.

    Raises ValueError, whose text says what is wrong: no patch, or one that replaces all.
    """
    if not isinstance(document, list) or not document:
        raise ValueError("it must be a list of operations")
    return frozenset(
        pointer.split("/")[1].removeprefix("_")
        for operation in document
        for pointer in _changed(operation)
    )


def _changed(operation: Any) -> list[str]:
    name = operation.get("op") if isinstance(operation, dict) else None
    if not isinstance(name, str) or name not in _CHANGING:
        raise ValueError("`op` must be add, remove, replace, move, copy or test")
    if name in _NEEDS_VALUE and "value" not in operation:
        raise ValueError(f"the operation {name} needs a `value`")
    for member in ("from", "path") if name in {"move", "copy"} else ("path",):
        pointer = operation.get(member)
        if not isinstance(pointer, str) or _POINTER.fullmatch(pointer) is None:
            raise ValueError(f"`{member}` must point to an element of the resource")
    return [operation[member] for member in _CHANGING[name]]
