"""Which entries of the catalogue a message means.

A URN names its error exactly; a vendor's own words come next, then its use of an OAuth code, then
what RFC 6749 and OpenID Connect say of the code.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache

from shared.explain.catalogue import ENTRIES
from shared.explain.model import EhrMessage, Entry, Where
from shared.explain.parsing import urns
from shared.explain.parsing.noise import without_noise
from shared.vendors import GENERIC, OWN, everyone

_EXCHANGE: Where = "token endpoint"
# Patterns are tried on this much of a text, so that the worst of them ends soon.
_LONGEST = 16_384
_BEFORE = 60


@cache
def _by_urn() -> Mapping[str, Entry]:
    return {urns.normal(urn): entry for entry in reversed(ENTRIES) for urn in entry.urns}


@cache
def known_urns() -> frozenset[str]:
    """Every URN of the catalogue in its normal form."""
    return frozenset(_by_urn())


def entries(said: EhrMessage, vendor: str | None, where: Where | None = None) -> tuple[Entry, ...]:
    """The entries that a message means, the closest first; empty for one that is not known.

    `vendor` is None where it is not known whose message it is, `where` where it is not known what
    answered.
    """
    if said.urn is not None:
        entry = _by_urn().get(said.urn)
        return (entry,) if entry is not None else ()
    among = [one for one in ENTRIES if _may_be(one, where)]
    # A sentence of an EHR says more than its code, and its code more than the status.
    sentences = [one for one in among if not (one.oauth_errors or one.statuses)]
    codes = [one for one in among if one.oauth_errors]
    mine = _ehrs() if vendor in {None, GENERIC.name} else {vendor}
    text = f"{said.description or ''}\n{without_noise(said.text)}"[:_LONGEST]
    return (
        _in_its_words(said, among, sentences, mine)
        or _speaking(text, among, mine)
        # What stands in for any vendor's EHR says more in its texts than a code.
        or _speaking(text, among, _stand_ins())
        or _speaking(text, sentences, {GENERIC.name})
        or _coded(said.oauth_error, among, None if vendor == GENERIC.name else vendor)
        or _speaking(text, codes, {GENERIC.name})
        or (_coded(said.oauth_error, among, GENERIC.name) if said.status else ())
        or _speaking(text, among, {GENERIC.name})
        or _by_status(said, among, where)
        or _coded(said.oauth_error, among, GENERIC.name)
        # This product's own refusals say less than an EHR's error beside them.
        or _speaking(text, among, {OWN.name})
        or (_speaking(text, among, _ehrs()) if vendor else ())
    )


def _in_its_words(
    said: EhrMessage,
    among: Collection[Entry],
    sentences: Collection[Entry],
    vendors: Collection[str | None],
) -> tuple[Entry, ...]:
    """Return what the server's own sentence means, before anything else in the text.

    A code that no standard has is a sentence too: `jwks_kid_mismatch`.
    """
    words = said.description or ""
    at = said.text.find(words) if words else -1
    if at > 0:
        # What it is called, and the code before it, belong to it.
        words = said.text[max(0, said.text.rfind("\n", 0, at) + 1, at - _BEFORE) : at + len(words)]
    if said.oauth_error is not None and not _coded(said.oauth_error, among, GENERIC.name):
        words += f"\n{said.oauth_error.replace('_', ' ')}"
    if not words:
        return ()
    return (
        _speaking(words, among, vendors)
        or _speaking(words, among, _stand_ins())
        or _speaking(words, sentences, {GENERIC.name})
    )


def _ehrs() -> Collection[str | None]:
    return {one.name for one in everyone()} - {GENERIC.name, OWN.name}


def _stand_ins() -> Collection[str | None]:
    return {one.name for one in everyone() if one.stands_in}


def by_code(oauth_error: str | None, where: Where | None) -> tuple[Entry, ...]:
    """What an OAuth code means by its standard alone."""
    return _coded(oauth_error, [one for one in ENTRIES if _may_be(one, where)], GENERIC.name)


def _may_be(entry: Entry, where: Where | None) -> bool:
    """Whether an entry is about what is known to have answered: a token endpoint or another."""
    return where is None or (entry.where == _EXCHANGE) == (where == _EXCHANGE)


def _by_status(
    said: EhrMessage, among: Collection[Entry], where: Where | None
) -> tuple[Entry, ...]:
    """What the status of an answer alone means, where it is known what answered."""
    if where is None or said.oauth_error is not None:
        return ()
    return tuple(one for one in among if one.where == where and said.status in one.statuses)


def _coded(
    oauth_error: str | None, among: Collection[Entry], vendor: str | None
) -> tuple[Entry, ...]:
    entries = [one for one in among if one.vendor == vendor and oauth_error in one.oauth_errors]
    # One code can mean two things in two places; where it came from is then a guess.
    return tuple(one for one in entries if one.where == entries[0].where)


def _speaking(
    text: str, among: Collection[Entry], vendors: Collection[str | None]
) -> tuple[Entry, ...]:
    """The entries one of whose patterns is in the text; the longest match says most."""
    lengths = [
        (max(_matched(one.patterns, text), default=0), one)
        for one in among
        if one.vendor in vendors
    ]
    ranked = sorted(lengths, key=lambda pair: -pair[0])
    return tuple(entry for length, entry in ranked if length)


def _matched(patterns: Iterable[str], text: str) -> Iterable[int]:
    for pattern in patterns:
        match = _compiled(pattern).search(text)
        if match is not None:
            yield len(match[0])


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
