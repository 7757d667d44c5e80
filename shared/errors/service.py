"""Our own side cannot serve: store, memory, configuration, a fault."""

from shared.errors.base import ADMINISTRATOR, SmartError
from shared.findings import ForUser


class ServiceError(SmartError):
    """Our own side cannot serve the request."""


class StoreUnavailable(ServiceError):
    """The store did not answer; nothing goes on without it."""

    code = "store_unavailable"
    status = 503
    title = "The app cannot reach its own store."
    why = "Its database is away or slow; nothing was changed."
    steps = (ForUser("Launch the app again in a minute."), ADMINISTRATOR)


# Why a call to an EHR is not made, or given up (shared/outbound/bulkheads.py).
EHR_HANGS = "The EHR isn't responding, and too many requests are waiting for it already."


class Overloaded(ServiceError):
    """The instance holds as many bytes of answers as it may, or the EHR hangs and its calls hold
    as many threads as they may. No change was made at the EHR.
    """

    code = "overloaded"
    status = 503
    title = "The app is busy at the moment."
    why = "The memory for large answers of the EHR is taken."
    steps = (ForUser("Try again in a moment."), ADMINISTRATOR)
    retry_after = 1


class Misconfigured(ServiceError):
    """The function runs without a usable configuration."""

    code = "misconfigured"
    status = 500
    title = "The app is not configured."
    why = "SMART_CONFIG does not name a configuration file that can be used."
    steps = ("The administrator must set SMART_CONFIG; the log names every problem of the file.",)


class InternalError(ServiceError):
    """An exception that nobody expected. Its text goes nowhere."""

    code = "internal_error"
    status = 500
    title = "Something went wrong on our side."
    why = "This is a fault of the app. Nothing about it is shown here; it was logged."
