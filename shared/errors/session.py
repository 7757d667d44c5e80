"""Who asks, and for what: session, caller, scope, patient."""

import math
from collections.abc import Mapping

from shared.errors.base import ADMINISTRATOR, SmartError
from shared.findings import ForUser


class SessionError(SmartError):
    """The request is well formed but may not be served."""


class SessionMissing(SessionError):
    """No cookie (or two) that opens this session."""

    code = "session_missing"
    status = 401
    title = "The browser sent no session for this address."
    why = "The session's cookie is missing: it goes at logout and when the browser closes."


class SessionExpired(SessionError):
    """The session is over."""

    code = "session_expired"
    status = 401
    title = "The session is over."
    why = "It was logged out, idle too long or at its longest duration, or the EHR's access ended."
    cause = "session_ended"


class RefreshFailed(SessionError):
    """The EHR's access has run out and could not be renewed just now; the session is kept."""

    code = "refresh_failed"
    status = 503
    title = "The EHR's access could not be renewed."
    why = "Its token endpoint failed or did not answer; the session is kept."
    cause = "ehr_side"
    steps = (ForUser("Try again in a few seconds."), ADMINISTRATOR)

    def __init__(self, retry_after: float, *, evidence: Mapping[str, str] | None = None) -> None:
        super().__init__(evidence=evidence)
        self.retry_after = max(1, math.ceil(retry_after))


class CrossSite(SessionError):
    """The request does not come from our own origin's pages."""

    code = "cross_site"
    status = 403
    title = "The request does not come from a page of this app."
    why = "Only scripts on the app's own origin may call this address."
    steps = ("Call it by fetch() from a page on the app's own origin.",)


class ScopeDenied(SessionError):
    """Granted and configured scopes do not cover the interaction."""

    code = "scope_denied"
    status = 403
    title = "The scopes of this launch do not cover the request."
    why = "No scope that was both asked for and granted covers it."
    steps: tuple[str, ...] = (
        "Add the scope to `scopes` and to the app's registration at the EHR, then launch again.",
    )


class PatientDenied(SessionError):
    """The request or its answer concerns another patient than the launch's."""

    code = "patient_denied"
    status = 403
    title = "The request is not about the patient of this launch."
    why = "The launch's patient/ scopes give access to its own patient only."
    steps = (
        ForUser("Ask for this launch's patient, or launch again from the other patient's chart."),
    )


class PatientMissing(SessionError):
    """Only patient/ scopes are held, and the EHR gave no patient."""

    code = "patient_missing"
    status = 403
    title = "This launch has no patient."
    why = "The scopes are patient/ scopes, and the EHR gave no patient with the launch."
    cause = "patient_context_missing"
    steps = (ForUser("Open a patient's chart in the EHR and launch the app from there."),)
