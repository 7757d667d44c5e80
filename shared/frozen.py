"""Dataclasses as `dataclasses.dataclass(frozen=True, slots=True)` makes them, in a quarter of the
time.

It compiles six methods for each class, one by one, which was half of what this project adds to a
cold start. Here only `__init__` is compiled, for the first instance, and all classes share the
other methods. Fields have a default, `default_factory`, `repr`, `compare` and `metadata`, and no
other options.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

C = TypeVar("C")

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - so that mypy knows it
else:

    def dataclass(*, frozen: bool, slots: bool) -> Callable[[type[C]], type[C]]:
        """Return the decorator. `frozen` and `slots` must be true, as the line should say."""
        if not (frozen and slots):
            raise TypeError
        return _made


def _made(cls: type[C]) -> type[C]:
    # Without a docstring, `dataclasses` writes the signature, which takes longer than all else.
    cls.__doc__ = cls.__doc__ or cls.__name__
    # Without these three methods and `frozen`, it compiles nothing. A subclass has to be frozen.
    inherits = any(map(dataclasses.is_dataclass, cls.__bases__))
    options = {"init": False, "repr": False, "eq": False, "frozen": inherits, "slots": True}
    made: Any = dataclasses.dataclass(**options)(cls)
    made.__dataclass_params__.frozen = True
    fields = dataclasses.fields(made)

    # Only half of the classes have an instance in a function that has just started.
    def first(self: Any, *values: Any, **named: Any) -> None:
        made.__init__ = _init(made, fields)
        made.__init__(self, *values, **named)

    made.__init__ = first
    compared = [one.name for one in fields if one.compare]
    # Without fields, all instances are equal.
    made.__compared__ = attrgetter(*compared or ("__class__",))
    for name, method in _SHARED.items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    return made  # type: ignore[no-any-return]


def _init(cls: type[Any], fields: Sequence[Field[Any]]) -> Callable[..., None]:
    """Compile `__init__` from the fields, with their defaults."""
    names: dict[str, Any] = {"_assign": object.__setattr__, "_absent": MISSING}
    names["__name__"] = cls.__module__
    parameters, lines = ["self"], []
    for one in fields:
        name = parameter = value = one.name
        if one.default_factory is not MISSING:
            names[f"_default_{name}"] = one.default_factory
            parameter = f"{name}=_absent"
            value = f"_default_{name}() if {name} is _absent else {name}"
        elif one.default is not MISSING:
            names[f"_default_{name}"] = one.default
            parameter = f"{name}=_default_{name}"
        parameters.append(parameter)
        lines.append(f"\n    _assign(self, {name!r}, {value})")
    exec(f"def __init__({', '.join(parameters)}):{''.join(lines) or ' pass'}", names)  # noqa: S102 - our own field names
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__annotations__ = {one.name: one.type for one in fields}
    return made


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self.__compared__(self) == self.__compared__(other)


def _hash(self: Any) -> int:
    return hash(self.__compared__(self))


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (one.name for one in dataclasses.fields(self) if one.repr)
    values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
    return f"{type(self).__qualname__}({values})"


def _setattr(_: object, name: str, _value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(_: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _reduce(self: Any) -> tuple[type[Any], tuple[Any, ...]]:
    """Return how to create a copy."""
    return type(self), tuple(getattr(self, one.name) for one in dataclasses.fields(self))


_SHARED: Mapping[str, Callable[..., Any]] = {
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__reduce__": _reduce,
}
