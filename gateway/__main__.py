"""Serves all functions on one origin with your own configuration (SMART_CONFIG): `python -m
gateway`.

Environment variables: HOST (default 127.0.0.1) and PORT (8080) to listen on, WORKERS (1) for the
number of processes.
"""

import os
import sys
import tomllib
from pathlib import Path

from gateway import own_page, servers
from gateway.servers import LOOPBACK, Place, Taken, Unusable
from infra import project
from infra.project import ProjectRefused

_MOST_WORKERS = 64


def main() -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; return 0 after a clean shutdown."""
    place = Place("PORT", os.environ.get("PORT", "8080"), os.environ.get("HOST", LOOPBACK))
    try:
        workers = _workers()
        own_page.folder()
        project.read(Path.cwd())
        servers.require_free(place, "serve")
    except (Unusable, ProjectRefused, Taken) as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, Unusable) else 1
    app = servers.Server("gateway.app:application", place, {}, workers)
    local_url = f"http://localhost:{place.port}"
    return servers.run([app], ready=local_url, note=_public_url_note(local_url))


def _public_url_note(local_url: str) -> str:
    """Return a note if public_url differs from the local URL, or an empty string."""
    try:
        configured = tomllib.loads(Path(os.environ["SMART_CONFIG"]).read_text("utf-8"))
        public_url = configured.get("public_url")
    except (KeyError, OSError, ValueError):
        return ""  # the functions report what's wrong with the file
    if not isinstance(public_url, str) or public_url.rstrip("/") == local_url:
        return ""
    return (
        f"public_url is {public_url}. Launches use that URL, so a proxy must forward requests to "
        f"{local_url}. Unless public_url is on localhost, it must use https.\n"
    )


def _workers() -> int:
    value = os.environ.get("WORKERS", "1")
    if not value.isdecimal() or not 1 <= int(value) <= _MOST_WORKERS:
        raise Unusable(f"WORKERS must be a number from 1 to {_MOST_WORKERS}.")
    return int(value)


if __name__ == "__main__":
    sys.exit(main())
