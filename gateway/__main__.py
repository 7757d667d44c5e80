"""All functions on one origin with your own configuration (SMART_CONFIG): `python -m gateway`.

They listen on the loopback address at PORT, 8080 if unset.
"""

import os
import sys

from gateway import servers


def main() -> int:
    """Serve until SIGINT or SIGTERM; 0 after an orderly end."""
    port = os.environ.get("PORT", "8080")
    if not servers.are_free({"PORT": port}, "serve"):
        return 1
    app = servers.Server("gateway.app:application", port, {})
    return servers.run([app], ready=f"http://localhost:{port}")


if __name__ == "__main__":
    sys.exit(main())
