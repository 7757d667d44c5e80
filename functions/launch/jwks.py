"""Serves the public keys with which EHRs verify the app's assertions, at /launch/jwks.json.

SMART App Launch 2.2, "Registering a client": the URL is registered once with the EHR, so that keys
can be rotated by changing the document.
"""

from shared.config import settings_file
from shared.config.settings import Settings
from shared.errors import MethodNotAllowed, NotFound
from shared.inbound.edge import Call, Reply
from shared.smart import published_keys

# An EHR that honors this accepts a new key within five minutes of its publication.
CACHE_SECONDS = 300


def load(settings: Settings) -> bytes | None:
    """Return the file `public_jwks`, or None if it isn't set. Exit if it can't be used."""
    published, problems = published_keys.load(settings)
    if problems:
        settings_file.stop(problems)
    return None if published is None else published.body


def serve(call: Call, document: bytes | None) -> Reply:
    """Return the document to any caller. Raise NotFound if there is none, or MethodNotAllowed."""
    if document is None:
        raise NotFound
    if call.method != "GET":
        raise MethodNotAllowed(allow="GET")
    headers = {
        "Content-Type": "application/json",
        "Cache-Control": f"public, max-age={CACHE_SECONDS}",
    }
    return Reply(200, headers, document)
