"""One server process: `python -m gateway.serving TARGET SETTINGS`, with Gunicorn settings as JSON.

Gunicorn's own command puts the current folder first in Python's path and reads gunicorn.conf.py
there. That folder is the user's project, whose modules would shadow smart-calc's and the standard
library's.
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.util import import_app


class _Served(BaseApplication):  # type: ignore[misc] # Gunicorn has no types
    def __init__(self, target: str, settings: Mapping[str, object]) -> None:
        self._target = target
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        application: Callable[..., Any] = import_app(self._target)
        return application


if __name__ == "__main__":
    _Served(sys.argv[1], json.loads(sys.argv[2])).run()
