"""Explains why a launch failed at the EHR, for the page and the log (docs/troubleshooting.md).

The EHR's error is explained together with the request. Nothing is stored. From the EHR's text, only
values with the form of an error code, a URN or an id are logged, and known words of a token
endpoint's message (shared/smart/known_words.py). The rest is shown only on developers' pages. The
first failure loads the catalogue, because a launch that succeeds doesn't need it.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from shared.config.settings import Ehr
from shared.errors import ADMINISTRATOR, RELAUNCH, CodedError, EhrError, Overloaded, TokenError
from shared.findings import ForUser, steps_in_flow
from shared.frozen import dataclass
from shared.inbound.refusal import Refusal
from shared.smart.launches import Pending

from .authorization_response import AuthorizationResponse

if TYPE_CHECKING:
    from shared import explain

_SHOWN = ("error", "error_description", "error_uri")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}")
_LEAST_STATE = 20
# Anyone can send an error, and explaining a text of 64 kB takes seconds.
_MOST_WORDS = 4096
_AUTHORIZATION = (
    *("response_type", "client_id", "redirect_uri", "scope", "state", "aud"),
    *("code_challenge", "code_challenge_method"),
)
_EXCHANGE = ("grant_type", "code", "redirect_uri", "code_verifier", "client_id")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A launch that returned to the callback: its stored request, and its EHR if still configured.

    `basic_form` is the form of its Basic credentials, None if both forms would be the same.
    """

    pending: Pending
    ehr: Ehr | None
    basic_form: str | None = None

    @property
    def standalone(self) -> str | None:
        """Path and query to launch again if the launch didn't start in a chart."""
        if self.pending.flow == "ehr" or self.ehr is None:
            return None
        return self.ehr.standalone_launch(self.pending.fhir_base)


@dataclass(frozen=True, slots=True)
class Failed:
    """The error that stopped an attempt, and the result of revoking its access, for the log."""

    error: CodedError
    revocation: Mapping[str, str]


def refused(
    error: CodedError,
    response: AuthorizationResponse,
    attempt: Attempt | None = None,
    cookies: tuple[str, ...] = (),
    revocation: Mapping[str, str] | None = None,
) -> Refusal:
    """Return the error with its details: the request, the EHR's error and its cause."""
    evidence = {**error.evidence, **(revocation or {}), **_request_evidence(attempt)}
    standalone = attempt.standalone if attempt else None
    # The launch was consumed, so sending the request again doesn't help.
    busy = attempt is not None and isinstance(error, Overloaded)
    steps = (RELAUNCH, ADMINISTRATOR) if busy else error.steps
    refusal = Refusal(error, None, evidence, error.shown, steps, cookies, standalone)
    if (found := _ehr_message(error, response)) is None:
        return refusal
    from shared import explain

    message, where, words = found
    sent = _sent(attempt, where) if attempt else None
    explanation = explain.diagnose(message, sent, where=where)
    evidence = {**evidence, **_message_evidence(message, evidence)}
    shown = {name: explain.shown(value) for name, value in words.items()}
    return replace(
        refusal,
        explanation=explanation,
        evidence=evidence,
        shown={name: one for name, one in shown.items() if one and one not in evidence.values()},
        steps=_steps(error) if explanation.causes else error.steps,
    )


def in_another_browser(error: CodedError, pending: Pending) -> Refusal:
    """Return the refusal of a browser that didn't start the launch.

    It discloses nothing about the launch, except that no chart opened the app if none did.
    """
    return replace(Refusal.of(error), steps=steps_in_flow(error.steps, pending.flow))


def _steps(error: CodedError) -> tuple[str, ...]:
    """Return the steps for the user when the page also explains the EHR's error."""
    busy = isinstance(error, TokenError) and error.response_status in _BUSY
    return (*([_WAIT] if busy else []), RELAUNCH, ADMINISTRATOR)


# RFC 6585 4, RFC 9110 15.6.3 to 15.6.5: these are temporary.
_BUSY = frozenset({429, 502, 503, 504})
_WAIT = ForUser("Wait a minute.")


def _ehr_message(
    error: CodedError, response: AuthorizationResponse
) -> "tuple[explain.EhrMessage, explain.Where, Mapping[str, str]] | None":
    """Return the EHR's error, its source and its text, or None if the EHR reported no error."""
    if isinstance(error, TokenError):
        if error.response_status is None:
            return None
        from shared import explain

        message = explain.at_token_endpoint(error.response_status, error.response_text)
        return message, "token endpoint", {"error_description": message.description or ""}
    # An error response without a matching launch is still explained. Any other failure isn't the
    # EHR's error.
    if "error" not in response or (error.code not in _ERRORS_FROM_EHR):
        return None
    from shared import explain

    state = response.get("state", "")
    # An EHR can repeat the state anywhere, even as an id. A short value isn't this app's state.
    hidden = state if len(state) >= _LEAST_STATE else "\0"
    whole = {name: response[name].replace(hidden, "…") for name in _SHOWN if name in response}
    words = {name: text[:_MOST_WORDS] for name, text in whole.items()}
    return explain.at_redirect(words), "authorize redirect", words


_ERRORS_FROM_EHR = frozenset({EhrError.code, "state_missing", "state_unknown"})


def _request_evidence(attempt: Attempt | None) -> Mapping[str, str]:
    """Return the launch's request as evidence, if there is a launch."""
    if attempt is None:
        return {}
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


def _message_evidence(message: "explain.EhrMessage", known: Mapping[str, str]) -> Mapping[str, str]:
    """Return details in the EHR's error that look like ids or codes and aren't `known`."""
    details = {
        "error": message.oauth_error,
        "urn": message.urn,
        "ehr_correlation_id": message.instance,
        "client_id_seen": message.client,
        "tenant_seen": message.tenant,
        "persona": message.persona,
    }
    # The client id that the EHR saw is always listed, even if it's the one sent.
    return {
        name: value
        for name, value in details.items()
        if value
        and _ID.fullmatch(value)
        and (name == "client_id_seen" or value not in known.values())
    }
