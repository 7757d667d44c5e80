"""Allows calls from browser origins (Fetch, "CORS protocol"): only those of configured clients.

CDS clients are usually servers, but the CDS Hooks sandbox runs in a browser. Its token identifies
the caller, so browser credentials aren't allowed.
"""

from collections.abc import Mapping

from shared.config.settings import Settings

_PREFLIGHT: Mapping[str, str] = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "600",
}


def headers(settings: Settings | None, origin: str | None, method: str) -> Mapping[str, str]:
    """Return the headers of every response to a caller from this origin, errors included."""
    origins = _origins(settings)
    if not origins:
        return {}
    always = {"Vary": "Origin"}
    if origin not in origins:
        return always
    granted = {
        **always,
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "X-Correlation-Id",
    }
    return {**granted, **_PREFLIGHT} if method == "OPTIONS" else granted


def may_call(settings: Settings, origin: str | None) -> bool:
    """Return whether a page from this origin may call."""
    return origin in _origins(settings)


def _origins(settings: Settings | None) -> frozenset[str]:
    clients = settings.cds_clients if settings else ()
    return frozenset(origin for client in clients for origin in client.cors_origins)
