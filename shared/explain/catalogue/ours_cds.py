"""The EHR calls that `cds_services` refuses, recognized by the response's code or by the reason in
a log line (docs/cds-hooks.md).
"""

from functools import partial

from shared.errors import CdsDataMissing, CdsServerDenied, CdsTokenInvalid
from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.catalogue.ours import DOCTOR, OWN, own
from shared.explain.model import Entry

_OPERATOR = (
    "Ask the EHR's operator which `jku` its tokens have, and set `jku` in the `[[cds_client]]` "
    "entry to that URL."
)


def _reason(*names: str) -> str:
    """Return a pattern for the reason in a log line, as JSON or in the terminal's short form."""
    return rf"\breason(?:\": ?\"|=)(?:{'|'.join(names)})\b"


_entry = partial(entry, where="CDS call", source=OWN)

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "smart-calc/cds-client",
        "The EHR's token names an issuer (`iss`, with `tenant`) that isn't in any "
        "`[[cds_client]]` entry. The log field `came` has the value that was received.",
        causes.tenant_mismatch(
            "certain",
            "`iss` and `tenant` are compared as text. A trailing slash, another host or another "
            "environment means a different issuer.",
            (
                "If the issuer is your EHR, copy the received value to `iss` in the "
                "`[[cds_client]]` entry. If the token has a `tenant`, copy that too."
            ),
            "If you don't know the issuer, don't add it.",
            title="The configured issuer isn't the one in the caller's tokens.",
        ),
        says="cds_refused, reason client or unconfigured",
        patterns=(_reason("client", "unconfigured"),),
    ),
    _entry(
        "smart-calc/cds-audience",
        "The token's audience (`aud`) isn't the URL that was called. The log field `came` "
        "has the value that was received.",
        causes.aud_wrong(
            "certain",
            "`aud` must be exactly `public_url` + "
            "`/cds_services/cds-services/calculators-patient-view`. In Epic, the hospital enters "
            "this value by hand. Sandboxes have sent a fixed text instead.",
            "In the EHR, enter the URL as the audience, character by character.",
            "If `public_url` has changed, enter the new URL.",
            title="`aud` in the EHR's token isn't the service's URL.",
        ),
        says="cds_refused, reason audience",
        patterns=(_reason("audience"),),
    ),
    _entry(
        "smart-calc/cds-time",
        "`exp`, `iat` or `nbf` in the EHR's token doesn't match this server's time, or the token "
        "is valid for longer than 15 minutes.",
        causes.clock_skew("likely"),
        causes.ehr_side(
            "possible",
            "A token must be created for a single call and expire within 15 minutes.",
            (
                "Ask the EHR's operator to create a new token for each call, valid for up to 15 "
                "minutes."
            ),
            source=sources.INFERRED,
            title="The EHR sends a token that it created earlier, or one that is valid for too "
            "long.",
        ),
        says="cds_refused, reason time",
        patterns=(_reason("time"),),
    ),
    _entry(
        "smart-calc/cds-key",
        "The EHR's token can't be verified with the keys from its `[[cds_client]]` entry.",
        causes.ehr_side(
            "likely",
            "The token names a key that isn't at `jku`, it names another key URL, or the "
            "URL doesn't respond within 2 seconds.",
            DOCTOR,
            _OPERATOR,
            source=sources.INFERRED,
            title="The keys were changed, or they don't belong to this EHR.",
        ),
        says="cds_refused, reason key, signature or jku; cds_keys_unavailable",
        patterns=(_reason("key", "signature", "jku"), r"\bcds_keys_unavailable\b"),
    ),
    _entry(
        "smart-calc/cds-token",
        f"{CdsTokenInvalid.title} The response doesn't say why. The log's `cds_refused` entry "
        "does, in `reason`.",
        causes.tenant_mismatch(
            "possible",
            "If the reason is `unconfigured` or `client`, the token's `iss` and `tenant` aren't "
            "in any `[[cds_client]]` entry.",
            "Find the log entry with the correlation ID, and paste that entry into `make explain`.",
            DOCTOR,
            title="The caller isn't configured, or its tokens identify it differently.",
        ),
        causes.aud_wrong(
            "possible",
            "If the reason is `audience`, the `aud` in the token is wrong. In Epic, the hospital "
            "enters this value by hand.",
            "In the EHR, enter the service's URL as the audience.",
            title="`aud` in the EHR's token isn't the service's URL.",
        ),
        causes.clock_skew("possible", "If the reason is `time`, the clocks differ.", source=OWN),
        says="cds_token_invalid",
        patterns=(r"\bcds_token_invalid\b", r"\bcds_refused\b"),
    ),
    *own(
        "CDS call",
        (CdsServerDenied,),
        causes.tenant_mismatch(
            "likely",
            "`fhirServer` has a different tenant, host or FHIR version, or `ehr` in the "
            "`[[cds_client]]` entry names a different `[[ehr]]` entry.",
            "If `fhirServer` belongs to your EHR, add it to `iss` in the `[[ehr]]` entry.",
            "Check `ehr` in the `[[cds_client]]` entry.",
            title="The call's `fhirServer` isn't in the `iss` of the EHR's entry.",
        ),
    ),
    *own(
        "CDS call",
        (CdsDataMissing,),
        causes.ehr_side(
            "likely",
            "In Epic, someone enters the prefetch templates by hand. A hook is sent without data "
            "and without a token if the hook's endpoint isn't listed for the client ID.",
            "Enter each prefetch template from docs/cds-hooks.md under its key.",
            "In Epic, add the endpoint to the client ID, with FHIR R4 as its version.",
            title="The EHR doesn't send a prefetch or a usable access token.",
        ),
    ),
)
