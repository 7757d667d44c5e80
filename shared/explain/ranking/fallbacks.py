"""The causes to fall back on if the request contradicts the error, or the error is unknown."""

from collections.abc import Iterable

from shared.explain.catalogue.causes import KINDS, RELAUNCH
from shared.explain.model import Cause, EhrMessage
from shared.explain.ranking.facts import Facts

_AS_SENT = "the request as this app sent it; that the EHR lost it is inferred"
_AS_SHOWN = "the request in the text; that another one failed is inferred"


def refuted(facts: Facts) -> Cause:
    """Return the cause if the request doesn't have the problem that the error reports."""
    names = " and ".join(f"`{name}`" for name in sorted(facts.refuted))
    if facts.from_text:
        return _refuted_by_the_text(facts, names)
    title = "The EHR reported an error that doesn't match the requests this app sent."
    what = "Both requests of this launch agree on everything that the error mentions."
    if facts.at_request:
        what = "This app's request has none of the problems that the error mentions."
    if names:
        title = "The EHR reports that something is missing, but this app sent it."
        what = f"This app did send {names}."
        if facts.refuted == {"launch"}:
            what = "This app did send the `launch` value that it received."
    why = f"{what} Part of the request was lost during the EHR login, or the EHR failed."
    support = "If it happens again, contact the EHR's support. Give them the time, the EHR's "
    support += "correlation ID and what was sent."
    return KINDS["ehr_side"]("likely", why, RELAUNCH, support, source=_AS_SENT, title=title)


def _refuted_by_the_text(facts: Facts, names: str) -> Cause:
    """Return the same for a request in a text, which might not be the request that failed."""
    title = "The request in the text doesn't match the EHR's error."
    why = "The request in the text has none of the problems that the error mentions."
    if names:
        title = "The request in the text has everything that the EHR reports as missing."
        why = f"The request in the text has {names}."
    why += " So a different request failed, or this one was changed in transit to the EHR."
    with_id = f" and the ID {facts.message.instance}" if facts.message.instance else ""
    steps = (
        "Copy the failed request's URL from the browser's network log, and compare it with this.",
        f"If the two are the same, give the URL{with_id} to the EHR's support.",
    )
    return KINDS["ehr_side"]("likely", why, *steps, source=_AS_SHOWN, title=title)


def unknown(message: EhrMessage) -> Cause:
    """Return the cause if neither the error nor its code is known: contact the EHR's support."""
    give: Iterable[str] = filter(None, (message.urn or message.oauth_error, message.instance))
    given = ", ".join(give) or "the response"
    step = f"Give the EHR's support the time, the client ID and {given}."
    why = "This app doesn't recognize the error, and nothing in the text shows its cause."
    source = "none: this app doesn't recognize the error"
    return KINDS["ehr_side"]("possible", why, step, source=source)
