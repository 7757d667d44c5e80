"""Which functions there are: some may have been taken away, others added (docs/own-app.md)."""

from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "functions"


def names() -> tuple[str, ...]:
    """Each folder of functions/ with a main.py, by name."""
    return tuple(sorted(path.parent.name for path in _FOLDER.glob("*/main.py")))
