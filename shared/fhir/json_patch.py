"""Apply a JSON Patch to a resource in order to check the result (RFC 6902; FHIR R4 http.html).

The result is only checked, never sent. The EHR gets the patch unchanged. So the patch is applied as
the most lenient server would do it: missing parents are created, a missing target of `remove` is
ignored, and a `test` succeeds. A stricter server rejects the patch itself. Anything that lenient
servers could interpret in different ways is rejected: unknown fields, `-` except for a new last
item, a name that differs from an existing one only in case, and a missing source.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

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
_MEMBERS = frozenset({"op", "path", "from", "value"})
_MOST_OPERATIONS = 1000
_MOST_PARTS = 50
_MOST_MEMBERS = 1000
# Python 3.13 reads JSON that is nested ten times as deep as in 3.11.
_MOST_LEVELS = 200
# The values that all operations of a patch together may copy.
_MOST_COPIED = 20_000
# The size limit in bytes of a resource to patch: checking it takes many times its size in memory.
MOST_BYTES = 1_000_000


class Number(str):
    """A number with its original digits: `1.50` is neither `1.5` nor the text "1.50"."""

    __slots__ = ()


def read(body: bytes) -> Any:
    """Read a document and keep its numbers as written. `body` has passed strict parsing before."""
    return json.loads(body, parse_float=Number, parse_int=Number)


def changed_elements(document: Any) -> frozenset[str]:
    """Return the names of the resource's own elements that the operations change, without `_`.

    Raise ValueError, with the reason, if the document isn't a patch, replaces everything or only
    tests.
    """
    if not isinstance(document, list) or not document:
        raise ValueError("it must be a list of operations")
    if len(document) > _MOST_OPERATIONS:
        raise ValueError(f"it must have at most {_MOST_OPERATIONS} operations")
    changed = [pointer for operation in document for pointer in _changed(operation)]
    if not changed:
        raise ValueError("it changes nothing")
    return frozenset(pointer.split("/")[1].removeprefix("_") for pointer in changed)


def tests(document: list[dict[str, Any]]) -> bool:
    """Return whether a patch tests values of the resource."""
    return any(operation["op"] == "test" for operation in document)


def values(document: list[dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield the values in a patch, each with the name of the element that it's put into."""
    for operation in document:
        if operation["op"] in {"add", "replace"}:
            names = (part for part in reversed(operation["path"].split("/")) if part[:1].isalpha())
            yield next(names, ""), operation["value"]


def result(document: list[dict[str, Any]], resource: Any, *, unchanged: bool) -> Any:
    """Return the resource after the patch. `read` has parsed both. With `unchanged`, the patch may
    change nothing.

    Raise ValueError, with the reason, if a pointer leads through a non-element or to nothing,
    nothing would change, or the patch would create too much.
    """
    if not (_is_shallow(document) and _is_shallow(resource)):
        raise ValueError("it is nested too deeply")
    try:
        made = _applied(document, _copied(resource))
        is_same = not unchanged and _same(made, resource)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if is_same:
        raise ValueError("it changes nothing")
    return made


def _is_shallow(document: Any) -> bool:
    level = [document]
    for _ in range(_MOST_LEVELS):
        level = [held for one in level for held in _held(one)]
        if not level:
            return True
    return False


def _held(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _applied(document: list[dict[str, Any]], made: Any) -> Any:
    left = _MOST_COPIED
    for operation in document:
        path = operation["path"].split("/")[1:]
        name = operation["op"]
        if name in {"move", "copy"}:
            source = operation["from"].split("/")[1:]
            present, value = _looked_up(made, source)
            if not present:
                raise ValueError("`from` points to an element that doesn't exist")
            if name == "move":
                _remove(made, source)
            else:
                # A patch that copies a list into itself doubles it with each operation.
                left -= _size(value)
                if left < 0:
                    raise ValueError("it copies too much data")
                value = _copied(value)
            _put(made, path, value, replacing=False)
        elif name == "remove":
            _remove(made, path)
        elif name in {"add", "replace"}:
            _put(made, path, _copied(operation["value"]), replacing=name == "replace")
    return made


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(one) for name, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value


def _size(value: Any) -> int:
    """Return the number of values in a value, itself included."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return 1
    return 1 + sum(map(_size, value))


def _same(one: Any, other: Any) -> bool:
    """Return whether two documents are the same, ignoring the order of members."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _changed(operation: Any) -> list[str]:
    name = operation.get("op") if isinstance(operation, dict) else None
    if not isinstance(name, str) or name not in _CHANGING:
        raise ValueError("`op` must be add, remove, replace, move, copy or test")
    if not _MEMBERS.issuperset(operation):
        raise ValueError("an operation can have only the members op, path, from and value")
    if name in _NEEDS_VALUE and "value" not in operation:
        raise ValueError(f"the operation {name} needs a `value`")
    for member in ("from", "path") if name in {"move", "copy"} else ("path",):
        pointer = operation.get(member)
        if not isinstance(pointer, str) or _POINTER.fullmatch(pointer) is None:
            raise ValueError(f"`{member}` must point to an element of the resource")
        *way, last = pointer.split("/")
        if len(way) > _MOST_PARTS:
            raise ValueError(f"`{member}` points too deep")
        appends = member == "path" and name in {"add", "move", "copy"}
        if "-" in way or (last == "-" and not appends):
            raise ValueError(f"`-` in `{member}` doesn't point to an existing element")
    return [operation[member] for member in _CHANGING[name]]


def _looked_up(document: Any, path: list[str]) -> tuple[bool, Any]:
    for part in path:
        _require_one_spelling(document, part)
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return False, None
    return True, document


def _require_one_spelling(document: Any, part: str) -> None:
    """Reject names that differ only by case: some servers ignore case, and would read another
    element.
    """
    if isinstance(document, dict) and part not in document:
        if len(document) > _MOST_MEMBERS:
            raise ValueError("an object has too many members")
        folded = part.casefold()
        if any(name.casefold() == folded for name in document):
            raise ValueError("a name differs from an existing name only in case")


def _remove(document: Any, path: list[str]) -> None:
    if _looked_up(document, path)[0]:
        parent = _looked_up(document, path[:-1])[1]
        del parent[path[-1] if isinstance(parent, dict) else int(path[-1])]


def _put(document: Any, path: list[str], value: Any, *, replacing: bool) -> None:
    for part, following in zip(path, [*path[1:], ""], strict=True):
        _require_one_spelling(document, part)
        last = following == ""
        if isinstance(document, list) and (part == "-" or part.isdigit()):
            place = len(document) if part == "-" else min(int(part), len(document))
            if not last and place < len(document):
                document = document[place]
                continue
            made = value if last else _empty(following)
            if last and replacing and place < len(document):
                document[place] = made
            else:
                document.insert(place, made)
            document = made
        elif isinstance(document, dict) and part != "-":
            if last:
                document[part] = value
            else:
                document = document.setdefault(part, _empty(following))
        else:
            raise ValueError("a pointer passes through a value that is not an element")


def _empty(following: str) -> Any:
    """Return the container to create for a missing path segment: a list for an array index,
    otherwise an object.
    """
    return [] if following == "-" or following.isdigit() else {}
