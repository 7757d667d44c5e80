"""Which entries of the catalogue a message means.

A URN names its error exactly; a vendor's own words come next, then its use of an OAuth code, then
what RFC 6749 and OpenID Connect say of the code.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache

from shared.explain.catalogue import ENTRIES
from shared.explain.model import Entry, Said, Where
from shared.explain.reading import urn as urns

GENERIC = "generic"
# This product's own refusals, which say less than an EHR's error beside them.
_OWN = "smart-calc"
_ANY = "any"
_LAUNCHER = "smart-launcher"
_EXCHANGE: Where = "token endpoint"
# Patterns are tried on this much of a text, so that the worst of them ends soon.
_LONGEST = 16_384


@cache
def _by_urn() -> Mapping[str, Entry]:
    return {urns.normal(urn): entry for entry in reversed(ENTRIES) for urn in entry.urns}


@cache
def known_urns() -> frozenset[str]:
    """Every URN of the catalogue in its normal form."""
    return frozenset(_by_urn())


def entries(said: Said, vendor: str | None, where: Where | None = None) -> tuple[Entry, ...]:
    """The entries that a message means, the closest first; empty for one that is not known.

    `vendor` is None where it is not known whose message it is, `where` where it is not known what
    answered.
    """
    if said.urn is not None:
        entry = _by_urn().get(said.urn)
        return (entry,) if entry is not None else ()
    text = f"{said.description or ''}\n{said.text}"[:_LONGEST]
    among = [one for one in ENTRIES if _may_be(one, where)]
    return (
        _speaking(text, among, _ANY if vendor in {None, GENERIC} else vendor or _ANY)
        # The launcher stands in for any vendor's EHR; its texts say more than a code.
        or _speaking(text, among, _LAUNCHER)
        or _coded(said.oauth_error, among, vendor)
        or _speaking(text, among, GENERIC)
        or _coded(said.oauth_error, among, GENERIC)
        or _speaking(text, among, _OWN)
        or (_speaking(text, among, _ANY) if vendor else ())
    )


def by_code(oauth_error: str | None, where: Where | None) -> tuple[Entry, ...]:
    """What an OAuth code means by its standard alone."""
    return _coded(oauth_error, [one for one in ENTRIES if _may_be(one, where)], GENERIC)


def _may_be(entry: Entry, where: Where | None) -> bool:
    """Whether an entry is about what is known to have answered: a token endpoint or another."""
    return where is None or (entry.where == _EXCHANGE) == (where == _EXCHANGE)


def _coded(
    oauth_error: str | None, among: Collection[Entry], vendor: str | None
) -> tuple[Entry, ...]:
    found = [one for one in among if one.vendor == vendor and oauth_error in one.oauth_errors]
    # One code can mean two things in two places; where it came from is then a guess.
    return tuple(one for one in found if one.where == found[0].where)


def _speaking(text: str, among: Collection[Entry], vendor: str) -> tuple[Entry, ...]:
    """The entries one of whose patterns is in the text; the longest match says most."""
    lengths = [
        (max(_matched(one.patterns, text), default=0), one)
        for one in among
        if one.vendor == vendor or (vendor == _ANY and one.vendor not in {GENERIC, _OWN})
    ]
    found = sorted(lengths, key=lambda pair: -pair[0])
    return tuple(entry for length, entry in found if length)


def _matched(patterns: Iterable[str], text: str) -> Iterable[int]:
    for pattern in patterns:
        match = _compiled(pattern).search(text)
        if match is not None:
            yield len(match[0])


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
