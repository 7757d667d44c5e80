"""The app itself can't serve a request: store, memory, configuration, an unexpected error."""

from shared.errors.base import ADMINISTRATOR, OWN_WORDS, CodedError, Plainly
from shared.findings import ForUser


class ServiceError(CodedError):
    """The app can't serve the request."""


class StoreUnavailable(ServiceError, code="store_unavailable", status=503):
    """The store doesn't respond, and nothing continues without it."""

    title = "The app can't reach its own database."
    why = "The database is down or slow. Nothing was changed."
    plainly = OWN_WORDS
    steps = (ForUser("Launch the app again in a minute."), ADMINISTRATOR)


class Overloaded(ServiceError, code="overloaded", status=503):
    """The instance has no room for another large response, or calls that hang hold too many
    threads. Nothing was sent except perhaps a read, which the app gave up. A change that was sent
    never gets this error. [performance.md](performance.md) lists the limits. If it persists, look
    for `ehr_hanging` in the log, which names the host.
    """

    title = "The app is busy at the moment."
    why = "The memory reserved for large EHR responses is in use."
    plainly = OWN_WORDS
    briefly = "too many requests are waiting for the EHR"
    steps = (ForUser("Try again in a moment."), ADMINISTRATOR)
    retry_after = 1


class Misconfigured(ServiceError, code="misconfigured", status=500):
    """`SMART_CONFIG` isn't set, or the EHR doesn't list the registration's `client_auth` or the
    type of its key (for `client_auth`, a listed capability is enough). The page names the setting.
    """

    title = "The app isn't configured."
    why = "SMART_CONFIG doesn't name a usable configuration file."
    plainly = Plainly(why="An administrator must set up the app.")
    steps = ("The administrator must set SMART_CONFIG. The log lists every problem in the file.",)


class InternalError(ServiceError, code="internal_error", status=500):
    """An unexpected error occurred. The log has its stack, but not its text."""

    title = "Something went wrong on our side."
    why = "This is an error in the app. No details are shown here, but they were logged."
    plainly = OWN_WORDS
