import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any

import pytest

from shared.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Base:
    name: str
    token: str = field(repr=False)
    parts: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ours(Base):
    """A class with every kind of field that the product uses, and a method."""

    assign: int = 7
    note: tuple[str, ...] = field(default=("a",), compare=False)
    me: Any = field(default=None, compare=False)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Empty:
    pass


@dataclasses.dataclass(frozen=True, slots=True)
class Theirs(Base):
    """A subclass elsewhere needs nothing of ours."""

    more: str = "more"


def test_a_frozen_class_is_what_the_standard_library_would_make_of_it() -> None:
    made = [Ours("x", "secret"), Ours("x", "secret", [], 7, ("b",)), Ours(token="t", name="x")]
    theirs = dataclasses.make_dataclass(
        "Ours",
        [(one.name, one.type, _again(one)) for one in dataclasses.fields(Ours)],
        namespace={"__str__": lambda self: self.name},
        frozen=True,
        slots=True,
    )
    same: list[Callable[[Any], object]] = [
        repr,
        str,
        dataclasses.asdict,
        values,
        lambda one: one == copy.deepcopy(one),
        lambda one: one == dataclasses.replace(one, note=()),
        lambda one: one == dataclasses.replace(one, assign=8),
        lambda one: one == "x",
        lambda one: (
            hash(dataclasses.replace(one, parts=()))
            == hash(dataclasses.replace(one, parts=(), note=()))
        ),
        lambda one: type(one).__match_args__,
        lambda one: type(one).__slots__[-1],
    ]
    for one in made:
        other = theirs(*values(one))
        assert [look(one) for look in same] == [look(other) for look in same]
        assert pickle.loads(pickle.dumps(one)) == one
        with pytest.raises(FrozenInstanceError):
            one.assign = 1  # type: ignore[misc]
        with pytest.raises(FrozenInstanceError):
            del one.assign
    assert made[0].parts is not made[1].parts
    assert Empty() == Empty()
    assert {Empty()} == {Empty()}
    assert repr(Theirs("x", "t")) == "Theirs(name='x', parts=[], more='more')"
    with pytest.raises(TypeError, match=r"Ours\.__init__\(\) missing 1 required .* 'token'"):
        Ours("x")  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        object.__setattr__(made[0], "other", 1)


def values(one: Any) -> list[object]:
    return [getattr(one, each.name) for each in dataclasses.fields(one)]


def _again(one: "dataclasses.Field[Any]") -> Any:
    options = ("default", "default_factory", "repr", "compare")
    return field(**{name: getattr(one, name) for name in options})
