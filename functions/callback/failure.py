"""Why a launch failed at the EHR, for the page and the log (docs/troubleshooting.md).

What the EHR said is explained together with what was sent. Of its words only what has the form of
an error code, a URN or an id goes to the log; the rest is shown on developers' pages alone. The
catalogue is loaded by the first failure: a launch that succeeds does not need it.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from shared.errors import (
    ADMINISTRATOR,
    RELAUNCH,
    CallbackError,
    EhrError,
    Hint,
    SmartError,
    TokenError,
)
from shared.launches import Pending
from shared.settings import Ehr

from .response import Response

if TYPE_CHECKING:
    from shared import explain

_Failure = TypeVar("_Failure", bound=SmartError)

_SHOWN = ("error", "error_description", "error_uri")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}")
_MOST_CAUSES = 6
_LEAST_STATE = 20
_UNKNOWN = "The EHR gave an error that is not known here."
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
    explained = _explained(error, urlencode(said), pending, ehr)
    explained.shown = {name: value[:500] for name, value in said.items()}
    return explained


def at_token_endpoint(error: TokenError, pending: Pending, ehr: Ehr) -> TokenError:
    """The token endpoint's refusal, explained where it said anything; else as it is."""
    return _explained(error, error.said, pending, ehr) if error.said else error


def _explained(error: _Failure, text: str, pending: Pending | None, ehr: Ehr | None) -> _Failure:
    from shared import explain

    said = explain.parse(text)
    sent = None if pending is None else _sent(pending, ehr)
    diagnosis = explain.diagnose(said, sent)
    own = "" if isinstance(error, EhrError | TokenError) else f"{error.why} The EHR gave an error: "
    error.why = own + (diagnosis.meaning if diagnosis.causes else _UNKNOWN)
    error.steps = (RELAUNCH, ADMINISTRATOR)
    error.causes = tuple(
        Hint(cause.id, cause.title, cause.why, cause.steps, cause.certainty, cause.source)
        for cause in diagnosis.causes[:_MOST_CAUSES]
    )
    error.corrected = diagnosis.corrected_request or {}
    error.evidence = {**error.evidence, **_seen(said), **(_asked(pending, ehr) if pending else {})}
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


def _seen(said: "explain.Said") -> Mapping[str, str]:
    """What the EHR said of the request, as far as it has the form of ids and codes."""
    found = {
        "error": said.oauth_error,
        "urn": said.urn,
        "ehr_correlation_id": said.instance,
        "client_id_seen": said.client,
        "tenant_seen": said.tenant,
        "persona": said.persona,
    }
    return {name: value for name, value in found.items() if value and _ID.fullmatch(value)}


def _asked(pending: Pending, ehr: Ehr | None) -> Mapping[str, str]:
    return {
        "flow": "EHR launch" if pending.kind == "ehr" else "standalone launch",
        "client_id_sent": pending.client_id,
        "client_auth": ehr.client_auth if ehr else "unknown",
        "redirect_uri_sent": pending.redirect_uri,
        "aud_sent": pending.iss,
        "scope_sent": " ".join(pending.requested),
    }
