"""The causes that a backend service can't have, because it has no user, browser or chart.

SMART App Launch 2.2, "Backend Services": client_credentials, a signed assertion, system/ scopes.
"""

from shared.explain.model import CauseId

NOT_OF_A_PROGRAM: frozenset[CauseId] = frozenset(
    {
        *("launch_parameter_missing", "launch_scope_missing", "launch_value_invalid"),
        *("launch_patient_scope_on_provider", "redirect_uri_mismatch", "user_declined"),
        *("user_mismatch", "persona_mismatch", "pkce_mismatch", "cookies_blocked"),
        *("code_expired_or_used", "session_ended", "frame_refused", "state_unknown"),
    }
)
