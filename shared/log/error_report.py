"""An ERROR line as Error Reporting takes it, told without any value of the request.

https://cloud.google.com/error-reporting/docs/formatting-error-messages. It reads `stack_trace`
first, then `exception`, then `message`; `@type` makes it take the line in any case.
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
    """The members of the line: whose error it is and where it happened.

    With an `error` that was raised its stack; else the `caller` that reports it.
    """
    told: dict[str, object] = {
        "@type": TYPE,
        "serviceContext": {
            "service": platform.service() or function,
            "version": f"{release.VERSION}+{release.commit()}",
        },
    }
    if error is not None and error.__traceback__ is not None:
        told |= {"exception": type(error).__name__, "stack_trace": stack_trace(error)}
    elif caller is not None:
        told["context"] = {
            "reportLocation": {
                "filePath": _file(caller.f_code.co_filename),
                "lineNumber": caller.f_lineno,
                "functionName": caller.f_code.co_name,
            }
        }
    return told


def stack_trace(error: BaseException) -> str:
    """As `traceback.format_exc()` gives it, the form that Error Reporting parses, but without
    source text, and of the exception its type alone: its text may hold anything.
    """
    frames = [
        f'  File "{_file(frame.filename)}", line {frame.lineno}, in {frame.name}'
        for frame in traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    ]
    return "\n".join(["Traceback (most recent call last):", *frames, type(error).__name__])


def _file(name: str) -> str:
    """A file of this project by its path in it, one of a library by its package's folder."""
    path = Path(name)
    if path.is_relative_to(_ROOT) and "site-packages" not in path.parts:
        return str(path.relative_to(_ROOT))
    return "/".join(path.parts[-3:])
