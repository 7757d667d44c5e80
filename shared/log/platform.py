"""Find this process's Google Cloud project and the name of its service.

https://cloud.google.com/run/docs/container-contract: `K_SERVICE` is set on Cloud Run, which also
runs the functions. Only the metadata server knows the project.
"""

import http.client
import os
import re
from functools import cache

_METADATA = "metadata.google.internal"
_SECONDS = 1.0
_PROJECT = re.compile(r"[a-z][a-z0-9.:-]{4,98}[a-z0-9]")


def service() -> str | None:
    """Return the name of the Cloud Run service, or None elsewhere."""
    return os.environ.get("K_SERVICE") or None


@cache
def project() -> str | None:
    """Return the project that this process runs in, or None if it's unknown.

    It's requested once, before the first request is served. A late response is ignored.
    """
    named = os.environ.get("GOOGLE_CLOUD_PROJECT") or (_from_metadata() if service() else "")
    return named if _PROJECT.fullmatch(named) else None


def _from_metadata() -> str:
    # Google's client libraries use the same variable to override it.
    host = os.environ.get("GCE_METADATA_HOST") or _METADATA
    try:
        connection = http.client.HTTPConnection(host, timeout=_SECONDS)
        try:
            path = "/computeMetadata/v1/project/project-id"
            connection.request("GET", path, headers={"Metadata-Flavor": "Google"})
            response = connection.getresponse()
            genuine = response.status == 200 and response.headers["Metadata-Flavor"] == "Google"
            return response.read(100).decode("ascii", "replace") if genuine else ""
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException):
        return ""
