"""What an EHR's error means, why it came and what to do about it: read, find, weigh, answer.

RFC 6749 4.1.2.1 and OpenID Connect Core 3.1.2.6. The EHR's own texts are never shown as anything
but text, and its `error_uri` is never followed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.errors import ADMINISTRATOR, RELAUNCH
from shared.explain.asked import in_text
from shared.explain.diagnosis import diagnose
from shared.explain.model import (
    Cause,
    CauseId,
    Certainty,
    Diagnosis,
    Entry,
    Finding,
    Registered,
    Said,
    Sent,
)
from shared.explain.parse import parse
from shared.explain.registrations import choose, registered
from shared.explain.scope_causes import scope_cause, scope_causes

__all__ = [
    "Cause",
    "CauseId",
    "Certainty",
    "Diagnosis",
    "Entry",
    "Explanation",
    "Finding",
    "Registered",
    "Said",
    "Sent",
    "choose",
    "diagnose",
    "in_text",
    "oauth_error",
    "parse",
    "registered",
    "scope_cause",
    "scope_causes",
]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The most probable cause and the steps that mend it."""

    why: str
    steps: tuple[str, ...]


_REGISTRATION = (
    "Compare client id, redirect URI and scopes of the configuration with the app's registration "
    "at the EHR, character by character."
)
_LATER = ("Launch the app again in a minute.", ADMINISTRATOR)
_SIGN_IN = "The EHR wants the user to sign in or agree first, and could not ask for it here."

_KNOWN: Mapping[str, Explanation] = {
    "access_denied": Explanation(
        "Access was declined: by the user, or by the EHR because this user or site may not use "
        "the app.",
        (RELAUNCH, "If nobody declined: the app must be enabled for this site and user."),
    ),
    "invalid_request": Explanation(
        "The EHR found a parameter of the authorization request missing or wrong; with EHR "
        "launches it is most often the `launch` value: used before, too old, or of another app.",
        (RELAUNCH, _REGISTRATION),
    ),
    "invalid_scope": Explanation(
        "A scope is unknown to the EHR, not registered for the app, or of the wrong kind for "
        "this launch.",
        (
            "Ask only for scopes that are registered for the app, in the version it registered.",
            RELAUNCH,
        ),
    ),
    "unauthorized_client": Explanation(
        "The app is not registered for this kind of launch, or not enabled at this site.",
        (
            _REGISTRATION,
            "Enable the app at the site; a new registration can take a while.",
            RELAUNCH,
        ),
    ),
    "invalid_client": Explanation(
        "The EHR does not know the client id, or it is registered for another environment.",
        (
            _REGISTRATION,
            "A new registration can take from minutes to a day to reach a site.",
            RELAUNCH,
        ),
    ),
    "unsupported_response_type": Explanation(
        "The EHR does not offer the authorization code flow to this app.",
        (_REGISTRATION, RELAUNCH),
    ),
    "server_error": Explanation("The EHR's authorization server failed.", _LATER),
    "temporarily_unavailable": Explanation("The EHR's authorization server is busy.", _LATER),
    "login_required": Explanation(_SIGN_IN, (RELAUNCH,)),
    "interaction_required": Explanation(_SIGN_IN, (RELAUNCH,)),
    "account_selection_required": Explanation(_SIGN_IN, (RELAUNCH,)),
    "consent_required": Explanation(_SIGN_IN, (RELAUNCH,)),
}
_UNKNOWN = Explanation(
    "The EHR gave an error code that is not known here.", (RELAUNCH, ADMINISTRATOR)
)


def oauth_error(error: str) -> Explanation:
    """The explanation of an `error` code; an unknown one has one too."""
    return _KNOWN.get(error, _UNKNOWN)
