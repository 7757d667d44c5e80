"""What `cds_services` refuses of an EHR's call, by the code of the answer or by a line of the log
with its reason (docs/cds-hooks.md).
"""

from shared.errors import CdsDataMissing, CdsServerDenied, CdsTokenInvalid
from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.ours import DOCTOR, OWN, own
from shared.explain.model import Entry

_OPERATOR = "Ask the EHR's operator which address its tokens name as `jku`, and write that."


def _reason(*names: str) -> str:
    """The reason in a line of the log: as JSON, or in the short form for a terminal."""
    return rf"\breason(?:\": ?\"|=)(?:{'|'.join(names)})\b"


ENTRIES: tuple[Entry, ...] = (
    Entry(
        key="smart-calc/cds-client",
        says="cds_refused, reason client or unconfigured",
        where="CDS call",
        patterns=(_reason("client", "unconfigured"),),
        meaning="The EHR's token names an issuer (`iss`, with `tenant`) that stands in no "
        "`[[cds_client]]`. `came` in the log is what it named.",
        causes=(
            causes.tenant_mismatch(
                "certain",
                title="The caller's issuer is not configured as it names itself.",
                why="`iss` and `tenant` are compared as text: a slash at the end, another host or "
                "another environment is another issuer.",
                steps=(
                    (
                        "If it is your EHR's, write what came into `iss` of the `[[cds_client]]`, "
                        "and its `tenant` where the token has one."
                    ),
                    "If you do not know it, leave it refused.",
                ),
            ),
        ),
        source=OWN,
    ),
    Entry(
        key="smart-calc/cds-audience",
        says="cds_refused, reason audience",
        where="CDS call",
        patterns=(_reason("audience"),),
        meaning="The token was made for another address than the one that was called (`aud`). "
        "`came` in the log is what it names.",
        causes=(
            causes.aud_wrong(
                "certain",
                title="`aud` of the EHR's token is not the address of the service.",
                why="It must be `public_url` + `/cds_services/cds-services/"
                "calculators-patient-view`, alone. At Epic a hospital types it in; sandboxes have "
                "sent a fixed text.",
                steps=(
                    "Enter the address as the audience at the EHR, character by character.",
                    "Where `public_url` has changed, enter the new one.",
                ),
            ),
        ),
        source=OWN,
    ),
    Entry(
        key="smart-calc/cds-time",
        says="cds_refused, reason time",
        where="CDS call",
        patterns=(_reason("time"),),
        meaning="`exp`, `iat` or `nbf` of the EHR's token does not fit the time here, or the token "
        "lives longer than 15 minutes.",
        causes=(
            causes.clock_skew("likely"),
            causes.ehr_side(
                "possible",
                sources.INFERRED,
                title="The EHR sends a token that it made earlier, or one that lives too long.",
                why="A token is for one call: made for it, and over after 15 minutes at most.",
            ),
        ),
        source=OWN,
    ),
    Entry(
        key="smart-calc/cds-key",
        says="cds_refused, reason key, signature or jku; cds_keys_unavailable",
        where="CDS call",
        patterns=(_reason("key", "signature", "jku"), r"\bcds_keys_unavailable\b"),
        meaning="The EHR's token cannot be verified with the keys of its `[[cds_client]]`.",
        causes=(
            causes.ehr_side(
                "likely",
                sources.INFERRED,
                title="The keys were changed, or are not those of this EHR.",
                why="The token names a key that is not at `jku`, another address of keys, or the "
                "address does not answer within 2 seconds.",
                steps=(DOCTOR, _OPERATOR),
            ),
        ),
        source=OWN,
    ),
    Entry(
        key="smart-calc/cds-token",
        says="cds_token_invalid",
        where="CDS call",
        patterns=(r"\bcds_token_invalid\b", r"\bcds_refused\b"),
        meaning=f"{CdsTokenInvalid.title} The answer does not say why; the log does, as "
        "`reason` of `cds_refused`.",
        causes=(
            causes.tenant_mismatch(
                "possible",
                title="The caller is not configured, or not as it names itself.",
                why="Reasons `unconfigured` and `client`: `iss` and `tenant` of the token stand in "
                "no `[[cds_client]]`.",
                steps=(
                    (
                        "Look for the correlation id in the log, and explain that line with "
                        "`make explain`."
                    ),
                    DOCTOR,
                ),
            ),
            causes.aud_wrong(
                "possible",
                title="`aud` of the EHR's token is not the address of the service.",
                why="Reason `audience`: at Epic a hospital types it in.",
                steps=("Enter the service's address as the audience at the EHR.",),
            ),
            causes.clock_skew("possible", OWN, why="Reason `time`: the clocks differ."),
        ),
        source=OWN,
    ),
    *own(
        "CDS call",
        (CdsServerDenied,),
        causes.tenant_mismatch(
            "likely",
            title="`fhirServer` of the call is not in `iss` of the EHR's entry.",
            why="Another tenant, host or FHIR version; or `ehr` of the `[[cds_client]]` names "
            "another `[[ehr]]`.",
            steps=(
                "If it is your EHR's, add it to `iss` of the `[[ehr]]` entry.",
                "Compare `ehr` of the `[[cds_client]]`.",
            ),
        ),
    ),
    *own(
        "CDS call",
        (CdsDataMissing,),
        causes.ehr_side(
            "likely",
            title="The EHR sends no prefetch, and no access token that opens anything.",
            why="At Epic the templates are typed in, and a hook whose endpoint is not listed "
            "on the client id fires without data and token.",
            steps=(
                "Enter the prefetch templates of docs/cds-hooks.md, each under its key.",
                "At Epic, list the endpoint on the client id, with FHIR R4 as its version.",
            ),
        ),
    ),
)
