"""The known errors of failed launches, as data: one entry for each error of each vendor.

`ENTRIES` goes from specific to general: a vendor's entries come before those of RFC 6749, and the
wording of a message before a bare code. `causes` describes each cause, and `sources` lists the
documents and reports that the facts come from.
"""

from shared.explain.catalogue import (
    entra,
    epic,
    generic,
    generic_gateway,
    keycloak_smart,
    oracle_authorize,
    oracle_fhir,
    oracle_launch,
    oracle_pages,
    oracle_token,
    other_ehrs,
    ours,
    ours_cds,
    products,
    smart_launcher,
    web,
    words,
)
from shared.explain.model import Entry

_BY_PRECISION = (
    *(oracle_launch, oracle_authorize, oracle_pages, oracle_token, oracle_fhir),
    *(epic, other_ehrs, smart_launcher, keycloak_smart),
    *(entra, products, ours_cds, ours, web, words, generic, generic_gateway),
)
ENTRIES: tuple[Entry, ...] = tuple(one for module in _BY_PRECISION for one in module.ENTRIES)
