"""A cause as it can be for a backend service: no user, no browser, no chart to launch from.

SMART App Launch 2.2, "Backend Services": client_credentials, a signed assertion, system/ scopes.
"""

import re
from dataclasses import replace

from shared.explain.catalogue.causes import RELAUNCH
from shared.explain.model import Cause, CauseId

NOT_OF_A_PROGRAM: frozenset[CauseId] = frozenset(
    {
        *("launch_parameter_missing", "launch_scope_missing", "launch_value_invalid"),
        *("launch_patient_scope_on_provider", "redirect_uri_mismatch", "user_declined"),
        *("user_mismatch", "persona_mismatch", "pkce_mismatch", "cookies_blocked"),
        *("code_expired_or_used", "session_ended", "frame_refused", "state_unknown"),
    }
)
_AGAIN = "Request a new token."
_LAUNCH = re.compile(
    r"(?:[;,] )?(?:then )?launch (?:the app )?again(?: from the patient's chart)?", re.IGNORECASE
)


def of_a_program(cause: Cause) -> Cause:
    """Return the cause with steps that a program without a user can take."""
    steps = (_AGAIN if step == RELAUNCH else _LAUNCH.sub("", step) for step in cause.steps)
    return replace(cause, steps=tuple(dict.fromkeys(step for step in steps if step.strip(" ."))))
