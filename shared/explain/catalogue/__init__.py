"""The known errors of failed launches, as data: one entry for each error of each vendor.

`ENTRIES` goes from specific to general: a vendor's entries come before those of RFC 6749, and the
wording of a message before a bare code. `causes` describes each cause, and `sources` lists the
documents and reports that the facts come from.
"""

from collections import Counter
from dataclasses import replace

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
_ALL = tuple(one for module in _BY_PRECISION for one in module.ENTRIES)
_LAST_WORDS = Counter(urn.rpartition(":")[2] for entry in _ALL for urn in entry.urns)


def _known_by_name(entry: Entry) -> Entry:
    """Return an entry with the last words of its URNs as patterns: people quote only these."""
    patterns = list(entry.patterns)
    for urn in entry.urns:
        before, last = urn.split(":")[-2:]
        alone = last.count("-") > 1 and _LAST_WORDS[last] == 1
        patterns.append(rf"(?<!\w){last if alone else f'{before}:{last}'}(?![\w-])")
    return replace(entry, patterns=tuple(patterns))


ENTRIES: tuple[Entry, ...] = tuple(map(_known_by_name, _ALL))
