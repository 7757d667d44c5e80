"""Which entries of the catalogue a message means.

A URN names its error exactly; a vendor's own words come next, then its use of an OAuth code, then
what RFC 6749 and OpenID Connect say of the code.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache

from shared.explain import urn as urns
from shared.explain.catalogue import ENTRIES
from shared.explain.model import Entry, Said

GENERIC = "generic"
# This product's own refusals, which say less than an EHR's error beside them.
_OWN = "smart-calc"
_ANY = "any"
# Patterns are tried on this much of a text, so that the worst of them ends soon.
_LONGEST = 16_384


@cache
def _by_urn() -> Mapping[str, Entry]:
    return {urns.normal(urn): entry for entry in reversed(ENTRIES) for urn in entry.urns}


@cache
def known_urns() -> frozenset[str]:
    """Every URN of the catalogue in its normal form."""
    return frozenset(_by_urn())


def entries(said: Said, vendor: str | None) -> tuple[Entry, ...]:
    """The entries that a message means, the closest first; empty for one that is not known.

    `vendor` is None where it is not known whose message it is.
    """
    if said.urn is not None:
        entry = _by_urn().get(said.urn)
        return (entry,) if entry is not None else ()
    text = f"{said.description or ''}\n{said.text}"[:_LONGEST]

    return (
        _speaking(text, vendor or _ANY)
        or _coded(said.oauth_error, vendor)
        or _speaking(text, GENERIC)
        or _coded(said.oauth_error, GENERIC)
        or _speaking(text, _OWN)
        or _speaking(text, _ANY)
    )


def by_code(oauth_error: str | None) -> tuple[Entry, ...]:
    """What an OAuth code means by its standard alone."""
    return _coded(oauth_error, GENERIC)


def _coded(oauth_error: str | None, vendor: str | None) -> tuple[Entry, ...]:
    return tuple(one for one in ENTRIES if one.vendor == vendor and oauth_error in one.oauth_errors)


def _speaking(text: str, vendor: str) -> tuple[Entry, ...]:
    """The entries one of whose patterns is in the text; the longest match says most."""
    lengths = [
        (max(_matched(one.patterns, text), default=0), one)
        for one in ENTRIES
        if one.vendor == vendor or (vendor == _ANY and one.vendor not in {GENERIC, _OWN})
    ]
    found = sorted(lengths, key=lambda pair: -pair[0])
    return tuple(entry for length, entry in found if length)


def _matched(patterns: Iterable[str], text: str) -> Iterable[int]:
    for pattern in patterns:
        match = re.search(pattern, text, re.IGNORECASE)
        if match is not None:
            yield len(match[0])
