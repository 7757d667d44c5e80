"""The known errors of failed launches, as data: one entry for each error of each vendor.

`ENTRIES` goes from specific to general: a vendor's entries come before those of RFC 6749, and the
wording of a message before a bare code. `causes` describes each cause, and `sources` lists the
documents and reports that the facts come from.
"""

from shared.explain.catalogue import (
    athenahealth,
    eclinicalworks,
    entra,
    epic,
    generic,
    generic_gateway,
    generic_token,
    keycloak_smart,
    meditech,
    oracle_authorize,
    oracle_fhir,
    oracle_launch,
    oracle_pages,
    oracle_token,
    ours,
    ours_cds,
    products,
    smart_launcher,
    web,
    words,
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
    *keycloak_smart.ENTRIES,
    *entra.ENTRIES,
    *products.ENTRIES,
    *ours_cds.ENTRIES,
    *ours.ENTRIES,
    *web.ENTRIES,
    *words.ENTRIES,
    *generic.ENTRIES,
    *generic_token.ENTRIES,
    *generic_gateway.ENTRIES,
)
