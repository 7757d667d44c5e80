"""Which origins of browsers may call (Fetch, "CORS protocol"): those of configured clients only.

CDS clients are servers, as a rule; the CDS Hooks sandbox runs in a browser. Its token says who
calls, so no credentials of the browser are asked for.
"""

from collections.abc import Mapping

from shared.config.settings import Settings

_PREFLIGHT: Mapping[str, str] = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "600",
}


def headers(settings: Settings | None, origin: str | None, method: str) -> Mapping[str, str]:
    """What every answer carries to a caller of this origin, errors too."""
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


def may_ask(settings: Settings, origin: str | None) -> bool:
    """Whether a browser's page of this origin may call."""
    return origin in _origins(settings)


def _origins(settings: Settings | None) -> frozenset[str]:
    clients = settings.cds_clients if settings else ()
    return frozenset(origin for client in clients for origin in client.cors_origins)
