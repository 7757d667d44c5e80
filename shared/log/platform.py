"""What Google's platform says of this process: its project and the name of its service.

https://cloud.google.com/run/docs/container-contract: `K_SERVICE` is set on Cloud Run, and so for
functions; the project is known to the metadata server alone.
"""

import http.client
import os
import re
from functools import cache

_METADATA = "metadata.google.internal"
_SECONDS = 1.0
_PROJECT = re.compile(r"[a-z][a-z0-9.:-]{4,98}[a-z0-9]")


def service() -> str | None:
    """The name of the Cloud Run service, None elsewhere."""
    return os.environ.get("K_SERVICE") or None


@cache
def project() -> str | None:
    """The project that this process runs in, None where nobody says.

    Asked once, before the first request; an answer that does not come at once is none.
    """
    named = os.environ.get("GOOGLE_CLOUD_PROJECT") or (_asked() if service() else "")
    return named if _PROJECT.fullmatch(named) else None


def _asked() -> str:
    # As Google's client libraries name another one.
    host = os.environ.get("GCE_METADATA_HOST") or _METADATA
    try:
        connection = http.client.HTTPConnection(host, timeout=_SECONDS)
        try:
            path = "/computeMetadata/v1/project/project-id"
            connection.request("GET", path, headers={"Metadata-Flavor": "Google"})
            answer = connection.getresponse()
            genuine = answer.status == 200 and answer.headers["Metadata-Flavor"] == "Google"
            return answer.read(100).decode("ascii", "replace") if genuine else ""
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException):
        return ""
