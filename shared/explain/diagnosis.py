"""Diagnose a failed launch: rank the catalogue's causes of an error by the available evidence.

RFC 6749 4.1.2.1 and 5.2 list the possible meanings of an error code. The actual cause depends on
the request, the EHR's message about it, its supported features and the configuration.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from shared.explain.catalogue.causes import KINDS, RELAUNCH
from shared.explain.model import (
    AuthorizationRequest,
    Cause,
    CauseId,
    Certainty,
    Diagnosis,
    EhrMessage,
    Entry,
    Registered,
    Where,
)
from shared.explain.parsing import find
from shared.explain.parsing.find import Proof
from shared.explain.parsing.said import Said
from shared.explain.parsing.shown_request import in_text
from shared.explain.parsing.vendor import vendor_of_urn
from shared.explain.ranking import (
    circumstances,
    differences,
    launch,
    request,
    scope_evidence,
    server_text,
)
from shared.explain.ranking.asking import asks
from shared.explain.ranking.change import change
from shared.explain.ranking.corrected_request import corrected
from shared.explain.ranking.facts import Evidence, Facts
from shared.explain.ranking.fallbacks import refuted, unknown
from shared.explain.ranking.launch import NOT_OF_A_PROGRAM
from shared.explain.ranking.our_request import as_sent
from shared.explain.ranking.registrations import choose
from shared.explain.ranking.terms import for_any_app
from shared.findings import Flow
from shared.vendors import GENERIC, OWN

_RANK: Mapping[Certainty, int] = {"certain": 0, "likely": 1, "possible": 2}
_NOTHING = "No EHR error was found in this text."
_ID_ALONE = (
    "The text has the ID of a failure, {}, but not the error itself. Only the EHR's support can "
    "look up what the ID stands for. The error's name is in the URL that the EHR redirected to. "
    "Paste that URL with its query, including `error_uri`."
)
_CUT = " The text is longer than 200 kB, so only its first and its last 100 kB were read."
_LOOKS_LIKE = (
    "No known error was found in this text. What looks most like one is {}. It probably "
    "comes from {}."
)
_SPEAKERS: Mapping[str, str] = {
    "server": "the server that was called",
    "unknown": "the server that was called, or the program that called it",
    "library": "a library in the app",
    "proxy": "a proxy or gateway in front of the server",
    "network": "the network between the app and the server",
    "browser": "the browser",
    "writer": "the writer, not from a program",
}
_REPORTS = r"\b[45]\d\d\b|error|fail|refus|denied|cannot|can't|not work"
_FEW, _LONGEST_QUOTE = 3, 160
_SIGNED_IN = (
    "The EHR signed the user in and returned a `code`. The failure came after that, at the token "
    "endpoint or in the app."
)
_DESCRIBED = "The text doesn't name an error, but its description of the failure points to a cause."
_TRIMMED = "The EHR issued a token without an error, but granted less than was requested."
_GRANTED = (
    "The EHR issued a token without an error. If this text shows all the scopes that were "
    "requested, none is missing."
)


def diagnose(
    message: EhrMessage,
    sent: AuthorizationRequest | None = None,
    registrations: Sequence[Registered] = (),
    *,
    where: Where | None = None,
) -> Diagnosis:
    """Return the meaning and causes of an error, the most probable first, each cause once.

    Without `sent`, use the request that the text itself describes. `registrations` are the ones
    that the failure may be about. `where` is the endpoint that responded, if known. If the error is
    unknown, the diagnosis says so. Never raises.
    """
    either = in_text(message.text) if sent is None else sent
    registered = choose(message, either, registrations) or Registered(key="")
    either = replace(either, vendor=either.vendor or registered.vendor)
    vendor = _vendor(message, either)
    found = find.matches(message, None if either.vendor is None else vendor, where)
    if found and found[0].entry.vendor not in {GENERIC.name, OWN.name}:
        vendor = found[0].entry.vendor if sent is None else vendor or found[0].entry.vendor
    facts = Facts(message, either, sent is None, registered, found, vendor, where)
    known = facts.entries or find.by_code(message.oauth_error, where)
    causes = _ranked(facts, known)
    if facts.of_any_app:
        causes = tuple(map(for_any_app, causes))
    proposed = corrected(facts, causes)
    if proposed is not None and _is_as_sent(proposed, _sent_values(facts)):
        # This app sent exactly this request, so there's nothing to compare.
        proposed = None
    return Diagnosis(
        message=replace(message, vendor=message.vendor or vendor),
        meaning=_meaning(facts, known, causes) + (_CUT if message.cut else ""),
        causes=causes,
        corrected_request=proposed,
        change=change(
            causes[0] if causes else None,
            proposed,
            _sent_values(facts),
            facts.pasted if facts.of_any_app else None,
        ),
        ask=asks(facts, causes),
    )


def _sent_values(facts: Facts) -> Mapping[str, str | None]:
    """Return the parameters that this app sent, with None for secret ones. Return nothing for a
    pasted request.
    """
    sent = facts.sent
    if facts.from_text:
        return {}
    return {
        "scope": " ".join(sent.scopes or ()),
        "client_id": sent.client_id,
        "redirect_uri": sent.redirect_uri,
        "aud": sent.aud,
        "launch": None,
        "code_challenge_method": "S256",
    }


def _is_as_sent(proposed: Mapping[str, str], sent: Mapping[str, str | None]) -> bool:
    known = {name: value for name, value in sent.items() if value is not None}
    return bool(known) and all(
        proposed.get(name, "").split() == value.split() or proposed.get(name, "").startswith("<")
        for name, value in known.items()
    )


def _vendor(message: EhrMessage, sent: AuthorizationRequest) -> str | None:
    if message.urn is not None:
        return vendor_of_urn(message.urn)
    return message.vendor if sent.vendor in {None, GENERIC.name} else sent.vendor


def _meaning(facts: Facts, known: tuple[Entry, ...], causes: tuple[Cause, ...]) -> str:
    message = facts.message
    told = facts.proof is Proof.TOLD and bool(causes)
    ids = {one.id for entry in facts.entries[:1] for one in entry.causes}
    if facts.entries and not (told and causes[0].id not in ids):
        said = next((one for one in facts.heard if one.field and " " in one.words), None)
        vague = facts.from_text and all(one.certainty == "possible" for one in causes)
        quote = f" The message is {_quote(said)}." if vague and said else ""
        return facts.entries[0].meaning + quote
    name = message.urn or message.oauth_error
    if name is None and facts.granted is not None:
        return _TRIMMED if causes else _GRANTED
    if name is None and causes:
        return _DESCRIBED
    if name is None and facts.claims.has("came_back"):
        return _SIGNED_IN
    if name is None and not message.instance and (quoted := _quoted(facts)):
        return quoted
    if name is None:
        return _ID_ALONE.format(message.instance) if message.instance else _NOTHING
    instance = f" and give it the ID {message.instance}" if message.instance else ""
    ask = f"Look for the error in the EHR's documentation, or ask the EHR's support{instance}."
    if known:
        meaning = f"Its OAuth code means: {known[0].meaning}"
        return f"This app doesn't recognize {name}. {meaning} {ask}"
    return f"This app doesn't recognize {name}. {ask}"


def _ranked(facts: Facts, known: tuple[Entry, ...]) -> tuple[Cause, ...]:
    """Return the causes from the entries and the evidence, the most probable first."""
    causes: dict[CauseId, Cause] = {}
    for number, entry in enumerate(known):
        for cause in (one.in_flow(facts.flow) for one in entry.causes):
            sure = _as_sure(cause, facts) if facts.entries and number == 0 else "possible"
            causes.setdefault(cause.id, replace(cause, certainty=sure))
    evidence = _evidence(facts)
    supported = {one.id for one in evidence if one.certainty is not None}
    against = set(launch.contradicted(facts)) - supported
    known_causes = tuple(causes)
    causes = {
        id_: cause
        for id_, cause in causes.items()
        if id_ not in against and not (cause.at_refresh and _exchanged(facts))
        if not (id_ in _OF_AN_EXCHANGE and _refreshed(facts))
    }
    causes = _applicable(causes, facts)
    if "cors_blocked" in causes and re.search(r"ERR_FAILED (?:4|5)\d\d\b", facts.pasted):
        # The server did answer, so CORS only hid its error.
        causes["cors_blocked"] = replace(causes["cors_blocked"], certainty="possible")
    if any(one.certainty == "certain" for one in evidence):
        # A certain cause explains the error, so causes without evidence become less probable.
        causes = _less_sure(causes, causes.keys() - supported)
    # Add the strongest evidence last, so that it decides. Details come after it.
    for one in sorted(evidence, key=lambda one: -_RANK[one.certainty] if one.certainty else 1):
        _add(causes, one, facts.flow)
    if facts.refuted and facts.by_code and facts.from_text:
        causes = {id_: replace(one, steps=(_REFUTED, *one.steps)) for id_, one in causes.items()}
    elif (facts.refuted and not supported) or (not causes and known_causes):
        # The evidence contradicts the error, or every cause that the error can have.
        causes = {"ehr_side": refuted(facts), **causes}
    elif not causes and not facts.from_text and (facts.message.urn or facts.message.oauth_error):
        causes["ehr_side"] = unknown(facts.message)
    if facts.by_code:
        # A server's message counts more than a person's claim, and a claim more than a bare code.
        causes = _less_sure(causes, facts.denied)
    ours = {id_: one for id_, one in causes.items() if id_ in facts.named_by_app}
    causes = ours or causes
    causes = {id_: one.in_flow(facts.flow, RELAUNCH) for id_, one in causes.items()}
    return _in_order(causes, evidence, facts)


# Servers answer many mistakes with only these codes and statuses.
_AMBIGUOUS = (
    *("invalid_client", "invalid_request", "unauthorized_client"),
    *("access_denied", "invalid_grant", "invalid_token"),
)
_REFUSALS = frozenset({401, 403})


def _quoted(facts: Facts) -> str | None:
    """Return the sentence that looks most like an error, without ids, and who probably says it."""
    heard = facts.heard
    said = max(
        (one for one in heard if one.speaker != "writer"),
        key=lambda one: len(one.words.split()) > _FEW,
        default=None,
    )
    told = next((one for one in heard if re.search(_REPORTS, one.words, re.IGNORECASE)), None)
    said = said or (told if facts.is_account else None)
    if said is None:
        return None
    return _LOOKS_LIKE.format(_quote(said), _SPEAKERS[said.speaker])


def _quote(said: Said) -> str:
    """Return a sentence in quotation marks, without ids."""
    words = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b\w*\d[\w-]{7,}|\b\d{5,}\b", "\u2026", said.words)
    words = words if len(words) <= _LONGEST_QUOTE else f"{words[:_LONGEST_QUOTE]}\u2026"
    return f"\u201c{words.strip(' .').replace('`', chr(39))}\u201d"


def _as_sure(cause: Cause, facts: Facts) -> Certainty:
    """Return how sure a cause of the best entry is, by the kind of its proof."""
    if facts.proof is Proof.CODE or (not facts.from_text and facts.proof is Proof.BARE):
        return cause.certainty
    agreed = len({one.entry.causes[0].id for one in facts.matches}) == 1
    told = facts.is_report and agreed and facts.matches[0].said
    if not facts.is_account or (facts.proof is Proof.TOLD and not told):
        return "possible"
    code = facts.message.oauth_error
    # One product has fewer reasons for a status, and so has one document.
    bare = not code and facts.message.status in _REFUSALS and facts.entries[0].where != "launch"
    bare = bare and facts.entries[0].vendor == GENERIC.name
    if facts.by_code and (code in _AMBIGUOUS or bare):
        return "possible"
    return "likely" if cause.certainty == "certain" else cause.certainty


_REFUTED = (
    "Compare the request with `response_types_supported` and `grant_types_supported` in discovery: "
    "some servers expect `code id_token`, and some refuse a wrong `aud` or body this way."
)


def _exchanged(facts: Facts) -> bool:
    """Return whether a code was exchanged and nothing was refreshed."""
    return not facts.from_text or (
        "authorization_code" in facts.pasted and "refresh" not in facts.pasted
    )


_OF_AN_EXCHANGE = ("code_expired_or_used", "redirect_uri_mismatch", "pkce_mismatch")


def _refreshed(facts: Facts) -> bool:
    """Return whether a token was refreshed and no code was exchanged."""
    exchange = r"authorization_code|auth\w* code|\bcode(?:_verifier)?\W{0,2}[=:]"
    return facts.claims.has("refreshing") and not re.search(exchange, facts.pasted, re.IGNORECASE)


def _applicable(causes: Mapping[CauseId, Cause], facts: Facts) -> dict[CauseId, Cause]:
    """Return the catalogue's causes that apply to the app that made the request."""
    if not facts.from_text:
        return {id_: as_sent(cause, facts) for id_, cause in causes.items()}
    if not facts.backend:
        return dict(causes)
    return {id_: one for id_, one in causes.items() if id_ not in NOT_OF_A_PROGRAM} or dict(causes)


def _evidence(facts: Facts) -> list[Evidence]:
    evidence = [*server_text.evidence(facts), *differences.evidence(facts)]
    if _is_about_a_request(facts):
        for kind in (launch, scope_evidence, request):
            evidence += kind.evidence(facts)
    evidence += circumstances.evidence(facts)
    kept = [one for one in evidence if not (facts.backend and one.id in NOT_OF_A_PROGRAM)]
    if facts.by_code and not facts.is_account:
        return [replace(one, certainty="possible") if one.told else one for one in kept]
    if facts.by_code:
        return kept
    # A server's words count more than what the writer says, which only orders their causes.
    known = {cause.id: cause for cause in facts.entries[0].causes}
    return [
        replace(one, certainty=_as_sure(known[one.id], facts)) if one.told else one
        for one in kept
        if not one.told or one.id in known
    ]


def _is_about_a_request(facts: Facts) -> bool:
    """Return whether the text has an error, a request or scopes. A configuration alone proves
    nothing.
    """
    message, sent = facts.message, facts.sent
    named = message.urn or message.oauth_error or (message.status or 0) >= 400 or facts.entries
    return bool(named or sent.parameters or sent.scopes or facts.granted or not facts.from_text)


def _less_sure(causes: Mapping[CauseId, Cause], ids: Collection[CauseId]) -> dict[CauseId, Cause]:
    """Reduce the likely ones of these causes to possibilities."""
    return {
        id_: replace(one, certainty="possible") if id_ in ids and one.certainty == "likely" else one
        for id_, one in causes.items()
    }


# Servers ignore parameters that they don't know (RFC 6749 3.1).
_IGNORED: CauseId = "parameter_not_recognised"


def _in_order(
    causes: Mapping[CauseId, Cause], evidence: Sequence[Evidence], facts: Facts
) -> tuple[Cause, ...]:
    """Sort causes by certainty. Within a certainty, causes with evidence come first, in the order
    of the evidence, and causes that the writer of the text denies come last.
    """
    supported = [
        one.id
        for one in evidence
        if one.certainty is not None and not one.denied and one.id != _IGNORED
    ]
    denied = {one.id for one in evidence if one.denied} if supported else set()
    # A cause that the error itself proves needs no other evidence.
    proven = [
        id_ for id_, one in causes.items() if one.certainty == "certain" and id_ not in supported
    ]
    # A parameter that the error reports as missing comes before one that only looks wrong.
    missing = [one.causes[0].id for one in facts.entries if one.lacks and facts.from_text]
    order = [*proven, *missing, *supported, *causes]
    denied |= facts.denied
    if facts.is_report and not re.search(r"expir|\bafter\b|minutes|hours?\b", facts.pasted):
        # Who asks about a refused token and doesn't mention time has never had one that works.
        denied |= {"access_token_expired"}

    def key(cause: Cause) -> tuple[int, bool, bool, int]:
        unsupported = cause.id not in (*supported, *missing) and cause.certainty != "certain"
        rank = _RANK[cause.certainty]
        return rank, cause.id in denied, unsupported, order.index(cause.id)

    return tuple(sorted(causes.values(), key=key))


def _add(causes: dict[CauseId, Cause], one: Evidence, flow: Flow) -> None:
    """Add evidence to the cause that it supports, or add that cause."""
    known = causes.get(one.id)
    if known is None:
        if one.certainty is None:
            return
        known = KINDS[one.id](one.certainty, source=one.source).in_flow(flow)
    causes[one.id] = replace(
        known,
        why=_both(one.why, known.why),
        steps=tuple(dict.fromkeys((*one.steps, *known.steps))),
        certainty=one.certainty or known.certainty,
        source=_sources(known, one),
    )


def _both(evidence: str, general: str) -> str:
    """Return the evidence and then the sentences of the explanation that aren't in it."""
    more = [one for one in re.split(r"(?<=\.) ", general) if one not in evidence]
    return " ".join([evidence, *more]).strip()


def _sources(known: Cause, one: Evidence) -> str:
    """Return the sources of a cause, without the inferred ones if the evidence proves it."""
    if one.certainty != "certain":
        return known.source
    kept = [part for part in known.source.split("; ") if "inferred" not in part]
    return "; ".join(dict.fromkeys((*kept, one.source)))
