"""The known errors of failed launches, as data: one entry for each error of each vendor.

`ENTRIES` goes from specific to general: a vendor's entries come before those of RFC 6749, and the
wording of a message before a bare code. `causes` describes each cause, and `sources` lists the
documents and reports that the facts come from.
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
