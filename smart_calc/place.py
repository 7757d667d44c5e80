"""Where the code of the product is, and how its processes are started."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_HERE = Path(__file__).resolve().parent
# In a clone the tree itself, in the wheel a copy of it.
PRODUCT = _HERE / "product" if (_HERE / "product").is_dir() else _HERE.parent
WRITTEN = _HERE / "project"


def version() -> str:
    """The version of this package, read where it stands: shared/release.py."""
    text = (PRODUCT / "shared/release.py").read_text("utf-8")
    (number,) = re.findall(r'^VERSION = "(.+)"$', text, re.MULTILINE)
    return str(number)


def command(module: str, arguments: Sequence[str]) -> list[str]:
    """What runs one of the product's modules, in the environment that `variables` makes."""
    return [sys.executable, "-P", "-m", module, *arguments]


def variables(more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process of the product: its folder on Python's path, and not the
    current one, whose modules would be taken for the product's and the standard library's.
    """
    path = [str(PRODUCT), *filter(None, [os.environ.get("PYTHONPATH")])]
    safe = {"PYTHONPATH": os.pathsep.join(path), "PYTHONSAFEPATH": "1"}
    return {**os.environ, **safe, **more}


def page_variable(folder: Path) -> Mapping[str, str]:
    """The variable that serves a project's page, unless another is named already."""
    there = (folder / "page/index.html").is_file()
    return {"PAGE": "page"} if there and not os.environ.get("PAGE") else {}
