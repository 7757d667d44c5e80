"""The absolute URLs of one simulated EHR. Data only."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Addresses:
    """The URLs of one EHR.

    Fields:
        issuer: issuer of the SMART configuration (RFC 8414). It's never the FHIR base, to expose
            clients that confuse the two.
        id_token_issuer: `iss` of its id_tokens, which differs from `issuer` at some EHRs.
        jwks, authorize, token, revocation: its endpoints.
        fhir_base: `iss` of a launch, `aud` of an authorization request.
        start: URL at which tests and the start page launch an app; None if this EHR launches none.
        cds_issuer, cds_keys: `iss` and `jku` of the JWTs that it sends to CDS services; empty if it
            doesn't call any.
    """

    issuer: str
    id_token_issuer: str
    jwks: str
    authorize: str
    token: str
    revocation: str
    fhir_base: str
    start: str | None
    cds_issuer: str = ""
    cds_keys: str = ""


def path_of(url: str) -> str:
    """Return the path of a URL, for a route."""
    return urlsplit(url).path
