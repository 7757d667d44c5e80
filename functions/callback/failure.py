"""Why a launch failed at the EHR, for the page and the log (docs/troubleshooting.md).

What the EHR said is explained together with what was sent. Of its words only what has the form of
an error code, a URN or an id goes to the log; the rest is shown on developers' pages alone. The
catalogue is loaded by the first failure: a launch that succeeds does not need it.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlencode

from shared.config.settings import Ehr
from shared.errors import (
    ADMINISTRATOR,
    RELAUNCH,
    CallbackError,
    EhrError,
    SmartError,
    TokenError,
)
from shared.smart.launches import Pending

from .response import Response

if TYPE_CHECKING:
    from shared import explain

_Failure = TypeVar("_Failure", bound=SmartError)

_SHOWN = ("error", "error_description", "error_uri")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}")
_MOST_CAUSES = 6
_LEAST_STATE = 20
_UNKNOWN = "The EHR's error is not known here."
_PARAMETERS = (
    "response_type client_id redirect_uri scope state aud code_challenge code_challenge_method"
)


def at_authorization(
    error: CallbackError, given: Response, pending: Pending | None = None, ehr: Ehr | None = None
) -> CallbackError:
    """The same error, explained where the EHR's answer carries one; else as it is."""
    if "error" not in given:
        return error
    state = given.get("state", "")
    # An EHR may repeat the state anywhere, as an id too. What is short is no state of ours.
    hidden = state if len(state) >= _LEAST_STATE else "\0"
    said = {name: given[name].replace(hidden, "…") for name in _SHOWN if name in given}
    text = urlencode(said, quote_via=quote)
    explained = _explained(error, text, "authorize redirect", pending, ehr)
    known = explained.evidence.values()
    explained.shown = {name: value for name, value in _harmless(said).items() if value not in known}
    return explained


def at_token_endpoint(error: TokenError, pending: Pending, ehr: Ehr) -> TokenError:
    """The token endpoint's refusal, explained where something is known of it; else as it is."""
    if not error.said:
        return error
    text = f"HTTP {error.evidence['status']}\n{error.said}"
    return _explained(error, text, "token endpoint", pending, ehr)


def asked(pending: Pending, ehr: Ehr | None) -> Mapping[str, str]:
    """What the launch asked for, as evidence."""
    return {
        "flow": "EHR launch" if pending.kind == "ehr" else "standalone launch",
        "client_id_sent": pending.client_id,
        "client_auth": ehr.client_auth if ehr else "unknown",
        "redirect_uri_sent": pending.redirect_uri,
        "aud_sent": pending.iss,
        "scope_sent": " ".join(pending.requested),
    }


def _harmless(said: Mapping[str, str]) -> Mapping[str, str]:
    """The EHR's words, decoded, without what may be a secret in them: pages are photographed."""
    from shared import explain

    return {name: explain.parse(value).text[:500] for name, value in said.items()}


def _explained(
    error: _Failure, text: str, where: "explain.Where", pending: Pending | None, ehr: Ehr | None
) -> _Failure:
    from shared import explain

    said = explain.parse(text)
    sent = None if pending is None else _sent(pending, ehr)
    diagnosis = explain.diagnose(said, sent, where=where)
    error.evidence = {**error.evidence, **_seen(said, error.evidence)}
    if not diagnosis.causes:
        error.meaning = "" if isinstance(error, TokenError) else _UNKNOWN
        return error
    error.why = type(error).why
    error.meaning = diagnosis.meaning
    if not isinstance(error, EhrError | TokenError):
        error.meaning = f"The EHR gave an error: {diagnosis.meaning}"
    error.steps = (RELAUNCH, ADMINISTRATOR)
    error.causes = diagnosis.causes[:_MOST_CAUSES]
    error.corrected = diagnosis.corrected_request or {}
    return error


def _sent(pending: Pending, ehr: Ehr | None) -> "explain.Sent":
    from shared import explain

    names = _PARAMETERS.split()
    names += ["launch"] if pending.kind == "ehr" else []
    names += ["nonce"] if pending.nonce else []
    return explain.Sent(
        vendor=ehr.vendor if ehr else None,
        flow=pending.kind,
        client_id=pending.client_id,
        client_auth=ehr.client_auth if ehr else None,
        redirect_uri=pending.redirect_uri,
        aud=pending.iss,
        scopes=pending.requested,
        parameters=tuple(names),
        scopes_supported=pending.offered,
    )


def _seen(said: "explain.Said", known: Mapping[str, str]) -> Mapping[str, str]:
    """What the EHR said of the request, as far as it has the form of ids and codes, and where it
    is not `known` already.
    """
    found = {
        "error": said.oauth_error,
        "urn": said.urn,
        "ehr_correlation_id": said.instance,
        "client_id_seen": said.client,
        "tenant_seen": said.tenant,
        "persona": said.persona,
    }
    return {
        name: value
        for name, value in found.items()
        if value and _ID.fullmatch(value) and value not in known.values()
    }
