"""Errors of the token and revocation endpoints, in each vendor's form (RFC 6749 section 5.2;
RFC 7009 section 2.2.1).
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Response

from simulator import oracle_errors, trace

if TYPE_CHECKING:
    from simulator.installation import Installation

# Why a request is refused, as the end of an Oracle Health URN (oracle_errors.TOKEN_ERRORS), or
# what no URN is published for: `invalid-request`.
Reason = str
NO_CLIENT = "unknown"


class TokenError(Exception):
    """A request that ends with an RFC 6749 section 5.2 error.

    Fields:
        error, description: the OAuth error code and a sentence for a developer.
        reason: which of the vendor's own errors it is.
        client: id of the client, where the request got as far as authenticating it.
    """

    def __init__(
        self,
        error: str,
        description: str,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        *,
        reason: Reason = "invalid-request",
    ) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status
        self.headers = dict(headers or {})
        self.reason = reason
        self.client = NO_CLIENT


def token_error_answer(error: TokenError, ehr: "Installation") -> Response:
    """Answer with the JSON of an error, in the form of the EHR's vendor."""
    trace.refused(f"{error.error}: {error.description}")
    body: dict[str, object]
    headers = dict(error.headers)
    match ehr.personality.vendor:
        case "oracle":
            origin = urlsplit(ehr.addresses.token)
            uri, instance = oracle_errors.error_uri(
                f"{origin.scheme}://{origin.netloc}",
                f"oauth2:token:{error.reason}",
                client=error.client,
                tenant=str(ehr.personality.extra_token_members["tenant"]),
            )
            body = {"error": error.error, "error_uri": uri}
            headers["Cerner-Correlation-ID"] = instance
        case "epic":
            body = {"error": error.error, "error_description": None}
        case _:
            body = {"error": error.error, "error_description": error.description}
    response = oauth_answer(body, error.status)
    response.headers.update(headers)
    return response


def oauth_answer(body: Mapping[str, object], status: int = 200) -> Response:
    """Answer with JSON that no cache may keep (RFC 6749 section 5.1)."""
    response = Response(json.dumps(body), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response
