"""All functions on one origin with your own configuration (SMART_CONFIG): `python -m gateway`.

They listen at HOST (127.0.0.1 if unset) and PORT (8080), in as many processes as WORKERS says (1).
"""

import os
import sys
import tomllib
from pathlib import Path

from gateway import own_page, servers
from gateway.servers import LOOPBACK, Place, Unusable
from infra import project
from infra.project import Refused

_MOST_WORKERS = 64


def main() -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; 0 after an orderly end."""
    place = Place("PORT", os.environ.get("PORT", "8080"), os.environ.get("HOST", LOOPBACK))
    try:
        workers = _workers()
        own_page.folder()
        project.read(Path.cwd())
        servers.require_free(place, "serve")
    except (Unusable, Refused) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    app = servers.Server("gateway.app:application", place, {}, workers)
    here = f"http://localhost:{place.port}"
    return servers.run([app], ready=here, remark=_other_address(here))


def _other_address(here: str) -> str:
    """A remark where browsers are to come by another address than this one."""
    try:
        configured = tomllib.loads(Path(os.environ["SMART_CONFIG"]).read_text("utf-8"))
        public_url = configured.get("public_url")
    except (KeyError, OSError, ValueError):
        return ""  # the functions say what is wrong with the file
    if not isinstance(public_url, str) or public_url.rstrip("/") == here:
        return ""
    return (
        f"public_url is {public_url}: launches come there, so something in front must lead that "
        f"address to {here}, over https but for localhost.\n"
    )


def _workers() -> int:
    given = os.environ.get("WORKERS", "1")
    if not given.isdecimal() or not 1 <= int(given) <= _MOST_WORKERS:
        raise Unusable(f"WORKERS is no number from 1 to {_MOST_WORKERS}.")
    return int(given)


if __name__ == "__main__":
    sys.exit(main())
