"""All functions on one origin with your own configuration (SMART_CONFIG): `python -m gateway`.

They listen at HOST (127.0.0.1 if unset) and PORT (8080), in as many processes as WORKERS says (1).
"""

import os
import sys

from gateway import servers
from gateway.servers import LOOPBACK, Place, Unusable

_MOST_WORKERS = 64


def main() -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; 0 after an orderly end."""
    place = Place("PORT", os.environ.get("PORT", "8080"), os.environ.get("HOST", LOOPBACK))
    try:
        workers = _workers()
        servers.require_free(place, "serve")
    except Unusable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    app = servers.Server("gateway.app:application", place, {}, workers)
    return servers.run([app], ready=f"http://localhost:{place.port}")


def _workers() -> int:
    given = os.environ.get("WORKERS", "1")
    if not given.isdecimal() or not 1 <= int(given) <= _MOST_WORKERS:
        raise Unusable(f"WORKERS is no number from 1 to {_MOST_WORKERS}.")
    return int(given)


if __name__ == "__main__":
    sys.exit(main())
