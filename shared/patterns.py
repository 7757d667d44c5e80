"""Regular expressions that are compiled when they're first used.

Of those of smart_calc, the first page doesn't need half. Compiling them took 6 ms of a cold start.
"""

import re
from typing import Any, AnyStr, cast


class _Pattern:
    """Has the attributes of the compiled pattern."""

    def __init__(self, source: Any, flags: int) -> None:
        self._source = source, flags

    def __getattr__(self, name: str) -> Any:
        # Called only for an attribute that isn't there yet. `re` caches what it compiles.
        self.__dict__[name] = found = getattr(re.compile(*self._source), name)
        return found


def pattern(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return the pattern, like `re.compile`."""
    return cast("re.Pattern[AnyStr]", _Pattern(source, flags))
