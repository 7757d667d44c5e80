"""The code lists that lie beside this module as JSON: a row a line, each list with its sources.

They are data, to be reviewed row by row; what is done with them stands in the modules that read
them. A list is parsed once, when it is first asked for.
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
    """The rows of a list, in order: texts by column. An absent column reads as the empty text."""
    document: Any = json.loads((_HERE / f"{name}.json").read_text("utf-8"))
    return tuple(document["rows"])


def listed(row: Row, column: str) -> tuple[str, ...]:
    """The words of a column that holds several, separated by spaces."""
    return tuple(row.get(column, "").split())
