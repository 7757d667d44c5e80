"""The location of the product's code, and the commands that start its processes."""

import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# Don't resolve it: if this folder is a link, the rest of the deployment is next to the link.
_HERE = Path(__file__).absolute().parent
# In a clone, this is the repository. In the wheel, it's a copy of the repository.
IS_CLONE = not (_HERE / "product").is_dir()
PRODUCT = _HERE.parent if IS_CLONE else _HERE / "product"
WRITTEN = _HERE / "project"


def version() -> str:
    """Return the version of this package. shared/ isn't importable here."""
    return str(runpy.run_path(str(PRODUCT / "shared/release.py"))["version"]())


def command(module: str, arguments: Sequence[str]) -> list[str]:
    """Return the command that runs a product module in the environment from `variables`."""
    return [sys.executable, "-P", "-m", module, *arguments]


def variables(more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a process of the product, with its folder on Python's path. The
    current folder isn't on it, because its modules would shadow the product's and the standard
    library's.
    """
    path = [str(PRODUCT), *filter(None, [os.environ.get("PYTHONPATH")])]
    safe = {"PYTHONPATH": os.pathsep.join(path), "PYTHONSAFEPATH": "1"}
    return {**os.environ, **safe, **more}


def page_variable(folder: Path) -> Mapping[str, str]:
    """Return the variable that serves a project's page, unless one is already set."""
    has_page = (folder / "page/index.html").is_file()
    return {"PAGE": "page"} if has_page and not os.environ.get("PAGE") else {}
