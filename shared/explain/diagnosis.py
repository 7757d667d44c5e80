"""Why a launch failed: the catalogue's causes of an error, weighed by the evidence of the case.

RFC 6749 4.1.2.1 and 5.2 say what an error code may mean; which of its causes it was follows from
what was sent, what the EHR said of it, what it offers and what is configured.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from shared.explain import find, weigh_launch, weigh_request
from shared.explain.catalogue.causes import KINDS
from shared.explain.evidence import Evidence, Facts, gather
from shared.explain.model import (
    Cause,
    CauseId,
    Certainty,
    Diagnosis,
    Entry,
    Registered,
    Said,
    Sent,
    Where,
)
from shared.explain.request import corrected

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
_GRANTED = (
    "The EHR gave a token and no error. Nothing is missing in it as far as the scopes that were "
    "asked for are known here."
)


def diagnose(
    said: Said,
    sent: Sent | None = None,
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
    if vendor is None and entries and entries[0].vendor != find.GENERIC:
        vendor = entries[0].vendor
    facts = Facts(said, claimed, stated, mine, entries, vendor)
    if not entries and not _says_anything(facts):
        meaning = _ID_ALONE.format(said.instance) if said.instance else _NOTHING
        return Diagnosis(said, meaning, ())
    known = entries or find.by_code(said.oauth_error, where)
    causes = _weighed(facts, known)
    return Diagnosis(
        said=replace(said, vendor=said.vendor or vendor),
        meaning=_meaning(facts, known, causes),
        causes=causes,
        corrected_request=corrected(facts, causes),
    )


def _vendor(said: Said, sent: Sent) -> str | None:
    if said.urn is not None:
        return "oracle"
    return said.vendor if sent.vendor in {None, find.GENERIC} else sent.vendor


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
    for entry in known:
        for cause in entry.causes:
            # What only the OAuth code suggests is a possibility, no more.
            found.setdefault(cause.id, cause if facts.entries else _as(cause, "possible"))
    evidence = [*weigh_launch.weigh(facts), *weigh_request.weigh(facts)]
    spoken_for = {one.id for one in evidence if one.certainty is not None}
    against = set(weigh_launch.contradicted(facts)) - spoken_for
    left = {id_: cause for id_, cause in found.items() if id_ not in against}
    # An error is not without a cause: where all are spoken against, all are less probable.
    if left or spoken_for:
        found = left
    else:
        found = {id_: _as(one, "possible") for id_, one in found.items()}
    settled = any(one.certainty == "certain" for one in evidence)
    for id_, cause in found.items():
        # One certain cause explains the error; what nothing speaks for becomes less probable.
        if settled and id_ not in spoken_for and cause.certainty == "likely":
            found[id_] = _as(cause, "possible")
    # The strongest comes last and so decides; details follow.
    for one in sorted(evidence, key=lambda one: -_RANK[one.certainty] if one.certainty else 1):
        _add(found, one)
    named = facts.said.urn or facts.said.oauth_error
    if not found and named:
        found["ehr_side"] = _unknown(facts.said)
    order = list(found)
    return tuple(
        sorted(
            found.values(),
            key=lambda cause: (
                _RANK[cause.certainty],
                cause.id not in spoken_for and cause.certainty != "certain",
                order.index(cause.id),
            ),
        )
    )


def _add(found: dict[CauseId, Cause], one: Evidence) -> None:
    """Put evidence into the cause that it speaks for, or add that cause."""
    known = found.get(one.id)
    if known is not None:
        found[one.id] = replace(
            known,
            why=f"{one.why} {known.why}",
            steps=tuple(dict.fromkeys((*one.steps, *known.steps))),
            certainty=one.certainty or known.certainty,
        )
    elif one.certainty is not None:
        kind = KINDS[one.id]
        steps = tuple(dict.fromkeys((*one.steps, *kind.steps)))
        why = one.why if kind.why in one.why else f"{one.why} {kind.why}"
        found[one.id] = kind(one.certainty, one.source, why=why, steps=steps)


def _as(cause: Cause, certainty: Certainty) -> Cause:
    return replace(cause, certainty=certainty)


def _unknown(said: Said) -> Cause:
    """What is left where neither the error nor its code is known: to ask."""
    give: Iterable[str] = filter(None, (said.urn or said.oauth_error, said.instance))
    step = f"Give the EHR's support the time, the client id and: {', '.join(give) or 'the answer'}."
    why = "The error is not known here, and nothing in the text tells its cause."
    source = "none: the error is not known here"
    return KINDS["ehr_side"]("possible", source, why=why, steps=(step,))
