"""What EHRs answer when a launch fails, as data: one entry for each error of each vendor.

`ENTRIES` goes from the particular to the general: the entries of a vendor before those of RFC 6749,
a wording before a bare code. Facts and their sources: `sources`; what each cause is: `causes`.
"""

from shared.explain.catalogue import (
    athenahealth,
    eclinicalworks,
    epic,
    frames,
    generic,
    generic_gateway,
    generic_keys,
    generic_texts,
    generic_token,
    generic_web,
    keycloak_azure,
    meditech,
    oracle_authorize,
    oracle_fhir,
    oracle_launch,
    oracle_pages,
    oracle_token,
    ours,
    ours_cds,
    smart_launcher,
)
from shared.explain.model import Entry

ENTRIES: tuple[Entry, ...] = (
    *oracle_launch.ENTRIES,
    *oracle_authorize.ENTRIES,
    *oracle_pages.ENTRIES,
    *oracle_token.ENTRIES,
    *oracle_fhir.ENTRIES,
    *epic.ENTRIES,
    *athenahealth.ENTRIES,
    *meditech.ENTRIES,
    *eclinicalworks.ENTRIES,
    *smart_launcher.ENTRIES,
    *keycloak_azure.ENTRIES,
    *frames.ENTRIES,
    *ours_cds.ENTRIES,
    *ours.ENTRIES,
    *generic_web.ENTRIES,
    *generic_keys.ENTRIES,
    *generic_texts.ENTRIES,
    *generic.ENTRIES,
    *generic_token.ENTRIES,
    *generic_gateway.ENTRIES,
)
