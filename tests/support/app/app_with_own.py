"""The gateway with functions of a project next to ours (tests/support/app/own_functions/)."""

from pathlib import Path

from gateway import app
from gateway.own_functions import OwnFunction

for _folder in sorted((Path(__file__).parent / "own_functions").iterdir()):
    if (_folder / "main.py").is_file():
        app._own[_folder.name] = OwnFunction(_folder.name, _folder)
application = app.application
