"""JSON values and FHIR resources; numbers keep every digit as written."""

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Union

Json = Union[None, bool, int, float, Decimal, str, "Sequence[Json]", "Mapping[str, Json]"]
Resource = Mapping[str, Json]

# Numbers from FHIR with fewer decimal places than this are written unchanged, such as 0.0000001.
_MOST_PLACES = 40


def at(value: Json, *path: str | int) -> Json:
    """Return the value at a path of keys and indexes, or None if a part of it is missing.

    FHIR elements are optional: `patient["name"][0]["family"]` fails for a patient without a name.

    Example:
        family = api.at(patient, "name", 0, "family")
        if isinstance(family, str):
            return api.json({"family": family})

    """
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, Mapping) else None
        elif isinstance(value, Sequence) and not isinstance(value, str):
            value = value[step] if -len(value) <= step < len(value) else None
        else:
            return None
    return value


def dumps(value: Json) -> bytes:
    """Return a value as JSON text in UTF-8.

    Raises TypeError for a type that JSON doesn't have, and ValueError for NaN, Infinity and a value
    that contains itself.
    """
    try:
        return _text(value).encode()
    except RecursionError:
        raise ValueError("The value is nested too deeply, or contains itself.") from None


def _text(value: Json) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, Decimal | float):
        return _number(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_name(name)}: {_text(one)}" for name, one in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return "[" + ", ".join(map(_text, value)) + "]"
    raise TypeError(f"A {type(value).__name__} isn't JSON.")


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError("The name of a JSON property must be a string.")
    return json.dumps(name)


def _number(value: Decimal | float) -> str:
    # As a float, a Decimal of 1E+400 would be infinite.
    if not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
        raise ValueError(f"{value} isn't JSON.")
    if isinstance(value, float):
        return repr(value)
    exponent = value.as_tuple().exponent
    is_short = isinstance(exponent, int) and -_MOST_PLACES < exponent <= 0
    return format(value, "f") if is_short else str(value)
