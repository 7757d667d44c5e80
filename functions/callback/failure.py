"""Why a launch failed at the EHR, for the page and the log (docs/troubleshooting.md).

What the EHR said is explained together with what was sent, as values: nothing is written down to
be read again. Of its words only what has the form of an error code, a URN or an id goes to the log,
and of a token endpoint's sentence its known words (shared/smart/known_words.py). The rest is shown
on developers' pages alone. The catalogue is loaded by the first failure: a launch that succeeds
does not need it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.config.settings import Ehr
from shared.errors import ADMINISTRATOR, RELAUNCH, EhrError, SmartError, TokenError
from shared.findings import ForUser, steps_in_flow
from shared.inbound.refusal import Refusal
from shared.smart.launches import Pending

from .authorization_response import AuthorizationResponse

if TYPE_CHECKING:
    from shared import explain

_SHOWN = ("error", "error_description", "error_uri")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}")
_LEAST_STATE = 20
_AUTHORIZATION = (
    *("response_type", "client_id", "redirect_uri", "scope", "state", "aud"),
    *("code_challenge", "code_challenge_method"),
)
_EXCHANGE = ("grant_type", "code", "redirect_uri", "code_verifier", "client_id")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A launch that came back: what was stored of it, and its EHR where it is still configured.

    `basic_form` is the form of its Basic credentials, None if the other form would be the same.
    """

    pending: Pending
    ehr: Ehr | None
    basic_form: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """What stopped an attempt, and what became of the access that it had, for the log."""

    error: SmartError
    revocation: Mapping[str, str]


def refused(
    error: SmartError,
    response: AuthorizationResponse,
    attempt: Attempt | None = None,
    cookies: tuple[str, ...] = (),
    revocation: Mapping[str, str] | None = None,
) -> Refusal:
    """The error with all that is known of it: what was sent, what the EHR said and why."""
    evidence = {**error.evidence, **(revocation or {}), **(_asked(attempt) if attempt else {})}
    standalone = attempt.pending.ehr if attempt and attempt.pending.flow == "standalone" else None
    refusal = Refusal(error, None, evidence, error.shown, error.steps, cookies, standalone)
    if (heard := _heard(error, response)) is None:
        return refusal
    from shared import explain

    message, where, words = heard
    sent = _sent(attempt, where) if attempt else None
    explanation = explain.diagnose(message, sent, where=where)
    evidence = {**evidence, **_seen(message, evidence)}
    shown = {name: explain.shown(value) for name, value in words.items()}
    return replace(
        refusal,
        explanation=explanation,
        evidence=evidence,
        shown={name: one for name, one in shown.items() if one and one not in evidence.values()},
        steps=_steps(error) if explanation.causes else error.steps,
    )


def in_another_browser(error: SmartError, pending: Pending) -> Refusal:
    """Return the refusal of a browser that didn't start the launch.

    It's told nothing of the launch, except that no chart opened the app if none did.
    """
    return replace(Refusal.of(error), steps=steps_in_flow(error.steps, pending.flow))


def _steps(error: SmartError) -> tuple[str, ...]:
    """What to do for whoever launched, where the EHR's error is explained beside it."""
    busy = isinstance(error, TokenError) and error.answered in _BUSY
    return (*([_WAIT] if busy else []), RELAUNCH, ADMINISTRATOR)


# RFC 6585 4, RFC 9110 15.6.3 to 15.6.5: it will pass.
_BUSY = frozenset({429, 502, 503, 504})
_WAIT = ForUser("Wait a minute.")


def _heard(
    error: SmartError, response: AuthorizationResponse
) -> "tuple[explain.EhrMessage, explain.Where, Mapping[str, str]] | None":
    """What the EHR said, where, and its own words; None where it said nothing of this failure."""
    if isinstance(error, TokenError):
        if error.answered is None:
            return None
        from shared import explain

        message = explain.at_token_endpoint(error.answered, error.said)
        return message, "token endpoint", {"error_description": message.description or ""}
    # An answer with an error and no launch of ours is explained all the same; any other failure
    # is one of its own.
    if "error" not in response or (error.code not in _SAID_BY_THE_EHR):
        return None
    from shared import explain

    state = response.get("state", "")
    # An EHR may repeat the state anywhere, as an id too. What is short is no state of ours.
    hidden = state if len(state) >= _LEAST_STATE else "\0"
    words = {name: response[name].replace(hidden, "…") for name in _SHOWN if name in response}
    return explain.at_redirect(words), "authorize redirect", words


_SAID_BY_THE_EHR = frozenset({EhrError.code, "state_missing", "state_unknown"})


def _asked(attempt: Attempt) -> Mapping[str, str]:
    """What the launch asked for, as evidence."""
    pending, ehr = attempt.pending, attempt.ehr
    return {
        "flow": "EHR launch" if pending.flow == "ehr" else "standalone launch",
        "client_id_sent": pending.client_id,
        "client_auth": ehr.client_auth if ehr else "unknown",
        "redirect_uri_sent": pending.redirect_uri,
        "aud_sent": pending.iss,
        "scope_sent": " ".join(pending.requested),
    }


def _sent(attempt: Attempt, where: "explain.Where") -> "explain.AuthorizationRequest":
    from shared import explain

    pending, ehr = attempt.pending, attempt.ehr
    names = list(_EXCHANGE if where == "token endpoint" else _AUTHORIZATION)
    names += ["launch"] if pending.flow == "ehr" else []
    names += ["nonce"] if pending.nonce else []
    return explain.AuthorizationRequest(
        vendor=ehr.vendor if ehr else None,
        flow=pending.flow,
        client_id=pending.client_id,
        client_auth=ehr.client_auth if ehr else None,
        basic_form=attempt.basic_form,
        redirect_uri=pending.redirect_uri,
        aud=pending.iss,
        scopes=pending.requested,
        parameters=tuple(names),
        scopes_supported=pending.scopes_supported,
    )


def _seen(message: "explain.EhrMessage", known: Mapping[str, str]) -> Mapping[str, str]:
    """What the EHR said of the request, as far as it has the form of ids and codes, and where it
    is not `known` already.
    """
    named = {
        "error": message.oauth_error,
        "urn": message.urn,
        "ehr_correlation_id": message.instance,
        "client_id_seen": message.client,
        "tenant_seen": message.tenant,
        "persona": message.persona,
    }
    # Which client id the EHR saw is worth a line of its own, also where it is the one sent.
    return {
        name: value
        for name, value in named.items()
        if value
        and _ID.fullmatch(value)
        and (name == "client_id_seen" or value not in known.values())
    }
