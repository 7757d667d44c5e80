"""Format an ERROR line for Error Reporting, without any value from the request.

https://cloud.google.com/error-reporting/docs/formatting-error-messages. It reads `stack_trace`
first, then `exception`, then `message`. With `@type` it accepts the line in any case.
"""

import traceback
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from shared import release
from shared.log import platform

TYPE = "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"
_MOST_FRAMES = 20
_ROOT = Path(__file__).parents[2]


def fields(
    error: BaseException | None, caller: FrameType | None, function: str
) -> Mapping[str, object]:
    """Return the fields of the line: the service and the location of the error.

    The location is the stack of an `error` that was raised, or otherwise the `caller` that logs it.
    """
    report: dict[str, object] = {
        "@type": TYPE,
        "serviceContext": {
            "service": platform.service() or function,
            "version": f"{release.version()}+{release.commit()}",
        },
    }
    if error is not None and error.__traceback__ is not None:
        report |= {"exception": type(error).__name__, "stack_trace": stack_trace(error)}
    elif caller is not None:
        report["context"] = {
            "reportLocation": {
                "filePath": _file(caller.f_code.co_filename),
                "lineNumber": caller.f_lineno,
                "functionName": caller.f_code.co_name,
            }
        }
    return report


def stack_trace(error: BaseException) -> str:
    """Format the stack like `traceback.format_exc()`, which Error Reporting parses, but without
    source text, and with only the type of the exception: its text may contain anything.
    """
    frames = [
        f'  File "{_file(frame.filename)}", line {frame.lineno}, in {frame.name}'
        for frame in traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    ]
    return "\n".join(["Traceback (most recent call last):", *frames, type(error).__name__])


def _file(name: str) -> str:
    """Shorten the path of a file to its path in this project, or in its package for a library."""
    path = Path(name)
    if path.is_relative_to(_ROOT) and "site-packages" not in path.parts:
        return str(path.relative_to(_ROOT))
    return "/".join(path.parts[-3:])
