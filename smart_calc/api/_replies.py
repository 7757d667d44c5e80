"""The responses of a function."""

from dataclasses import dataclass

from smart_calc.api._values import Json, dumps

_STATUSES = range(200, 600)


@dataclass(frozen=True, slots=True)
class Reply:
    """A response. Create it with `api.json` or `api.html`. Browsers and proxies don't store it.

    Attributes:
        status: its HTTP status, from 200 to 599.
        media_type: its Content-Type, in printable ASCII.
        body: its bytes.

    Example:
        reply = api.json({"born": "1968-03-14"})
        assert reply.status == 200

    """

    status: int
    media_type: str
    body: bytes


def json(value: Json, status: int = 200) -> Reply:
    """Return a JSON response. Each `Decimal` is written with all of its digits.

    Raises TypeError or ValueError if the value isn't JSON.

    Example:
        return api.json({"error": "Send a date."}, status=400)

    """
    return Reply(_checked(status), "application/json", dumps(value))


def html(text: str, status: int = 200) -> Reply:
    """Return an HTML response.

    Its Content-Security-Policy allows stylesheets, scripts and images from your own origin, such as
    `/app/summary.css`, and requests from its scripts to your own origin. It allows no inline script
    or style, and nothing from other origins. Escape each value from the chart with Python's
    `html.escape`: a name in a chart can contain `<`.

    Example:
        from html import escape

        family = str(api.at(patient, "name", 0, "family"))
        return api.html(f"<!doctype html><title>Summary</title><h1>{escape(family)}</h1>")

    """
    return Reply(_checked(status), "text/html; charset=utf-8", text.encode("utf-8", "replace"))


def _checked(status: int) -> int:
    if status not in _STATUSES:
        raise ValueError(f"{status} isn't a valid response status.")
    return status
