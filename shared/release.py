"""The release of the app: its version and the commit that was staged."""

import json
from functools import cache
from pathlib import Path

# The only place with the version: pyproject.toml reads it from here.
VERSION = "0.1.0"
# Next to shared/ in a staged function: infra/stage.py.
_BUILD_INFO = Path(__file__).parents[1] / "BUILD_INFO"


@cache
def commit() -> str:
    """Return the commit, or `unknown` if the function wasn't staged."""
    try:
        return str(json.loads(_BUILD_INFO.read_bytes())["commit"])
    except (OSError, ValueError, KeyError):
        return "unknown"
