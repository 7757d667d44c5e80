"""JSON Patch applied to a document (RFC 6902, with the pointers of RFC 6901)."""

from copy import deepcopy
from typing import Any


class PatchError(ValueError):
    """The patch is none, or does not fit the document; the text says why."""


def apply(patch: Any, document: Any) -> Any:
    """Return a document changed by all operations, or raise PatchError and change nothing."""
    if not isinstance(patch, list):
        raise PatchError("a patch is a list of operations")
    changed = deepcopy(document)
    for operation in patch:
        if not isinstance(operation, dict):
            raise PatchError("an operation is an object")
        changed = _applied(operation, changed)
    return changed


def _applied(operation: dict[str, Any], document: Any) -> Any:
    name, path = operation.get("op"), _pointer(operation, "path")
    match name:
        case "add" | "replace" | "test" if "value" not in operation:
            raise PatchError(f"{name} needs a value")
        case "add":
            return _add(document, path, deepcopy(operation["value"]))
        case "remove":
            return _remove(document, path)[1]
        case "replace":
            return _add(_remove(document, path)[1], path, deepcopy(operation["value"]))
        case "move":
            moved, rest = _remove(document, _pointer(operation, "from"))
            return _add(rest, path, moved)
        case "copy":
            return _add(document, path, deepcopy(_get(document, _pointer(operation, "from"))))
        case "test":
            if _get(document, path) != operation["value"]:
                raise PatchError(f"the test of {operation['path']} failed")
            return document
    raise PatchError("op must be add, remove, replace, move, copy or test")


def _pointer(operation: dict[str, Any], member: str) -> list[str]:
    text = operation.get(member)
    if not isinstance(text, str) or not text.startswith("/"):
        raise PatchError(f"{member} must be a pointer to a part of the resource")
    return [part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")]


def _get(document: Any, path: list[str]) -> Any:
    for part in path:
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list):
            document = document[_index(part, len(document) - 1)]
        else:
            raise PatchError(f"there is no {part!r}")
    return document


def _add(document: Any, path: list[str], value: Any) -> Any:
    parent, last = _get(document, path[:-1]), path[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list):
        parent.insert(len(parent) if last == "-" else _index(last, len(parent)), value)
    else:
        raise PatchError(f"nothing can be added at {last!r}")
    return document


def _remove(document: Any, path: list[str]) -> tuple[Any, Any]:
    removed = _get(document, path)
    parent, last = _get(document, path[:-1]), path[-1]
    del parent[last if isinstance(parent, dict) else int(last)]
    return removed, document


def _index(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and str(int(text[:9])) == text and int(text) <= most):
        raise PatchError(f"there is no place {text!r} in the list")
    return int(text)
