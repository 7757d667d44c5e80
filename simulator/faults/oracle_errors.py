"""Oracle Health's error codes, and the URLs of its error pages, which its authorization server
sends in `error_uri` (docs.oracle.com, Oracle Health authorization framework, error responses).
"""

import uuid
from collections.abc import Mapping
from urllib.parse import quote, urlencode

_NAMESPACE = "urn:cerner:error:authorization-server"

# Refusals of its token endpoint: end of the URN, error, status, meaning (list of 2016 and later
# reports; if no source states the error, this is the closest one in RFC 6749).
TOKEN_ERRORS: Mapping[str, tuple[str, int, str]] = {
    "code-invalid-or-expired": (
        "invalid_grant",
        400,
        "the code is unknown, already used or expired",
    ),
    "code:client:mismatch": ("invalid_grant", 400, "the code belongs to another client"),
    "code:tenant:mismatch": ("invalid_grant", 400, "the code belongs to another tenant"),
    "code:tenant-terminated": ("invalid_grant", 400, "the client is no longer allowed here"),
    "code:tenant-invalid": ("invalid_grant", 400, "the code's tenant isn't registered"),
    "invalid-tenant": ("invalid_grant", 400, "the tenant is unknown"),
    "invalid-redirect-uri": (
        "invalid_grant",
        400,
        "redirect_uri isn't the one used to get the code",
    ),
    "invalid-client-credentials": ("invalid_client", 401, "wrong client id or secret"),
    "invalid-authorization-header": ("invalid_client", 401, "a malformed Authorization header"),
    "empty-scopes": ("invalid_scope", 400, "no scope is left for the token"),
    "unsupported-grant-type": ("unsupported_grant_type", 400, "the grant type isn't supported"),
    "terminated-client": ("invalid_client", 401, "the client is no longer registered"),
    "patient-scope-requires-one-patient-id": (
        "invalid_scope",
        400,
        "patient scopes require exactly one patient",
    ),
    "refresh-token:token-invalid": ("invalid_grant", 400, "the refresh token is invalid"),
    "refresh-token:session-invalid": ("invalid_grant", 400, "the user's session has ended"),
    "refresh-token:tenant-terminated": (
        "invalid_grant",
        400,
        "the client no longer has access to the tenant",
    ),
}


# Refusals of FHIR requests at its gateway, in addition to an expired token and a missing scope: end
# of the URN, status, meaning (list of 2016; all statuses except the first are assumed).
ACCESS_ERRORS: Mapping[str, tuple[int, str]] = {
    "tenant-mismatch": (401, "the token is for another tenant"),
    "issuer-not-trusted": (401, "the token's issuer isn't trusted"),
    "signature-verification-failed": (401, "the token's signature is invalid"),
    "user-not-authorized": (403, "the user isn't authorized to do this"),
    "token-not-authorized": (403, "the token isn't for this resource"),
    "encounter-required": (403, "the token has no encounter"),
    "profile-not-supported": (403, "the token's profile isn't supported"),
    "signature-keys-unavailable": (500, "the keys of the token's issuer can't be read"),
    "server-error": (500, "an unexpected error"),
}


def fault_name(tail: str) -> str:
    """Return the part of a fault's name that identifies this error."""
    return tail.removeprefix("refresh-token:").replace(":", "-")


def error_uri(
    origin: str, tail: str, *, client: str, tenant: str, persona: str | None = None
) -> tuple[str, str]:
    """Return the URL of a new error and its instance id.

    `tail` follows the namespace, such as `oauth2:token:empty-scopes`. The URN is encoded once here,
    so it's encoded twice in the query of a redirect. The token endpoint sends no persona. The
    instance id is also the value of the response's Cerner-Correlation-ID.
    """
    instance = str(uuid.uuid4())
    query = {"client": client, "tenant": tenant}
    if persona is not None:
        query = {"persona": persona, **query}
    urn = quote(f"{_NAMESPACE}:{tail}", safe="")
    return f"{origin}/errors/{urn}/instances/{instance}?{urlencode(query)}", instance
