"""Checks the authorization response: its form, and that it comes from the expected server.

RFC 6749 4.1.2 (code or error, never both), RFC 9207 2.4 (`iss`), RFC 9700 4.4.2.2 (one redirect URI
per server).
"""

import re
from collections.abc import Mapping

from shared import log, urls
from shared.errors import ADMINISTRATOR, RELAUNCH, IssuerMismatch, ParameterInvalid, StateMissing
from shared.inbound import edge
from shared.inbound.edge import Call
from shared.smart.launches import Pending

MAX_CODE_BYTES = 8192
_NAMES = frozenset({"state", "code", "error", "error_description", "error_uri", "iss"})
_CODE = re.compile(r"[\x20-\x7e]+")

AuthorizationResponse = Mapping[str, str]


def read(call: Call) -> AuthorizationResponse:
    """Return the decoded parameters of the response. Raise ParameterRepeated.

    A parameter without a value counts as absent (RFC 6749 3.1), except `iss`, which must be kept.
    """
    raw = edge.parameters(call, _NAMES)
    return {name: urls.decode(value) for name, value in raw.items() if value or name == "iss"}


def check_shape(response: AuthorizationResponse) -> None:
    """Raise StateMissing or ParameterInvalid unless it has a state, and a code or an error."""
    if "state" not in response:
        raise StateMissing
    if ("code" in response) == ("error" in response):
        both = "both a code and an error"
        received = both if "code" in response else "neither a code nor an error"
        raise ParameterInvalid(
            "The EHR's response must contain either a code or an error.",
            why=f"The response contains {received}. The EHR failed, or something changed the URL "
            "in transit.",
            cause="ehr_side",
        )
    if "code" in response:
        if not _CODE.fullmatch(response["code"]):
            raise ParameterInvalid("The `code` contains characters that aren't allowed.")
        if len(response["code"]) > MAX_CODE_BYTES:
            raise ParameterInvalid("The `code` is longer than 8 kB.")


def check_issuer(pending: Pending, response_iss: str | None, redirect_uri: str) -> None:
    """Raise IssuerMismatch unless the response comes from the launch's authorization server."""
    if redirect_uri != pending.redirect_uri:
        raise IssuerMismatch(
            why="The response arrived at the redirect URI of an EHR that the launch wasn't sent "
            "to.",
            steps=(
                RELAUNCH,
                (
                    "Compare the redirect URI in the app's registration at the EHR with "
                    "`public_url` + `redirect_path` from its [[ehr]] entry in smart.toml."
                ),
                ADMINISTRATOR,
            ),
            cause="redirect_uri_mismatch",
            evidence={"redirect_uri": redirect_uri, "redirect_uri_sent": pending.redirect_uri},
        )
    if response_iss is None and pending.sends_iss:
        why = "The EHR must send `iss` with every response, but this response has none."
        raise IssuerMismatch(why=why)
    if response_iss is None:
        return
    if pending.issuer is None:
        log.event("callback_iss_ignored", "iss received, issuer unknown")
    elif response_iss != pending.issuer:
        raise IssuerMismatch(
            evidence={"expected": pending.issuer}, shown={"received": response_iss[:500]}
        )
