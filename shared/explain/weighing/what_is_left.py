"""The remaining causes if the request contradicts the error, or if the error is unknown."""

from collections.abc import Iterable

from shared.explain.catalogue.causes import KINDS, RELAUNCH
from shared.explain.model import Cause, EhrMessage
from shared.explain.weighing.facts import Facts

_AS_SENT = "the request as this app sent it; that the EHR lost it: inferred"
_AS_SHOWN = "the request in the text; that another one failed: inferred"


def refuted(facts: Facts) -> Cause:
    """Return the remaining cause if the request doesn't match the error's description."""
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
    """Return the same for a request in a text, which might not be the one that failed."""
    title = "The request that is shown is not as the EHR says."
    why = "Nothing that the error mentions is wrong in the request in the text."
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


def unknown(said: EhrMessage) -> Cause:
    """Return the remaining cause if neither the error nor its code is known: call support."""
    give: Iterable[str] = filter(None, (said.urn or said.oauth_error, said.instance))
    step = f"Give the EHR's support the time, the client id and: {', '.join(give) or 'the answer'}."
    why = "The error is not known here, and nothing in the text tells its cause."
    source = "none: the error is not known here"
    return KINDS["ehr_side"]("possible", source, why=why, steps=(step,))
