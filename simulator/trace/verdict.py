"""Sums up a launch, based on its requests: its outcome in one sentence, and what to check next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from simulator.trace import Check, LaunchTrace, Notes, Step

Level = Literal["good", "bad", "open"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a launch.

    `level`: `open` if the app may still continue. `text`: one sentence. `wrong`: the lines of the
    refused request that state the reason. `look`: what to check next; empty if there is no problem.
    """

    level: Level
    text: str
    wrong: Sequence[Check] = ()
    look: str = ""


def verdict(launch_trace: LaunchTrace, entries: Sequence[Notes]) -> Verdict:
    """Judge a launch by its requests, which are sorted oldest first."""
    requests = [one for one in entries if not one.is_placed]
    if launch_trace.asks_for_cards:
        return _of_cards(requests)
    for judge in (_of_authorization, _of_tokens):
        judged = judge(launch_trace, requests, entries)
        if judged is not None:
            return judged
    return _of_use(requests)


def _of_cards(requests: Sequence[Notes]) -> Verdict:
    """Judge the responses to a chart that requested cards."""
    calls = [one for one in requests if one.step == "cds"]
    wrong = [check for one in calls for check in one.wrong]
    if not calls:
        return Verdict("open", "The chart is waiting for the CDS service.")
    if not wrong:
        return Verdict("good", calls[0].answer)
    look = "An injected fault caused this." if any(one.faults for one in calls) else ""
    return Verdict("bad", calls[0].answer, wrong, look)


def _of_authorization(
    launch_trace: LaunchTrace, requests: Sequence[Notes], entries: Sequence[Notes]
) -> Verdict | None:
    """Judge the authorization request; return None if it was granted."""
    authorized = _last(requests, "authorize")
    if authorized is None and launch_trace.is_from_chart:
        return _unanswered(entries)
    picked = _last(requests, "picker")
    answered = picked or authorized
    if answered is None:
        return None
    if not answered.is_good:
        return _refusal("The EHR refused the authorization request", answered)
    if picked is None and authorized is not None and "chooses a patient" in authorized.answer:
        return Verdict("open", "The EHR is waiting for the user to choose a patient.")
    return None


def _unanswered(entries: Sequence[Notes]) -> Verdict:
    """Judge a launch without an authorization request."""
    near = _last(entries, "authorize")
    if near is not None:
        return Verdict(
            "bad",
            "The app's authorization request doesn't have the launch value of this chart.",
            near.wrong,
            "The request below is listed here only because of its time. The app must send the "
            "launch value that its launch page got, unchanged.",
        )
    discovery = _last(entries, "discovery")
    if discovery is None:
        look = (
            "There is no discovery request either. Check the app's launch page, in its browser "
            "window and in its log: is the app running, and does it recognize this FHIR base "
            "(iss)? An app may also have cached the discovery document."
        )
    elif discovery.faults or not discovery.is_good:
        look = "The app read the discovery document below, which was wrong."
    else:
        look = "The app read the discovery document and stopped there. Check the app's log."
    return Verdict(
        "bad",
        "The app hasn't come back: no authorization request contains this launch value.",
        look=look,
    )


def _of_tokens(
    launch_trace: LaunchTrace,  # noqa: ARG001 - as the other judge
    requests: Sequence[Notes],
    entries: Sequence[Notes],
) -> Verdict | None:
    """Judge the exchange of the code; return None if the app got tokens."""
    tokens = _last(requests, "token")
    if tokens is not None:
        # A fault can replace the tokens with a response whose status looks like success.
        if any(one.is_good and one.answer for one in requests if one.step == "token"):
            return None
        return _refusal("The EHR issued no tokens", tokens)
    if not requests:
        return Verdict("open", "So far, no request identifies this launch.")
    stray = _last(entries, "token")
    if stray is not None:
        return Verdict(
            "bad",
            "The app sent a token request, but not with this launch's code.",
            stray.wrong,
            "The request below is listed here only because of its time. In that request, check "
            "the lines about the code and the client authentication.",
        )
    return Verdict(
        "bad",
        "The app got a code but hasn't exchanged it.",
        look="Check the app's page at the redirect URI, in its browser window and in its log: does "
        "it find its state (cookies, storage), does it accept state and iss, and can it reach the "
        "token endpoint?",
    )


def _of_use(requests: Sequence[Notes]) -> Verdict:
    """Judge the app's requests with its tokens."""
    reads = [one for one in requests if one.step == "fhir"]
    # Access tokens expire. An app that renews its token and continues has done nothing wrong.
    renewed = [one for one in requests if one.step == "refresh" and one.is_good]
    refused = [
        one
        for one in reads
        if not one.is_good
        and not (one.status == 401 and any(later.number > one.number for later in renewed))
    ]
    refresh = _last(requests, "refresh")
    if refresh is not None and not refresh.is_good:
        return _refusal("The app has lost access, because its refresh was refused", refresh)
    if refused:
        why = _refusal("", refused[-1])
        text = f"Refused: {len(refused)} of {_count(reads, 'FHIR request')}. The last one: "
        return Verdict("bad", f"{text}{refused[-1].answer}", why.wrong, why.look)
    revoked = _last(requests, "revoke") is not None
    if revoked and not reads:
        return Verdict(
            "open",
            "The app revoked its tokens without a FHIR request.",
            look="The user logged out immediately, or the app rejected something in the token "
            "response, such as the id_token. Check the app's page and log.",
        )
    if revoked:
        return Verdict("good", f"Complete: {_count(reads, 'FHIR request')}, then logged out.")
    if not reads:
        return Verdict("open", "The app has tokens, but hasn't read anything yet.")
    text = f"The launch succeeded: the app has tokens and {_count(reads, 'FHIR response')}."
    authorized = _last(requests, "authorize")
    if authorized is not None and authorized.wrong:
        return Verdict(
            "open", f"{text} But the app was granted less than it requested.", authorized.wrong
        )
    return Verdict("good", text)


def _refusal(text: str, entry: Notes) -> Verdict:
    why = f"{text}: {entry.answer or entry.status}"
    look = "An injected fault caused this." if entry.faults else ""
    return Verdict("bad", why, entry.wrong, look)


def _count(entries: Sequence[Notes], what: str) -> str:
    return f"{len(entries)} {what}{'' if len(entries) == 1 else 's'}"


def _last(entries: Sequence[Notes], step: Step) -> Notes | None:
    return next((one for one in reversed(entries) if one.step == step), None)
