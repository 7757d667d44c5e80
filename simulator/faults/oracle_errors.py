"""Addresses of Oracle Health's error pages, as its authorization server sends them in `error_uri`
(docs.oracle.com, Oracle Health authorization framework, error responses).
"""

import uuid
from collections.abc import Mapping
from urllib.parse import quote, urlencode

_NAMESPACE = "urn:cerner:error:authorization-server"

# What its token endpoint refuses: end of the URN, error, status, what it says (list of 2016 and
# reports since; errors that no source shows are RFC 6749's nearest).
TOKEN_ERRORS: Mapping[str, tuple[str, int, str]] = {
    "code-invalid-or-expired": ("invalid_grant", 400, "the code is unknown, used or expired"),
    "code:client:mismatch": ("invalid_grant", 400, "the code is another client's"),
    "code:tenant:mismatch": ("invalid_grant", 400, "the code is another tenant's"),
    "code:tenant-terminated": ("invalid_grant", 400, "the client is no longer allowed here"),
    "code:tenant-invalid": ("invalid_grant", 400, "the code's tenant is not registered"),
    "invalid-tenant": ("invalid_grant", 400, "the tenant is unknown"),
    "invalid-redirect-uri": ("invalid_grant", 400, "redirect_uri is not that of the code"),
    "invalid-client-credentials": ("invalid_client", 401, "wrong client id or secret"),
    "invalid-authorization-header": ("invalid_client", 401, "a malformed Authorization header"),
    "empty-scopes": ("invalid_scope", 400, "no scope is left for the token"),
    "unsupported-grant-type": ("unsupported_grant_type", 400, "the grant type is not supported"),
    "terminated-client": ("invalid_client", 401, "the client is no longer registered"),
    "patient-scope-requires-one-patient-id": (
        "invalid_scope",
        400,
        "patient scopes need exactly one patient",
    ),
    "refresh-token:token-invalid": ("invalid_grant", 400, "the refresh token is invalid"),
    "refresh-token:session-invalid": ("invalid_grant", 400, "the user's session is over"),
    "refresh-token:tenant-terminated": ("invalid_grant", 400, "the client lost the tenant"),
}


# What its gateway refuses of a FHIR request beside an expired token and a missing scope: end of the
# URN, status, what it says (list of 2016; the statuses but the first are assumed).
ACCESS_ERRORS: Mapping[str, tuple[int, str]] = {
    "tenant-mismatch": (401, "the token is for another tenant"),
    "issuer-not-trusted": (401, "the token's issuer is not trusted"),
    "signature-verification-failed": (401, "the token's signature does not hold"),
    "user-not-authorized": (403, "the user may not do this"),
    "token-not-authorized": (403, "the token is not for this resource"),
    "encounter-required": (403, "the token is for no encounter"),
    "profile-not-supported": (403, "the token's profile is not supported"),
    "signature-keys-unavailable": (500, "the keys of the token's issuer cannot be read"),
    "server-error": (500, "an unexpected error"),
}


def fault_name(tail: str) -> str:
    """Return what a fault with this error does, in a fault's name."""
    return tail.removeprefix("refresh-token:").replace(":", "-")


def error_uri(
    origin: str, tail: str, *, client: str, tenant: str, persona: str | None = None
) -> tuple[str, str]:
    """Return the address of a new error and its instance id.

    `tail` is what follows the namespace, such as `oauth2:token:empty-scopes`. The URN is encoded
    once here, so it stands encoded twice in the query of a redirect. The token endpoint names no
    persona. The instance id is also the value of the answer's Cerner-Correlation-ID.
    """
    instance = str(uuid.uuid4())
    query = {"client": client, "tenant": tenant}
    if persona is not None:
        query = {"persona": persona, **query}
    urn = quote(f"{_NAMESPACE}:{tail}", safe="")
    return f"{origin}/errors/{urn}/instances/{instance}?{urlencode(query)}", instance
