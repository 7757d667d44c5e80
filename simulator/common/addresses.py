"""Where one simulated EHR answers: data only, all of it absolute."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one EHR.

    Fields:
        issuer: issuer of the SMART configuration (RFC 8414); never the FHIR base, so that a
            client that takes one for the other is noticed.
        id_token_issuer: `iss` of its id_tokens, which is not `issuer` everywhere.
        jwks, authorize, token, revocation: its endpoints.
        fhir_base: `iss` of a launch, `aud` of an authorization request.
        start: where tests and the start page launch an app; None where this EHR launches none.
        cds_issuer, cds_keys: `iss` of the JWTs that it sends CDS services, and their `jku`; empty
            where it calls none.
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
    """Return the path of an address, for a route."""
    return urlsplit(url).path
