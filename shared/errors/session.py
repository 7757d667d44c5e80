"""Requests whose sender isn't allowed to make them: session, origin, scope, patient."""

import math

from shared.errors.base import ADMINISTRATOR, OWN_WORDS, CodedError, Plainly
from shared.findings import ForUser


class SessionError(CodedError):
    """The request is well formed but isn't allowed."""


_ENDED = Plainly("The session has ended.", "Open the app again from the chart.")


class SessionMissing(SessionError, code="session_missing", status=401):
    """The request has no session cookie, two of them, or one that doesn't open this session."""

    title = "The request has no valid session cookie for this URL."
    why = (
        "The session cookie is missing. The cookie is deleted at logout and when the browser "
        "closes."
    )
    plainly = _ENDED
    is_for_clinicians = True


class SessionExpired(SessionError, code="session_expired", status=401):
    """The session was idle too long, is too old or was logged out, the EHR ended its access, or its
    access expired and there is no refresh token. The response states which.
    """

    title = "The session has ended."
    why = (
        "The user logged out, the session was idle too long or reached its maximum duration, or "
        "its access to the EHR ended."
    )
    plainly = _ENDED
    is_for_clinicians = True
    cause = "session_ended"


class RefreshFailed(SessionError, code="refresh_failed", status=503):
    """Access to the EHR has expired, and its token endpoint failed or didn't respond, or its keys
    can't be read to check whether it renewed access for another user. The session is kept.
    `Retry-After` states when to try again.
    """

    title = "Access to the EHR couldn't be renewed."
    why = "The EHR's token endpoint failed or didn't respond. The session is kept."
    plainly = OWN_WORDS
    cause = "ehr_side"
    steps = (ForUser("Try again in a few seconds."), ADMINISTRATOR)

    def __init__(self, retry_after: float, *, why: str | None = None) -> None:
        super().__init__(why=why)
        self.retry_after = max(1, math.ceil(retry_after))


class CrossSite(SessionError, code="cross_site", status=403):
    """The call doesn't come from a script of the app's own origin."""

    title = "The request didn't come from a page of this app."
    why = "Only scripts on the app's own origin can call this URL."
    plainly = OWN_WORDS
    steps = ("Call this URL with fetch() from a page on the app's own origin.",)


class ScopeDenied(SessionError, code="scope_denied", status=403):
    """No scope that was configured and granted covers the request. The response states which scope
    is needed and whether it was requested.
    """

    title = "The scopes of this launch don't cover the request."
    why = "No scope that was both configured and granted covers the request, so it wasn't sent."
    plainly = Plainly(
        "The app wasn't given access to this part of the record.",
        "The app may need an additional permission at this EHR.",
    )
    steps: tuple[str, ...] = (
        "Add the scope to `scopes` and to the app's registration at the EHR, then launch again.",
    )


class PatientDenied(SessionError, code="patient_denied", status=403):
    """The request, the EHR's response, or a resource of a prefetch is about another patient."""

    title = "The request isn't about the patient of this launch."
    why = "The patient/ scopes give access only to the launch's patient."
    plainly = Plainly(why="The app was opened for one patient, and this request is about another.")
    steps = (
        ForUser(
            "Request data for this launch's patient, or launch again from the other patient's "
            "chart."
        ),
    )


class PatientUnproved(PatientDenied):
    """The EHR's response names no patient, so nothing shows that it's about the right one."""

    title = "The response doesn't show which patient it's about."
    why = "The resource names no patient, or the EHR left out the element that does."
    plainly = Plainly(why="The EHR's response doesn't show whose data it is.")
    steps = (ForUser("Leave out `_summary`, or ask the EHR why the resource names no patient."),)


class PatientMissing(SessionError, code="patient_missing", status=403):
    """Only `patient/` scopes cover the request, and the EHR didn't provide a patient."""

    title = "This launch has no patient."
    why = "Only patient/ scopes cover the request, but the EHR didn't provide a patient."
    plainly = Plainly(why="The app works for one patient, and the EHR didn't name one.")
    cause = "patient_context_missing"
    steps = (ForUser("Open a patient's chart in the EHR and launch the app from there."),)
