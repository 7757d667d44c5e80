"""Redirects that carry the parameters of a response or a launch."""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Response


def with_query(url: str, members: Mapping[str, str]) -> str:
    """Add parameters to a URL, which may already have a query (RFC 6749 section 3.1.2)."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(members)}"


def redirect(location: str, status: int = 302) -> Response:
    """Redirect without leaving a trace in caches or referrers (RFC 9700 section 4.2)."""
    response = Response(status=status, headers={"Location": location})
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
