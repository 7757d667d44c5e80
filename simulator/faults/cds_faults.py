"""The faults of a CDS client, by name: what a chart can send a CDS service that it should refuse,
survive or do without (CDS Hooks 2.0; README.md names who was seen to do it). Data only.
"""

from collections.abc import Mapping
from dataclasses import dataclass

CLIENTS = ("generic", "oracle", "epic")


@dataclass(frozen=True, slots=True)
class CdsFault:
    """One fault.

    Fields:
        title: what happens, for people.
        cause: who does so or why; the menu finds the fault by it.
        ehrs: keys of the EHRs that can have it.
    """

    name: str
    title: str
    cause: str
    ehrs: tuple[str, ...] = CLIENTS


_TOKENS = (
    ("cds-no-token", "the call carries no JWT", "a client that was never registered; 401"),
    ("cds-token-unsigned", "the JWT has alg none and no signature", "forged token; 401 algorithm"),
    (
        "cds-token-hmac",
        "the JWT is signed with HS256 and the public key",
        "forged token, key confusion; 401 algorithm",
    ),
    (
        "cds-token-bad-signature",
        "a key that is not published signs the JWT under its name",
        "forged token; 401 signature",
    ),
    ("cds-token-no-kid", "the JWT names no key", "kid is missing; 401 malformed"),
    (
        "cds-token-unknown-kid",
        "the JWT names a key that is not published",
        "keys rotated and not published, wrong jku registered; 401 key",
    ),
    (
        "cds-token-new-key",
        "the keys change, then the new one signs the JWT",
        "key rotation; the service has to fetch the keys again",
    ),
    (
        "cds-keys-unavailable",
        "the keys change, and their address answers 500",
        "firewall, maintenance; 503 keys unavailable",
    ),
    (
        "cds-token-jku-elsewhere",
        "the JWT names keys at another host",
        "forged token, SSRF, or a jku registered with another spelling; 401 jku",
    ),
    (
        "cds-token-other-issuer",
        "iss is another EHR's",
        "the issuer is typed in by the hospital: Epic; 401 client",
    ),
    (
        "cds-token-audience-base",
        "aud is the base URL of the service, not the endpoint's",
        "the audience is typed in by the hospital: Epic, first service's URL; 401 audience",
    ),
    (
        "cds-token-audience-fixed",
        "aud is a fixed text",
        "Meld, HSPC sandbox: the name of the tool as audience; 401 audience",
    ),
    ("cds-token-expired", "the JWT expired an hour ago", "token kept by the client; 401 time"),
    (
        "cds-clock-behind",
        "the clock of the EHR is 10 minutes behind",
        "clock skew, NTP; 401 time where a JWT lives less than 8 minutes",
    ),
    ("cds-clock-ahead", "the clock of the EHR is 10 minutes ahead", "clock skew, NTP; 401 time"),
    ("cds-token-long", "the JWT lives an hour", "exp more than 15 minutes after iat; 401 time"),
    ("cds-token-no-jti", "the JWT has no jti", "replays could not be told; 401 jti"),
    (
        "cds-token-replayed",
        "the same JWT is sent twice; the second answer is shown",
        "replay, retry of a proxy; 401 replayed",
    ),
)
_CALLS = (
    ("cds-other-hook", "the hook is order-select", "wrong hook assigned; 400"),
    (
        "cds-other-fhir-server",
        "fhirServer is at another host",
        "SSRF, wrong endpoint on the client id; 403 server denied",
    ),
    (
        "cds-no-fhir-server",
        "fhirAuthorization comes without fhirServer",
        "fhirServer is required with it; 400",
    ),
    (
        "cds-no-authorization",
        "no fhirAuthorization",
        "EHR without call-backs; what the prefetch lacks cannot be read",
    ),
    (
        "cds-no-data",
        "neither prefetch nor fhirAuthorization",
        "nothing configured; 412 data missing",
    ),
    (
        "cds-authorization-expired",
        "no prefetch, and the access token has expired",
        "fhirAuthorization of 300 s, late call; 412 data missing",
    ),
    (
        "cds-reads-hang",
        "no prefetch but the patient, and FHIR requests are not answered",
        "slow FHIR server, hanging call-back, deadline",
    ),
    (
        "cds-patient-reference",
        "context.patientId is Patient/ID",
        "tokens that hold a reference; taken",
    ),
    ("cds-user-is-patient", "context.userId is the patient", "patient portal, proxy; no cards"),
    ("cds-slow", "the body of the call arrives in pieces over a second", "slow network, HTTP"),
)
_PREFETCHES = (
    ("cds-no-prefetch", "no prefetch", "client that honours no templates: Oracle, HSPC"),
    (
        "cds-prefetch-partial",
        "the prefetch has patient and conditions alone",
        "partial prefetch taken for complete: cqf-ruler",
    ),
    ("cds-prefetch-null", "every key but patient is null", "asked, nothing there; null"),
    (
        "cds-prefetch-outcome",
        "every key but patient is an OperationOutcome",
        "asked, failed; CDS Hooks 2.0",
    ),
    (
        "cds-prefetch-next",
        "Bundles hold 4 entries at most and a next link",
        "pagination, paging: HAPI, FHIR-28663",
    ),
    (
        "cds-prefetch-next-elsewhere",
        "Bundles hold 1 entry and a next link to another host",
        "SSRF, foreign next link, load balancer's internal name",
    ),
    (
        "cds-prefetch-other-patient",
        "one Observation is another patient's",
        "two charts open, mixed patients; 403 patient denied",
    ),
    (
        "cds-prefetch-text",
        "every key but patient is a page of HTML",
        "error page as value: docs#37",
    ),
    ("cds-prefetch-huge", "the prefetch has 11 MB", "resource exhaustion; 413"),
)
_LINKS = (
    (
        "cds-no-app-context",
        "the link of a card is followed, and its appContext is not passed on",
        "EHR without appContext; the app opens as ever",
    ),
)

CDS_FAULTS: Mapping[str, CdsFault] = {
    **{
        name: CdsFault(name, title, cause)
        for name, title, cause in (*_TOKENS, *_CALLS, *_PREFETCHES, *_LINKS)
    },
    "cds-token-other-tenant": CdsFault(
        "cds-token-other-tenant",
        "Oracle Health: tenant is another one of the same issuer",
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
