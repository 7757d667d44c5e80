"""The EHRs that call the CDS service: can their keys be had, and what does a call without a FHIR
server prove (CDS Hooks 2.0, Trusting CDS Clients)?

What the EHR itself has entered (endpoint, audience, prefetch, criteria) no check from outside sees.
"""

from typing import cast

from doctor.finding import Checked, FindingId, fail, ok, warn
from shared.config.settings import CdsClient, Ehr, Settings
from shared.errors import CdsKeysUnavailable
from shared.oidc import key_files
from shared.oidc.keys import Keys

# What nobody can look at from here, for the note below the findings.
UNSEEN = "what the EHRs have entered for the CDS service (address, aud, prefetch, criteria)"


def check(settings: Settings, *, offline: bool) -> list[Checked]:
    """Look at every [[cds_client]] of sound settings. With `offline` no address is asked."""
    findings = _files(settings)
    ehrs = {one.key: one for one in settings.ehrs}
    for client in settings.cds_clients:
        # An entry with a fault of its own may be left out of the settings.
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
            ok("cds_keys_unreadable", f"The file of keys of {one.key} can be used.", one.ehr)
            for one in settings.cds_clients
            if one.key in key_sets
        ),
        *(
            fail(cast(FindingId, one.id), one.title, one.fix, ehrs.get(one.place))
            for one in problems
        ),
    ]


def _base(client: CdsClient, ehr: Ehr) -> Checked:
    if any(not iss.endswith("/*") for iss in ehr.iss):
        title = f"[[cds_client]] {client.key}: its EHR has a FHIR base to compare references with."
        return ok("cds_client_idle", title, ehr.key)
    return warn(
        "cds_client_idle",
        f"[[cds_client]] {client.key}: every `iss` of its EHR ends in /*, so a call that names no "
        "FHIR server proves nothing by absolute references.",
        "Add the FHIR base that this client's EHR has to `iss` of the [[ehr]] entry.",
        ehr.key,
    )


def _address(client: CdsClient, ehr: Ehr, jku: str) -> Checked:
    try:
        keys = Keys().at_address(ehr, jku, "").keys
        why = "" if keys else "it serves no key that can verify a token"
    except CdsKeysUnavailable as error:
        why = str(error.evidence.get("answer", "no usable answer came"))
    if not why:
        return ok("cds_jku_unreachable", f"{jku} serves keys: {len(keys)}.", ehr.key)
    return fail(
        "cds_jku_unreachable",
        f"[[cds_client]] {client.key}: the keys at {jku} cannot be had from here: {why}.",
        "Compare `jku` with what the EHR's token names in its header, or ask its operator. Without "
        "the keys every call is refused with 503. The functions reach it by their own egress: "
        "docs/deploy.md.",
        ehr.key,
    )
