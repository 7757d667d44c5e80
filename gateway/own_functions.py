"""Loads and calls a project's own functions, as Google's framework does in the cloud.

Each function is a separate package named after its folder. It imports modules in its folder
relatively, and can't import smart-calc's modules, another function's, or the current folder's by
accident. Functions made with `smart_calc.api` get every request unchanged, like smart-calc's own.
"""

import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import flask


class OwnFunction(flask.Flask):
    """One function as a WSGI application that gets every path and method."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(f"own_function_{name}", static_folder=None, root_path=str(folder))
        with self.app_context():
            self._function = _load(self.import_name, name, folder)
        made_by_api = "wsgi_app" in vars(self)
        actual = getattr(self._function, "__name__", name)
        if made_by_api and actual != name:
            raise ImportError(
                f"In {folder / 'main.py'}, @api.function makes the function {actual}, not {name}. "
                "If a decorator below it returns a different function, use functools.wraps in "
                "that decorator."
            )

    def dispatch_request(self) -> flask.typing.ResponseReturnValue:
        """Call the function with the request; Flask converts its result into a response."""
        return self._function(flask.request)


def _load(
    module_name: str, name: str, folder: Path
) -> Callable[[flask.Request], flask.typing.ResponseReturnValue]:
    spec = importlib.util.spec_from_file_location(
        module_name, folder / "main.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder / 'main.py'} can't be loaded.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # noqa: BLE001 - the developer's own code may raise anything
        raise SystemExit(_why(error, folder)) from None
    function: Callable[[flask.Request], flask.typing.ResponseReturnValue] = getattr(module, name)
    return function


def _why(error: Exception, folder: Path) -> str:
    """Return why a function's code can't be loaded, with the function's last line that ran,
    or that isn't valid Python. At this time, no message can contain chart data.
    """
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        (one.filename, one.lineno) for one in frames if Path(one.filename).is_relative_to(folder)
    ]
    if isinstance(error, SyntaxError):
        lines.append((error.filename or "", error.lineno))
    file, number = lines[-1] if lines else (str(folder / "main.py"), 1)
    shown = Path(file).relative_to(Path.cwd()) if Path(file).is_relative_to(Path.cwd()) else file
    fix = ""
    if isinstance(error, ModuleNotFoundError) and error.name:
        fix = (
            f" If it's a package, add it to functions/{folder.name}/requirements.txt and install "
            f"it. If it's a file next to main.py, import it relatively: from . import {error.name}"
        )
    return f"{shown}, line {number}: {type(error).__name__}: {error}.{fix}"
