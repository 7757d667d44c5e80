"""Checks the EHRs that call the CDS service: whether their keys are available, and whether a call
without a FHIR server can be matched to its EHR (CDS Hooks 2.0, Trusting CDS Clients).

The settings at the EHR itself (endpoint, audience, prefetch, criteria) can't be checked from
outside.
"""

from typing import cast

from doctor.finding import Checked, FindingId, fail, ok, warn
from shared.config.settings import CdsClient, Ehr, Settings
from shared.errors import CdsKeysUnavailable
from shared.oidc import key_files
from shared.oidc.keys import Keys

# Can't be checked from here. The note below the findings lists it.
UNSEEN = "the EHRs' settings for the CDS service (URL, aud, prefetch, criteria)"


def check(settings: Settings, *, offline: bool) -> list[Checked]:
    """Check every [[cds_client]] of valid settings. With `offline`, don't contact any URL."""
    findings = _files(settings)
    ehrs = {one.key: one for one in settings.ehrs}
    for client in settings.cds_clients:
        # An [[ehr]] entry with an error is missing from these settings.
        if (ehr := ehrs.get(client.ehr)) is None:
            continue
        findings.append(_base(client, ehr))
        if client.jku is not None and not offline:
            findings.append(_address(client, ehr, client.jku))
    return findings


def _files(settings: Settings) -> list[Checked]:
    key_sets, problems = key_files.resolve(settings)
    ehrs = {f"cds_client[{at}].keys": one.ehr for at, one in enumerate(settings.cds_clients)}
    return [
        *(
            ok("cds_keys_unreadable", f"The key file for {one.key} is usable.", one.ehr)
            for one in settings.cds_clients
            if one.key in key_sets
        ),
        *(
            fail(cast(FindingId, one.id), one.title, one.fix, ehrs.get(one.place))
            for one in problems
        ),
    ]


def _base(client: CdsClient, ehr: Ehr) -> Checked:
    if ehr.literal_iss:
        title = f"[[cds_client]] {client.key}: its EHR has a FHIR base to compare references with."
        return ok("cds_client_idle", title, ehr.key)
    return warn(
        "cds_client_idle",
        f"[[cds_client]] {client.key}: `iss` of its EHR has no entry without /*, so absolute "
        "references in a call without fhirServer can't prove where the call comes from.",
        "Add the FHIR base of this client's EHR to `iss` in the [[ehr]] entry.",
        ehr.key,
    )


def _address(client: CdsClient, ehr: Ehr, jku: str) -> Checked:
    try:
        keys = Keys().at_jku(ehr, jku, "").keys
        why = "" if keys else "no key there can verify a token"
    except CdsKeysUnavailable as error:
        why = str(error.evidence.get("answer", "no usable response"))
    if not why:
        return ok("cds_jku_unreachable", f"{jku} has {len(keys)} usable key(s).", ehr.key)
    return fail(
        "cds_jku_unreachable",
        f"[[cds_client]] {client.key}: the keys at {jku} aren't available from here: {why}.",
        "Compare `jku` with the header of the EHR's token, or ask the EHR's operator. Without the "
        "keys, every call is refused with 503. The functions reach that URL through their own "
        "egress (docs/network.md).",
        ehr.key,
    )
