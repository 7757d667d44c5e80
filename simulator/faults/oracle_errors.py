"""Oracle Health's error codes, and the URLs of its error pages, which its authorization server
sends in `error_uri` (docs.oracle.com, Oracle Health authorization framework, error responses).
"""

import uuid
from collections import OrderedDict
from collections.abc import Mapping
from urllib.parse import quote, urlencode

_NAMESPACE = "urn:cerner:error:authorization-server"

# Refusals of its token endpoint: the meaning of each, by its error and the end of its URN (list of
# 2016 and later reports; if no source states the error, it's the closest one in RFC 6749).
_TOKEN_ERRORS: Mapping[str, Mapping[str, str]] = {
    "invalid_grant": {
        "code-invalid-or-expired": "the code is unknown, already used or expired",
        "code:client:mismatch": "the code belongs to another client",
        "code:tenant:mismatch": "the code belongs to another tenant",
        "code:tenant-terminated": "the client is no longer allowed here",
        "code:tenant-invalid": "the code's tenant isn't registered",
        "invalid-tenant": "the tenant is unknown",
        "invalid-redirect-uri": "redirect_uri isn't the one used to get the code",
        "refresh-token:token-invalid": "the refresh token is invalid",
        "refresh-token:session-invalid": "the user's session has ended",
        "refresh-token:tenant-terminated": "the client no longer has access to the tenant",
    },
    "invalid_client": {
        "invalid-client-credentials": "wrong client id or secret",
        "invalid-authorization-header": "a malformed Authorization header",
        "terminated-client": "the client is no longer registered",
    },
    "invalid_scope": {
        "empty-scopes": "no scope is left for the token",
        "patient-scope-requires-one-patient-id": "patient scopes require exactly one patient",
    },
    "unsupported_grant_type": {"unsupported-grant-type": "the grant type isn't supported"},
}
# End of the URN, error, status, meaning.
TOKEN_ERRORS: Mapping[str, tuple[str, int, str]] = {
    tail: (error, 401 if error == "invalid_client" else 400, meaning)
    for error, meanings in _TOKEN_ERRORS.items()
    for tail, meaning in meanings.items()
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


_MOST_REASONS = 1000
_reasons: OrderedDict[str, str] = OrderedDict()


def remember(instance: str, why: str) -> None:
    """Keep the reason of an error, which its page shows because the EHR is simulated."""
    _reasons[instance] = why
    while len(_reasons) > _MOST_REASONS:
        _reasons.popitem(last=False)


def reason(instance: str) -> str:
    """Return the reason of an error, or an empty string if it's unknown."""
    return _reasons.get(instance, "")


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
