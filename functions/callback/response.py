"""The authorization response: its shape, and whether it comes from the server that was asked.

RFC 6749 4.1.2 (code or error, never both), RFC 9207 2.4 (`iss`), RFC 9700 4.4.2.2 (one redirect
address per server).
"""

import re
from collections.abc import Mapping

from shared import explain, inbound, log, urls
from shared.errors import CallbackError, EhrError, IssuerMismatch, ParameterInvalid, StateMissing
from shared.inbound import Call
from shared.launches import Pending

MAX_CODE_BYTES = 8192
_NAMES = frozenset({"state", "code", "error", "error_description", "error_uri", "iss"})
_CODE = re.compile(r"[\x20-\x7e]+")
_ERROR = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SHOWN = ("error", "error_description", "error_uri")

Response = Mapping[str, str]


def read(call: Call) -> Response:
    """The response's parameters, decoded; one without a value is as good as absent (RFC 6749 3.1),
    but for `iss`, which must not be lost.

    Raises the error that names what is wrong with them.
    """
    raw = inbound.parameters(call, _NAMES)
    given = {name: urls.decode(value) for name, value in raw.items() if value or name == "iss"}
    if "state" not in given:
        raise explained(StateMissing(), given)
    if ("code" in given) == ("error" in given):
        raise ParameterInvalid("The EHR's answer must carry a code or an error, one of the two.")
    if "code" in given:
        if not _CODE.fullmatch(given["code"]):
            raise ParameterInvalid("The `code` holds characters that no code has.")
        if len(given["code"]) > MAX_CODE_BYTES:
            raise ParameterInvalid("The `code` is longer than 8 kB.")
    return given


def check_issuer(pending: Pending, iss: str | None, redirect_uri: str) -> None:
    """Whether the server that was asked has answered. Raises IssuerMismatch."""
    if redirect_uri != pending.redirect_uri:
        raise IssuerMismatch(evidence={"redirect_uri": redirect_uri})
    if iss is None and pending.sends_iss:
        why = "The EHR's configuration promises an `iss` with every answer; this one has none."
        raise IssuerMismatch(why=why)
    if iss is None:
        return
    if pending.issuer is None:
        log.event("callback_iss_ignored", "iss came, issuer unknown")
    elif iss != pending.issuer:
        raise IssuerMismatch(evidence={"expected": pending.issuer}, shown={"received": iss[:500]})


def explained(error: CallbackError, given: Response) -> CallbackError:
    """The same error with what the EHR's `error` means, where it sent one."""
    if "error" not in given:
        return error
    meaning = explain.oauth_error(given["error"])
    own = "" if isinstance(error, EhrError) else f"{error.why} The EHR gave an error besides: "
    known = {"error": given["error"]} if _ERROR.fullmatch(given["error"]) else {}
    return type(error)(
        why=own + meaning.why,
        steps=meaning.steps,
        evidence={**error.evidence, **known},
        shown=_said(given),
    )


def _said(given: Response) -> dict[str, str]:
    """The EHR's own words, cut, without the `state` that they may repeat."""
    state = given.get("state", "\0")
    return {name: given[name].replace(state, "…")[:500] for name in _SHOWN if name in given}
