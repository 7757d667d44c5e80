"""The EHR's FHIR API doesn't return a usable response."""

from typing import Self

from shared import urls
from shared.errors.base import ADMINISTRATOR, OWN_WORDS, CodedError
from shared.findings import ForUser

# With these statuses, the EHR may accept the same request later: timeout, conflict, locked, too
# early, too many requests.
_CAN_PASS = frozenset({408, 409, 423, 425, 429})


class UpstreamError(CodedError):
    """The EHR's FHIR API didn't return a usable response."""

    cause = "ehr_side"
    steps: tuple[str, ...] = (ForUser("Try again in a minute."), ADMINISTRATOR)


class UpstreamUnreachable(UpstreamError, code="upstream_unreachable", status=502):
    """There was no connection to the EHR."""

    title = "The EHR can't be reached."
    why = "The connection failed, or it closed before a response arrived."
    plainly = OWN_WORDS
    briefly = "no connection to the EHR"


class UpstreamTimeout(UpstreamError, code="upstream_timeout", status=504):
    """No response came within 60 s, or a response over 1.5 MB delivered less than 64 kB in 5 s."""

    title = "The EHR didn't respond in time."
    why = "The request might take a lot of work, or the EHR is slow at the moment."
    plainly = OWN_WORDS
    briefly = "no response in time"


class UpstreamInvalid(UpstreamError, code="upstream_invalid", status=502):
    """The EHR failed, redirected, or sent something other than FHIR JSON, or more than 20 MB (10 MB
    of a Binary's content).
    """

    title = "The EHR's response can't be passed on."
    why = "The EHR failed, or its response isn't FHIR JSON within the size limit."
    plainly = OWN_WORDS
    briefly = "no usable response"


class EhrRefused(UpstreamError, code="ehr_refused", status=400):
    """Your own function sent a request to the EHR, and the EHR refused it. The response has the
    EHR's own status, such as 404. `api.EhrError.outcome` has its reason.
    """

    title = "The EHR refused the request."
    why = "The EHR's FHIR API refused the app's request."
    plainly = OWN_WORDS
    steps: tuple[str, ...] = (
        ForUser("Trying again won't help. Give the correlation id below to your administrator."),
        "Change the request. In the function, `api.EhrError.outcome` contains the EHR's reason.",
    )

    def with_status(self, status: int, retry_after: int | None, fhir_base: str) -> Self:
        """Return the error with the EHR's status and the steps that fit it."""
        why = f"The EHR's FHIR API returned status {status} for the app's request."
        steps = UpstreamError.steps if status in _CAN_PASS else self.steps
        if urls.is_local(fhir_base):
            trace = f"{'://'.join(urls.origin(fhir_base))}/trace"
            steps = (*steps, f"If the EHR is simulated, {trace} shows why the request was refused.")
        return self.again(status=status, retry_after=retry_after, why=why, steps=steps)
