"""The web server's own log lines, without details of a request.

Gunicorn logs the URI of a request that fails, and prints tracebacks. Paths contain session handles
and patient ids, and the text of an exception can contain anything.
"""

import logging
import traceback

from shared import log
from shared.errors import CodedError, InternalError


def frames(error: BaseException) -> str:
    """Return the files and lines of an exception's stack, without source, values or message."""
    newest = traceback.extract_tb(error.__traceback__)[-8:]
    return " < ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(newest)
    )


class _Discreet(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        # The response failed after its head was sent, so the app's code couldn't catch the error.
        # The app's own errors were logged where they occurred.
        if (
            error is not None
            and str(record.msg).startswith("Error handling request")
            and not isinstance(error, CodedError)
        ):
            message = "a response ended early because of an unexpected error"
            log.event(
                "answer_broken", message, severity="ERROR", code=InternalError.code, error=error
            )
            return False
        if error is not None:
            record.msg, record.args = "%s at %s", (type(error).__name__, frames(error))
            record.exc_info = record.exc_text = None
        elif "request" in record.getMessage().lower():
            record.msg, record.args = "A request could not be read or served.", ()
        return True


def keep_requests_out() -> None:
    """Remove request details from the server's log from now on."""
    logger = logging.getLogger("gunicorn.error")
    if not any(isinstance(one, _Discreet) for one in logger.filters):
        logger.addFilter(_Discreet())
