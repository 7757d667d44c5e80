"""Find the catalogue entries that explain a message, and the kind of proof that each has.

A URN, a numbered code or a documented message of a vendor that the text shows means one thing.
After it come a server's words, whatever they are, then a bare code of RFC 6749, and last what the
writer says.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import IntEnum
from functools import cache
from typing import Literal, get_args

from shared.explain.catalogue import ENTRIES
from shared.explain.model import EhrMessage, Entry, Where
from shared.explain.parsing import urns
from shared.explain.parsing.concepts import concepts_in, fits
from shared.explain.parsing.said import Said, Step, hear, step_at, without_noise
from shared.explain.parsing.vendor import Seen, seen_in
from shared.frozen import dataclass
from shared.patterns import any_case
from shared.vendors import GENERIC, OWN, everyone

_EXCHANGE: Where = "token endpoint"
_STEPS: Mapping[Where, Step] = {
    _EXCHANGE: "token",
    "authorize redirect": "authorize",
    "error page": "authorize",
    "FHIR answer": "FHIR",
}
# Only this much of a text is searched, which bounds the time of the slowest pattern.
_LONGEST = 65_536


class Proof(IntEnum):
    """The basis of an explanation, the strongest first."""

    CODE = 0
    NAMED = 1
    WORDS = 2
    BARE = 3
    TOLD = 4


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that explains a message, its proof, and the sentence that it explains, if any."""

    entry: Entry
    proof: Proof
    said: Said | None = None


@cache
def _by_urn() -> Mapping[str, Entry]:
    return {urns.normal(urn): entry for entry in reversed(ENTRIES) for urn in entry.urns}


@cache
def known_urns() -> frozenset[str]:
    """Return every URN of the catalogue in its normal form."""
    return frozenset(_by_urn())


def matches(
    message: EhrMessage, vendor: str | None = None, where: Where | None = None
) -> tuple[Match, ...]:
    """Return the entries that explain a message, the best proof first, or none.

    `vendor` is the configured one, or None. `where` is None if the responder is unknown.
    """
    # A simulator may imitate the EHR that answers this app.
    stand_ins = () if where is None else [one.name for one in everyone() if one.stands_in]
    if where is None and message.oauth_error == "invalid_client" and _AT_FIRST(message.text):
        # The authorization endpoint answered, where a client hasn't authenticated yet.
        where = "authorize redirect"
    among = [one for one in ENTRIES if _may_be(one, where)]
    if message.urn is not None:
        entry = _by_urn().get(message.urn)
        known = (Match(entry, Proof.CODE),) if entry is not None else ()
        return known or _by_words(_names(message, where), among, message, where)
    heard = (*_names(message, where), *hear(message.text))
    seen = seen_in(message.urn, message.text)
    configured = () if vendor in {None, GENERIC.name, *seen.named} else (vendor,)
    shown = frozenset(filter(None, (*seen.shown, *configured)))
    named = frozenset((*seen.named, *stand_ins)) - shown
    fields = "\n".join([message.description or "", *(one.words for one in heard if one.field)])
    text = f"{message.description or ''}\n{without_noise(message.text)}"[:_LONGEST]
    voices: dict[_Voice, list[Entry]] = {voice: [] for voice in get_args(_Voice)}
    for one in among:
        voices[_voice(one)].append(one)
    vendors = voices["vendor"]
    few = heard and len(text.split()) <= _FEW
    few = few and not (message.oauth_error or message.status or seen.first)
    mild = [one for one in among if not one.alone]
    return (
        _by_own(text, seen)
        or _by_pattern(fields, vendors, shown, named)
        or _by_pattern(text, vendors, shown, named)
        or _by_words([one for one in heard if one.field], among, message, where)
        or _patterns(text, voices["web"], Proof.CODE)
        or (_patterns(text, voices["tool"], Proof.CODE) if message.oauth_error is None else ())
        or _patterns(text, mild, Proof.NAMED, fewest=_UNMISTAKABLE)
        or _by_words([one for one in heard if one.speaker != "writer"], among, message, where)
        or (_patterns(text, vendors, Proof.NAMED) if few else ())
        or _by_code(message, among, shown or named, where)
        or _by_status(message, among, shown or named, where)
        or _patterns(text, voices["vague"], Proof.CODE)
        or _patterns(text, voices["tool"], Proof.CODE)
        or _by_words(heard, among, message, where)
    )


# A text with an authorization request and no sign of a later one.
_AT_FIRST = any_case(
    r"\A(?=[\s\S]*[?&]response_type=)(?![\s\S]*(?:grant_type|token[ -](?:endpoint|request|exchange"
    r"|call|url)|/tokens?\b|[?&]code=|\bexchang))"
).search


_Voice = Literal["own", "vendor", "tool", "web", "vague", "any"]


def _voice(entry: Entry) -> _Voice:
    """Return who says what an entry is about: this app, a vendor, a build `tool` or platform, the
    `web` (a browser, a library or a framework, with a fixed message), the same in a `vague` way,
    without a probable cause, or `any` server in whatever words.
    """
    if entry.vendor != GENERIC.name:
        return "own" if entry.vendor == OWN.name else "vendor"
    if not entry.alone:
        return "any"
    first = entry.causes[0]
    if first.id == "not_a_launch_problem":
        return "tool"
    return "vague" if first.certainty == "possible" else "web"


def _names(message: EhrMessage, where: Where | None) -> Iterator[Said]:
    """Yield the words of a name without documentation: an unknown URN or an unusual code."""
    names = [message.urn.removeprefix(urns.AUTHORIZATION).replace(":", " ")] if message.urn else []
    if message.oauth_error is not None and not by_code(message.oauth_error, None):
        names.append(message.oauth_error)
    for name in names:
        words = name.replace("_", " ").replace("-", " ")
        at = max(message.text.find(name), 0)
        step = _STEPS.get(where) if where else step_at(message.text, at)
        yield Said(words, "server", step, 0, field=True)


def _by_own(text: str, seen: Seen) -> tuple[Match, ...]:
    """Return the entry for this app's own page or log line, which says what it is. Few words with
    one of this app's codes count too, if they show no vendor.
    """
    own = [one for one in ENTRIES if one.vendor == OWN.name]
    if not any_case(_OWN_FORM).search(text):
        few = len(text.split()) <= _FEW and seen.first is None
        own = [one for one in own if few and one.says.isidentifier()]
    return _patterns(text, own, Proof.CODE)


_OWN_FORM = (
    r"\bsmart-calc\b|\"event\"\s?:\s?\"(?:launch_|callback_|cds_|fhir_|token_refresh|session_ended)"
    r"|\bcds_refused\b|\bcds_\w+_(?:invalid|denied|missing|unavailable)\b|(?:^|\n)error code: "
    r"\w+_\w+"
)
_FEW = 12


def _by_pattern(
    text: str, vendors: Collection[Entry], shown: Collection[str], named: Collection[str]
) -> tuple[Match, ...]:
    """Return the entries with a documented message of a vendor that speaks in the text."""
    mine = [one for one in vendors if one.vendor in shown]
    alone = [one for one in vendors if one.alone and one.vendor not in shown]
    return _patterns(text, [*mine, *alone], Proof.CODE) or (
        _patterns(text, [one for one in vendors if one.vendor in named], Proof.NAMED)
    )


# So many words of a documented message don't come from anyone else.
_UNMISTAKABLE = 5


def _patterns(
    text: str, among: Iterable[Entry], proof: Proof, *, fewest: int = 0
) -> tuple[Match, ...]:
    """Return the entries with a pattern that matches the text, the longest match first."""
    found: list[tuple[int, Entry]] = []
    for one in among:
        long = (it for it in one.patterns if len(it.replace(r"\s{0,2}", " ").split()) >= fewest)
        matched = filter(None, (any_case(it).search(text) for it in long))
        found.append((max((len(it[0]) or 1 for it in matched), default=0), one))
    ranked = sorted((pair for pair in found if pair[0]), key=lambda pair: -pair[0])
    return tuple(Match(entry, proof) for _, entry in ranked)


def _by_words(
    heard: Iterable[Said], among: Collection[Entry], message: EhrMessage, where: Where | None
) -> tuple[Match, ...]:
    """Return the first entry that each sentence fits, in the order of the sentences. The most
    precise entry of a place, such as a field with two sentences, comes first.
    """
    told = [one for one in among if one.about]
    asserted = {"assertion"} if _ASSERTED.search(message.text) else ()
    places: dict[int, int] = {}
    found: dict[str, tuple[tuple[int, int], Match]] = {}
    for said in heard:
        names = {*concepts_in(said.words), *_around(said, message, where), *asserted}
        proof = Proof.TOLD if said.speaker == "writer" else Proof.WORDS
        place = places.setdefault(said.at, len(places))
        for number, entry in enumerate(told):
            if any(fits(one, names) for one in entry.about):
                found.setdefault(entry.key, ((place, number), Match(entry, proof, said)))
                break
    return tuple(match for _, match in sorted(found.values(), key=lambda pair: pair[0]))


_ASSERTED = any_case(r"client_?assertion|private[_ ]key[_ ]jwt|signed (?:assertion|jwt)")


def _around(said: Said, message: EhrMessage, where: Where | None) -> Iterator[str]:
    step = said.step if where is None else _STEPS.get(where)
    yield f"by:{said.speaker}"
    if said.field:
        yield "field"
    if step is not None:
        yield f"@{step}"
    if message.oauth_error is not None:
        yield f"={message.oauth_error}"
    yield "#none" if message.status is None else f"#{message.status}"
    if (message.status or 0) >= 500:
        yield "#5xx"


def _by_code(
    message: EhrMessage, among: Collection[Entry], shown: Collection[str], where: Where | None
) -> tuple[Match, ...]:
    """Return the entries for an OAuth code: a vendor's own use of it, then RFC 6749's."""
    code = message.oauth_error
    if message.description is not None and by_code(message.description, None):
        # Some servers put the more precise code into the description.
        code = message.description
    mine = [one for one in among if one.vendor in shown]
    if (found := _of_code(code, mine)) or code is None:
        return tuple(Match(one, Proof.BARE) for one in found)
    general = [one for one in among if one.vendor == GENERIC.name]
    if where is None and (step := _step_of(code, message.text)):
        # The same code means other things at the token endpoint and in a redirect.
        there = [one for one in general if (one.where == _EXCHANGE) == (step == "token")]
        general = there if _of_code(code, there) else general
    return tuple(Match(one, Proof.BARE) for one in _of_code(code, general))


def _step_of(code: str, text: str) -> Step | None:
    if re.search(rf"[?&]error={code}\b", text, re.IGNORECASE):
        return "authorize"
    in_json = re.search(rf"\"error\"\s{{0,9}}:\s{{0,9}}\"{code}\"", text, re.IGNORECASE)
    return "token" if in_json else None


def _of_code(code: str | None, among: Iterable[Entry]) -> tuple[Entry, ...]:
    entries = [one for one in among if code in one.oauth_errors]
    # A code can mean different things in two places. In that case, guess the first place.
    return tuple(one for one in entries if one.where == entries[0].where)


def _by_status(
    message: EhrMessage, among: Collection[Entry], shown: Collection[str], where: Where | None
) -> tuple[Match, ...]:
    """Return the entries for a response's status at its step, if it had no code."""
    if message.status is None or message.oauth_error is not None:
        return ()
    at = message.text.find(str(message.status))
    step = step_at(message.text, max(at, 0))
    step = "FHIR" if any_case("diagnostics|operationoutcome").search(message.text) else step
    place = where or _PLACES[step or "FHIR"]
    found = [one for one in among if one.where == place and message.status in one.statuses]
    mine = [one for one in found if one.vendor in shown]
    found = mine or [one for one in found if one.vendor == GENERIC.name]
    line = message.text[message.text.rfind("\n", 0, at) + 1 :].partition("\n")[0]
    # A metadata URL somewhere in the text doesn't make the response one to discovery.
    step = None if step == "discovery" != step_at(line, 0) else step
    down = message.status > 500
    return tuple(Match(one, Proof.BARE if where or step or down else Proof.TOLD) for one in found)


_PLACES: Mapping[Step, Where] = {
    "token": _EXCHANGE,
    "refresh": _EXCHANGE,
    "authorize": "authorize redirect",
    "discovery": "launch",
    "FHIR": "FHIR answer",
}


def by_code(oauth_error: str | None, where: Where | None) -> tuple[Entry, ...]:
    """Return the entries for an OAuth code's standard meaning."""
    general = [one for one in ENTRIES if _may_be(one, where) and one.vendor == GENERIC.name]
    return _of_code(oauth_error, general)


def _may_be(entry: Entry, where: Where | None) -> bool:
    """Return whether an entry fits the responder, which is a token endpoint or isn't."""
    return where is None or entry.alone or (entry.where == _EXCHANGE) == (where == _EXCHANGE)
