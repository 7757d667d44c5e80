"""Regular expressions that are compiled when they're first used: a cold start needs few of them."""

import re
from functools import cache
from typing import Any, AnyStr, cast


class _Pattern:
    def __init__(self, *source: Any) -> None:
        self._source = source

    def __getattr__(self, name: str) -> Any:
        # Called only for an attribute that isn't there yet. `re` caches what it compiles.
        self.__dict__[name] = found = getattr(re.compile(*self._source), name)
        return found


def pattern(source: AnyStr) -> re.Pattern[AnyStr]:
    """Return a pattern like `re.compile`."""
    return cast("re.Pattern[AnyStr]", _Pattern(source))


@cache
def any_case(source: str) -> re.Pattern[str]:
    """Return a pattern of the code that ignores case, the same one every time."""
    return cast("re.Pattern[str]", _Pattern(source, re.IGNORECASE))
