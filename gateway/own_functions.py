"""A project's own functions, loaded and called as Google's framework does it in the cloud.

Each is a package of its own by the name of its folder, so that it imports what lies beside it
relatively and meets no module of ours, of another function, or of the current folder. What
`smart_calc.api` has made gets every request as it came, as our own functions do.
"""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import flask


class OwnFunction(flask.Flask):
    """One function as a WSGI application, which gets every path and method."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(f"own_function_{name}", static_folder=None, root_path=str(folder))
        with self.app_context():
            self._function = _load(self.import_name, name, folder)

    def dispatch_request(self) -> flask.typing.ResponseReturnValue:
        """Call the function with the request; Flask makes a response of what it returns."""
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
    spec.loader.exec_module(module)
    function: Callable[[flask.Request], flask.typing.ResponseReturnValue] = getattr(module, name)
    return function
