"""The code lists next to this module, as JSON: one row per line, each list with its sources.

They are data for review row by row. The modules that read them document how they are used. A list
is parsed once, on first use.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

Row = Mapping[str, str]

_HERE = Path(__file__).parent


@cache
def rows(name: str) -> tuple[Row, ...]:
    """Return the rows of a list, in order, as text by column; a row may lack a column."""
    document: Any = json.loads((_HERE / f"{name}.json").read_text("utf-8"))
    return tuple(document["rows"])


def listed(row: Row, column: str) -> tuple[str, ...]:
    """Return the space-separated words of a column."""
    return tuple(row.get(column, "").split())
