"""The headers of a request, looked up by name in the WSGI environ (PEP 3333).

A browser sends about twenty, and a function reads five of them, so they aren't copied.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_UNPREFIXED = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})
_PREFIX = "HTTP_"


class Headers(Mapping[str, str]):
    """Headers by name, in any case. Values of a repeated name are joined by commas."""

    __slots__ = ("_environ",)

    def __init__(self, environ: "WSGIEnvironment") -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        key = _key(name)
        value: str = self._environ[key]
        # A server may set both even if the request has neither.
        if key in _UNPREFIXED and not value:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        for key, value in self._environ.items():
            name = key.removeprefix(_PREFIX)
            if (key in _UNPREFIXED and value) or (name != key and name not in _UNPREFIXED):
                yield name.replace("_", "-").title()

    def __len__(self) -> int:
        return sum(1 for _ in self)


@lru_cache(maxsize=64)
def _key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in _UNPREFIXED else _PREFIX + key
