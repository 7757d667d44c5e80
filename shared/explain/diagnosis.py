"""Why a launch failed: the catalogue's causes of an error, weighed by the evidence of the case.

RFC 6749 4.1.2.1 and 5.2 say what an error code may mean; which of its causes it was follows from
what was sent, what the EHR said of it, what it offers and what is configured.
"""

from collections.abc import Iterable, Mapping, Sequence
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
from shared.explain.reading import find
from shared.explain.reading.vendor import vendor_of_urn
from shared.explain.weighing import launch, request
from shared.explain.weighing.change import change
from shared.explain.weighing.corrected_request import corrected
from shared.explain.weighing.evidence import Facts, WeighedCause, gather
from shared.explain.weighing.our_request import as_sent
from shared.vendors import GENERIC

_RANK: Mapping[Certainty, int] = {"certain": 0, "likely": 1, "possible": 2}
_NOTHING = (
    "No error of an EHR was found in this text. Useful are: the address that the EHR came back to, "
    "with its query; the `error_uri`; the JSON of the token endpoint; the body and the "
    "WWW-Authenticate line of a FHIR answer."
)
_ID_ALONE = (
    "The text holds the id of a failure, {}, and not the error itself. What the id stands for only "
    "the EHR's support can look up. The error's name is in the address that the EHR came back to: "
    "paste that address with its query, `error_uri` included."
)
_TRIMMED = "The EHR gave a token and no error, and granted less than was asked for."
_AS_SENT = "the request as this app sent it; that the EHR lost it: inferred"
_AS_SHOWN = "the request in the text; that another one failed: inferred"
_GRANTED = (
    "The EHR gave a token and no error. Nothing is missing in it as far as the scopes that were "
    "asked for are known here."
)


def diagnose(
    said: EhrMessage,
    sent: AuthorizationRequest | None = None,
    registrations: Sequence[Registered] = (),
    *,
    where: Where | None = None,
) -> Diagnosis:
    """What the error means and why it came, the most probable cause first, each cause once.

    Without `sent`, what the text itself tells of the request is used. `registrations` are those
    that the failure may be about; `where` is what answered, as far as that is known. An error that
    is not known is said to be so. Never raises.
    """
    claimed, stated, mine = gather(said, sent, registrations)
    vendor = _vendor(said, claimed)
    entries = find.entries(said, vendor, where)
    if vendor is None and entries and entries[0].vendor != GENERIC.name:
        vendor = entries[0].vendor
    facts = Facts(said, claimed, stated, mine, entries, vendor, where)
    if not entries and not _says_anything(facts):
        meaning = _ID_ALONE.format(said.instance) if said.instance else _NOTHING
        return Diagnosis(said, meaning, ())
    known = entries or find.by_code(said.oauth_error, where)
    causes = _weighed(facts, known)
    proposed = corrected(facts, causes)
    if proposed is not None and _is_as_sent(proposed, _sent_so(facts)):
        # This app sent it just so: there is nothing to compare.
        proposed = None
    return Diagnosis(
        said=replace(said, vendor=said.vendor or vendor),
        meaning=_meaning(facts, known, causes),
        causes=causes,
        corrected_request=proposed,
        change=change(causes[0] if causes else None, proposed, _sent_so(facts)),
    )


def _sent_so(facts: Facts) -> Mapping[str, str | None]:
    """The parameters that this app sent, where it was this app: they need no change."""
    sent = facts.sent
    if facts.stated:
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
    told = {name: value for name, value in sent.items() if value is not None}
    return bool(told) and all(
        proposed.get(name, "").split() == value.split() or proposed.get(name, "").startswith("<")
        for name, value in told.items()
    )


def _vendor(said: EhrMessage, sent: AuthorizationRequest) -> str | None:
    if said.urn is not None:
        return vendor_of_urn(said.urn)
    return said.vendor if sent.vendor in {None, GENERIC.name} else sent.vendor


def _says_anything(facts: Facts) -> bool:
    said, sent = facts.said, facts.sent
    named = said.urn or said.oauth_error or (said.status or 0) >= 400
    claims = sent.parameters or sent.scopes or facts.granted
    return bool(named) or (facts.stated and bool(claims))


def _meaning(facts: Facts, known: tuple[Entry, ...], causes: tuple[Cause, ...]) -> str:
    said = facts.said
    if facts.entries:
        return facts.entries[0].meaning
    name = said.urn or said.oauth_error
    if name is None and facts.granted is not None:
        return _TRIMMED if causes else _GRANTED
    if name is None:
        return "The text names no error that is known here; what follows is from the rest of it."
    instance = f" and give it the id {said.instance}" if said.instance else ""
    ask = f"Look for it in the EHR's documentation, or ask the EHR's support{instance}."
    if known:
        return f"{name} is not known here. Its OAuth code says: {known[0].meaning} {ask}"
    return f"{name} is not known here. {ask}"


def _weighed(facts: Facts, known: tuple[Entry, ...]) -> tuple[Cause, ...]:
    """The causes of the entries and of the evidence, the most probable first."""
    found: dict[CauseId, Cause] = {}
    for number, entry in enumerate(known):
        for cause in entry.causes:
            # What only the OAuth code suggests, or a less close entry, is a possibility, no more.
            sure = facts.entries and number == 0
            found.setdefault(cause.id, cause if sure else _as(cause, "possible"))
    evidence = [*launch.weigh(facts), *request.weigh(facts)]
    spoken_for = {one.id for one in evidence if one.certainty is not None}
    against = set(launch.contradicted(facts)) - spoken_for
    known_causes = tuple(found)
    found = {id_: cause for id_, cause in found.items() if id_ not in against}
    if not facts.stated:
        found = {id_: as_sent(cause, facts) for id_, cause in found.items()}
    settled = any(one.certainty == "certain" for one in evidence)
    for id_, cause in found.items():
        # One certain cause explains the error; what nothing speaks for becomes less probable.
        if settled and id_ not in spoken_for and cause.certainty == "likely":
            found[id_] = _as(cause, "possible")
    # The strongest comes last and so decides; details follow.
    for one in sorted(evidence, key=lambda one: -_RANK[one.certainty] if one.certainty else 1):
        _add(found, one)
    if (facts.refuted and not spoken_for) or (not found and known_causes):
        # An error is not without a cause: what it speaks of was not so.
        found = {"ehr_side": _refuted(facts), **found}
    elif not found and (facts.said.urn or facts.said.oauth_error):
        found["ehr_side"] = _unknown(facts.said)
    return _in_order(found, evidence)


def _in_order(
    found: Mapping[CauseId, Cause], evidence: Sequence[WeighedCause]
) -> tuple[Cause, ...]:
    """The surest first; of those alike what the evidence speaks for, in its order; last what the
    writer of the text denies, where there is anything else.
    """
    spoken = [one.id for one in evidence if one.certainty is not None and not one.denied]
    denied = {one.id for one in evidence if one.denied} if spoken else set()
    # What the error itself says for certain needs no other evidence.
    said = [id_ for id_, one in found.items() if one.certainty == "certain" and id_ not in spoken]
    order = [*said, *spoken, *found]

    def key(cause: Cause) -> tuple[int, bool, bool, int]:
        unspoken = cause.id not in spoken and cause.certainty != "certain"
        rank = _RANK[cause.certainty]
        return rank, cause.id in denied, unspoken, order.index(cause.id)

    return tuple(sorted(found.values(), key=key))


def _add(found: dict[CauseId, Cause], one: WeighedCause) -> None:
    """Put evidence into the cause that it speaks for, or add that cause."""
    known = found.get(one.id)
    if known is not None:
        found[one.id] = replace(
            known,
            why=f"{one.why} {known.why}",
            steps=tuple(dict.fromkeys((*one.steps, *known.steps))),
            certainty=one.certainty or known.certainty,
            source=_sources(known, one),
        )
    elif one.certainty is not None:
        kind = KINDS[one.id]
        steps = tuple(dict.fromkeys((*one.steps, *kind.steps)))
        why = one.why if kind.why in one.why else f"{one.why} {kind.why}"
        found[one.id] = kind(one.certainty, one.source, why=why, steps=steps)


def _sources(known: Cause, one: WeighedCause) -> str:
    """Where a cause is known from: of one that is proven now, not what was inferred before."""
    if one.certainty != "certain":
        return known.source
    kept = [part for part in known.source.split("; ") if "inferred" not in part]
    return "; ".join(dict.fromkeys((*kept, one.source)))


def _refuted(facts: Facts) -> Cause:
    """What is left where the request was not as the error says that it was."""
    names = " and ".join(f"`{name}`" for name in sorted(facts.refuted))
    if facts.stated:
        return _refuted_by_the_text(facts, names)
    title = "The EHR reports a fault that this app's requests do not have."
    what = "Both requests of this launch agree in what the error speaks of."
    if facts.at_request:
        what = "This app's request has nothing of what the error speaks of."
    if names:
        title = "The EHR misses something that this app sent."
        what = f"This app did send {names}."
        if facts.refuted == {"launch"}:
            what = "This app did send the `launch` value that it got."
    why = f"{what} It was lost on the way through the EHR's sign-in, or the EHR failed."
    steps = (
        RELAUNCH,
        (
            "If it happens again, this is for the EHR's support: give them the time, the EHR's "
            "correlation id and what was sent."
        ),
    )
    return KINDS["ehr_side"]("likely", _AS_SENT, title=title, why=why, steps=steps)


def _refuted_by_the_text(facts: Facts, names: str) -> Cause:
    """The same of a request that a text shows, which may be another one than failed."""
    title = "The request that is shown is not as the EHR says."
    why = "Nothing of what the error speaks of is wrong in the request in the text."
    if names:
        title = "The request that is shown has what the EHR says is missing."
        why = f"The request in the text carries {names}."
    why += " So another request failed than this one, or it was changed on the way to the EHR."
    told = f", and its id {facts.said.instance}" if facts.said.instance else ""
    steps = (
        (
            "Take the address of the request that failed out of the browser's network log, and "
            "compare it with this one."
        ),
        f"If it is the same, give it to the EHR's support{told}.",
    )
    return KINDS["ehr_side"]("likely", _AS_SHOWN, title=title, why=why, steps=steps)


def _as(cause: Cause, certainty: Certainty) -> Cause:
    return replace(cause, certainty=certainty)


def _unknown(said: EhrMessage) -> Cause:
    """What is left where neither the error nor its code is known: to ask."""
    give: Iterable[str] = filter(None, (said.urn or said.oauth_error, said.instance))
    step = f"Give the EHR's support the time, the client id and: {', '.join(give) or 'the answer'}."
    why = "The error is not known here, and nothing in the text tells its cause."
    source = "none: the error is not known here"
    return KINDS["ehr_side"]("possible", source, why=why, steps=(step,))
