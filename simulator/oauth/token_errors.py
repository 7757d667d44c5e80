"""Errors of the token and revocation endpoints (RFC 6749 section 5.2; RFC 7009 section 2.2.1)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Response

from simulator import trace
from simulator.common.addresses import Addresses

# The reason for a refusal, as the end of an Oracle Health URN (oracle_errors.TOKEN_ERRORS), or
# `invalid-request` if no URN is published.
Reason = str
NO_CLIENT = "unknown"


class TokenError(Exception):
    """A request that fails with an RFC 6749 section 5.2 error.

    `error`, `description`: the OAuth error code and a sentence for a developer. `reason`: the
    matching error of the vendor. `client`: id of the client, if it was authenticated.
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


@dataclass(frozen=True, slots=True)
class TokenErrorForm:
    """A vendor's form of an error: its JSON fields and additional headers."""

    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


def described(error: TokenError, addresses: Addresses) -> TokenErrorForm:  # noqa: ARG001 - a profile's
    """Return an error in the form of the RFC, with its description."""
    return TokenErrorForm({"error": error.error, "error_description": error.description})


def token_error_answer(error: TokenError, form: TokenErrorForm) -> Response:
    """Return the JSON of an error, in the vendor's form."""
    trace.refused(f"{error.error}: {error.description}")
    response = oauth_answer(form.body, error.status)
    response.headers.update({**error.headers, **form.headers})
    return response


def oauth_answer(body: Mapping[str, object], status: int = 200) -> Response:
    """Return JSON that caches must not store (RFC 6749 section 5.1)."""
    response = Response(json.dumps(body), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response
