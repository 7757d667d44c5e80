"""Measure the memory size of values in bytes, for caches with a size limit."""

import itertools
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass

# The bytes of a tuple's slot for an item, and of the shortest text together with its slot.
_PLACE_BYTES, _LEAST_BYTES = 8, 58


def footprint(value: object) -> int:
    """Return the bytes of a value, including everything in it. A shared part counts each time.

    The contents of containers, dataclasses and exceptions are included. For any other object, only
    its own size counts.
    """
    size = sys.getsizeof(value)
    if isinstance(value, str | bytes):
        return size
    if isinstance(value, Mapping):
        return size + sum(footprint(key) + footprint(one) for key, one in value.items())
    if isinstance(value, tuple | list | set | frozenset):
        return size + sum(map(footprint, value))
    if isinstance(value, BaseException):
        return size + footprint(value.args) + footprint(vars(value))
    if is_dataclass(value):
        return size + sum(footprint(getattr(value, field.name)) for field in fields(value))
    return size


def first_within(most: int, listed: tuple[str, ...], needed: Iterable[str]) -> tuple[str, ...]:
    """Return the items that fit into this many bytes of memory, the `needed` ones first."""
    if sys.getsizeof(listed) + sum(map(sys.getsizeof, listed)) <= most:
        return listed
    known, kept, left = frozenset(listed), dict[str, None](), most - sys.getsizeof(())
    for one in itertools.chain((one for one in needed if one in known), listed):
        size = sys.getsizeof(one) + _PLACE_BYTES
        if size <= left and one not in kept:
            kept[one] = None
            left -= size
        if left < _LEAST_BYTES:
            break
    return tuple(kept)
