"""The public keys with which EHRs verify our signed assertions, at /launch/jwks.json.

SMART App Launch 2.2, "Registering a client": the URL is given to the EHR once, so that keys can be
rotated by changing what it serves.
"""

from shared.config import settings_file
from shared.config.settings import Settings
from shared.errors import MethodNotAllowed, NotFound
from shared.inbound.edge import Call, Reply
from shared.smart import published_keys

# An EHR that heeds it signs in with a successor five minutes after it was published.
CACHE_SECONDS = 300


def load(settings: Settings) -> bytes | None:
    """The file `public_jwks`, None where there is none. Ends the process where it is unusable."""
    published, problems = published_keys.load(settings)
    if problems:
        settings_file.stop(problems)
    return None if published is None else published.body


def serve(call: Call, document: bytes | None) -> Reply:
    """The document, to anyone. Raises NotFound where there is none, and MethodNotAllowed."""
    if document is None:
        raise NotFound
    if call.method != "GET":
        raise MethodNotAllowed(allow="GET")
    headers = {
        "Content-Type": "application/json",
        "Cache-Control": f"public, max-age={CACHE_SECONDS}",
    }
    return Reply(200, headers, document)
