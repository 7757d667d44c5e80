"""Find the catalogue entries that match a message.

A URN identifies its error exactly. After it come a vendor's own text, the vendor's use of an OAuth
code, and the code's meaning in RFC 6749 and OpenID Connect, in that order.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import cache

from shared.explain.catalogue import ENTRIES
from shared.explain.model import EhrMessage, Entry, Where
from shared.explain.parsing import urns
from shared.explain.parsing.noise import without_noise
from shared.patterns import any_case
from shared.vendors import GENERIC, OWN, everyone

_EXCHANGE: Where = "token endpoint"
# Only this much of a text is searched, which bounds the time of the slowest pattern.
_LONGEST = 16_384
_BEFORE = 60


@cache
def _by_urn() -> Mapping[str, Entry]:
    return {urns.normal(urn): entry for entry in reversed(ENTRIES) for urn in entry.urns}


@cache
def known_urns() -> frozenset[str]:
    """Return every URN of the catalogue in its normal form."""
    return frozenset(_by_urn())


def entries(
    message: EhrMessage, vendor: str | None, where: Where | None = None
) -> tuple[Entry, ...]:
    """Return the entries that match a message, the closest first, or none for an unknown message.

    `vendor` is None if the vendor is unknown, and `where` is None if the responder is unknown.
    """
    if message.urn is not None:
        entry = _by_urn().get(message.urn)
        return (entry,) if entry is not None else ()
    among = [one for one in ENTRIES if _may_be(one, where)]
    # An EHR's message is more specific than its code, and its code more than the status.
    sentences = [one for one in among if not (one.oauth_errors or one.statuses)]
    codes = [one for one in among if one.oauth_errors]
    mine = _ehrs() if vendor in {None, GENERIC.name} else {vendor}
    text = f"{message.description or ''}\n{without_noise(message.text)}"[:_LONGEST]
    return (
        _by_server_message(message, among, sentences, mine)
        or _by_pattern(text, among, mine)
        # A simulator may imitate any vendor's EHR. Its texts are more specific than a code.
        or _by_pattern(text, among, _stand_ins())
        or _by_pattern(text, sentences, {GENERIC.name})
        or _by_oauth_error(message.oauth_error, among, None if vendor == GENERIC.name else vendor)
        or _by_pattern(text, codes, {GENERIC.name})
        or (_by_oauth_error(message.oauth_error, among, GENERIC.name) if message.status else ())
        or _by_pattern(text, among, {GENERIC.name})
        or _by_status(message, among, where)
        or _by_oauth_error(message.oauth_error, among, GENERIC.name)
        # This app's own refusals are less specific than an EHR's error in the same text.
        or _by_pattern(text, among, {OWN.name})
        or (_by_pattern(text, among, _ehrs()) if vendor else ())
    )


def _by_server_message(
    message: EhrMessage,
    among: Collection[Entry],
    sentences: Collection[Entry],
    vendors: Collection[str | None],
) -> tuple[Entry, ...]:
    """Return the entries that match the server's own message, ignoring all other text.

    A code that no standard defines counts as a message too, such as `jwks_kid_mismatch`.
    """
    words = message.description or ""
    at = message.text.find(words) if words else -1
    if at > 0:
        # Include the name of its field, and the code before it.
        words = message.text[
            max(0, message.text.rfind("\n", 0, at) + 1, at - _BEFORE) : at + len(words)
        ]
    if message.oauth_error is not None and not _by_oauth_error(
        message.oauth_error, among, GENERIC.name
    ):
        words += f"\n{message.oauth_error.replace('_', ' ')}"
    if not words:
        return ()
    return (
        _by_pattern(words, among, vendors)
        or _by_pattern(words, among, _stand_ins())
        or _by_pattern(words, sentences, {GENERIC.name})
    )


def _ehrs() -> Collection[str | None]:
    return {one.name for one in everyone()} - {GENERIC.name, OWN.name}


def _stand_ins() -> Collection[str | None]:
    return {one.name for one in everyone() if one.stands_in}


def by_code(oauth_error: str | None, where: Where | None) -> tuple[Entry, ...]:
    """Return the entries for an OAuth code's standard meaning."""
    return _by_oauth_error(
        oauth_error, [one for one in ENTRIES if _may_be(one, where)], GENERIC.name
    )


def _may_be(entry: Entry, where: Where | None) -> bool:
    """Return whether an entry fits the responder, which is a token endpoint or isn't."""
    return where is None or (entry.where == _EXCHANGE) == (where == _EXCHANGE)


def _by_status(
    message: EhrMessage, among: Collection[Entry], where: Where | None
) -> tuple[Entry, ...]:
    """Return the entries for a response's status, if the responder is known and sent no code."""
    if where is None or message.oauth_error is not None:
        return ()
    return tuple(one for one in among if one.where == where and message.status in one.statuses)


def _by_oauth_error(
    oauth_error: str | None, among: Collection[Entry], vendor: str | None
) -> tuple[Entry, ...]:
    entries = [one for one in among if one.vendor == vendor and oauth_error in one.oauth_errors]
    # A code can mean different things in two places. In that case, guess the first place.
    return tuple(one for one in entries if one.where == entries[0].where)


def _by_pattern(
    text: str, among: Collection[Entry], vendors: Collection[str | None]
) -> tuple[Entry, ...]:
    """Return the entries with a pattern that matches the text, the longest match first."""
    lengths = [
        (max(_matched(one.patterns, text), default=0), one)
        for one in among
        if one.vendor in vendors
    ]
    ranked = sorted(lengths, key=lambda pair: -pair[0])
    return tuple(entry for length, entry in ranked if length)


def _matched(patterns: Iterable[str], text: str) -> Iterable[int]:
    for pattern in patterns:
        match = any_case(pattern).search(text)
        if match is not None:
            yield len(match[0])
