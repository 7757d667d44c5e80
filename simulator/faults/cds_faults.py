"""The faults of a CDS client, by name: calls that a CDS service should refuse, survive, or answer
despite missing data (CDS Hooks 2.0; README.md lists the clients that send them). Data only.
"""

from collections.abc import Mapping
from dataclasses import dataclass

CLIENTS = ("generic", "oracle", "epic")


@dataclass(frozen=True, slots=True)
class CdsFault:
    """One fault.

    `title`: the effect, as shown to people. `cause`: who does this, or why, and search words for
    the menu. `ehrs`: keys of the EHRs that support it.
    """

    name: str
    title: str
    cause: str
    ehrs: tuple[str, ...] = CLIENTS


_TOKENS = {
    "cds-no-token": ("the call has no JWT", "a client that was never registered; 401"),
    "cds-token-unsigned": ("the JWT has alg none and no signature", "forged token; 401 algorithm"),
    "cds-token-hmac": (
        "the JWT is signed with HS256 and the public key",
        "forged token, key confusion; 401 algorithm",
    ),
    "cds-token-bad-signature": (
        "the JWT is signed with an unpublished key, under the kid of a published one",
        "forged token; 401 signature",
    ),
    "cds-token-no-kid": ("the JWT has no kid", "kid is missing; 401 malformed"),
    "cds-token-unknown-kid": (
        "the JWT's kid isn't published",
        "keys rotated and not published, wrong jku registered; 401 key",
    ),
    "cds-token-new-key": (
        "the keys are rotated, and the new one signs the JWT",
        "key rotation; the service has to fetch the keys again",
    ),
    "cds-keys-unavailable": (
        "the keys are rotated, and their URL returns 500",
        "firewall, maintenance; 503 keys unavailable",
    ),
    "cds-token-jku-elsewhere": (
        "the JWT's jku is on another host",
        "forged token, SSRF, or a jku registered with another spelling; 401 jku",
    ),
    "cds-token-other-issuer": (
        "iss belongs to another EHR",
        "the issuer is typed in by the hospital: Epic; 401 client",
    ),
    "cds-token-audience-base": (
        "aud is the base URL of the service, not the endpoint's",
        "the audience is typed in by the hospital: Epic, first service's URL; 401 audience",
    ),
    "cds-token-audience-fixed": (
        "aud is a fixed string",
        "Meld, HSPC sandbox: the name of the tool as audience; 401 audience",
    ),
    "cds-token-expired": ("the JWT expired an hour ago", "token kept by the client; 401 time"),
    "cds-clock-behind": (
        "the EHR's clock is 10 minutes behind",
        "clock skew, NTP; 401 time if a JWT is valid for less than 8 minutes",
    ),
    "cds-clock-ahead": ("the EHR's clock is 10 minutes ahead", "clock skew, NTP; 401 time"),
    "cds-token-long": (
        "the JWT is valid for an hour",
        "exp more than 15 minutes after iat; 401 time",
    ),
    "cds-token-no-jti": ("the JWT has no jti", "replays can't be detected; 401 jti"),
    "cds-token-replayed": (
        "the same JWT is sent twice, and the second response is shown",
        "replay, retry of a proxy; 401 replayed",
    ),
}
_CALLS = {
    "cds-other-hook": ("the hook is order-select", "wrong hook assigned; 400"),
    "cds-other-fhir-server": (
        "fhirServer is on another host",
        "SSRF, wrong endpoint on the client id; 403 server denied",
    ),
    "cds-no-fhir-server": (
        "fhirAuthorization is sent without fhirServer",
        "fhirServer is required with it; 400",
    ),
    "cds-no-authorization": (
        "no fhirAuthorization",
        "EHR without call-backs; data missing from the prefetch can't be read",
    ),
    "cds-no-data": (
        "neither prefetch nor fhirAuthorization",
        "nothing configured; 412 data missing",
    ),
    "cds-authorization-expired": (
        "no prefetch, and the access token has expired",
        "fhirAuthorization of 300 s, late call; 412 data missing",
    ),
    "cds-reads-hang": (
        "the prefetch has only the patient, and FHIR requests get no response",
        "slow FHIR server, hanging call-back, deadline",
    ),
    "cds-patient-reference": (
        "context.patientId is Patient/ID",
        "tokens that contain a reference; accepted",
    ),
    "cds-user-is-patient": ("context.userId is the patient", "patient portal, proxy; no cards"),
    "cds-slow": ("the body of the call arrives in chunks over one second", "slow network, HTTP"),
}
_PREFETCHES = {
    "cds-no-prefetch": ("no prefetch", "client that ignores templates: Oracle, HSPC"),
    "cds-prefetch-partial": (
        "the prefetch has only patient and conditions",
        "partial prefetch taken for complete: cqf-ruler",
    ),
    "cds-prefetch-null": ("every key except patient is null", "requested, no data; null"),
    "cds-prefetch-outcome": (
        "every key except patient is an OperationOutcome",
        "requested, failed; CDS Hooks 2.0",
    ),
    "cds-prefetch-next": (
        "Bundles have at most 4 entries and a next link",
        "pagination, paging: HAPI, FHIR-28663",
    ),
    "cds-prefetch-next-elsewhere": (
        "Bundles have 1 entry and a next link to another host",
        "SSRF, foreign next link, load balancer's internal name",
    ),
    "cds-prefetch-other-patient": (
        "one Observation belongs to another patient",
        "two charts open, mixed patients; 403 patient denied",
    ),
    "cds-prefetch-text": (
        "every key except patient is an HTML page",
        "error page as value: docs#37",
    ),
    "cds-prefetch-huge": ("the prefetch has 11 MB", "resource exhaustion; 413"),
}
_LINKS = {
    "cds-no-app-context": (
        "following a card's link doesn't pass on its appContext",
        "EHR without appContext; the app opens as usual",
    )
}

CDS_FAULTS: Mapping[str, CdsFault] = {
    **{
        name: CdsFault(name, title, cause)
        for name, (title, cause) in (_TOKENS | _CALLS | _PREFETCHES | _LINKS).items()
    },
    "cds-token-other-tenant": CdsFault(
        "cds-token-other-tenant",
        "Oracle Health: tenant is another tenant of the same issuer",
        "one issuer for all tenants: Cerner; 401 client",
        ("oracle",),
    ),
    "cds-stripped": CdsFault(
        "cds-stripped",
        "Epic: the hook fires without fhirServer, fhirAuthorization and prefetch",
        "endpoint not listed on the client id, stripped request; 412 data missing",
        ("epic",),
    ),
}
