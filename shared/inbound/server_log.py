"""The web server's own log lines, without what they would tell of a request.

Gunicorn names the URI of a request that fails, and prints tracebacks: a session's handle and a
patient's id stand in paths, anything in the text of an exception.
"""

import logging
import traceback

from shared import log
from shared.errors import InternalError, SmartError


def frames(error: BaseException) -> str:
    """Where an exception happened, file and line, without source text, values or message."""
    newest = traceback.extract_tb(error.__traceback__)[-8:]
    return " < ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(newest)
    )


class _Discreet(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        # A part of an answer that could not be made, its head sent already: nothing of ours can
        # catch that. An error of ours was logged where it arose.
        if (
            error is not None
            and str(record.msg).startswith("Error handling request")
            and not isinstance(error, SmartError)
        ):
            message = "an answer ended early, by a fault that was not expected"
            log.event(
                "answer_broken", message, severity="ERROR", code=InternalError.code, error=error
            )
            return False
        if error is not None:
            record.msg, record.args = "%s at %s", (type(error).__name__, frames(error))
            record.exc_info = record.exc_text = None
        elif "request" in record.getMessage().lower():
            record.msg, record.args = "A request could not be read or answered.", ()
        return True


def keep_requests_out() -> None:
    """Take requests out of what the server logs from here on."""
    logger = logging.getLogger("gunicorn.error")
    if not any(isinstance(one, _Discreet) for one in logger.filters):
        logger.addFilter(_Discreet())
