"""Controls which browser apps may read the EHR's responses (SMART App Launch 2.2, App Launch:
Considerations for Cross-Origin Resource Sharing; WHATWG Fetch, CORS protocol).

Any origin may read discovery and keys. Only the origins of apps registered with the EHR may read
the token endpoint, revocation and FHIR data.
"""

from collections.abc import Sequence

from flask import Flask, Response, request

from simulator import trace
from simulator.common.addresses import path_of
from simulator.common.html import origin
from simulator.vendors.installation import Installation

_OPEN = ("/.well-known/smart-configuration", "/metadata")
_METHODS = "GET, POST, PUT, PATCH, DELETE"
_HEADERS = "Authorization, Accept, Content-Type, If-Match, If-None-Match, If-None-Exist, Prefer"
_EXPOSED = "ETag, Last-Modified, Location, Content-Location, Retry-After, WWW-Authenticate"
_KEPT_SECONDS = "600"


class _Endpoints:
    """The endpoints that scripts may call at one EHR."""

    def __init__(self, ehr: Installation) -> None:
        at = ehr.addresses
        self.key = ehr.profile.key
        self._base = path_of(at.fhir_base)
        self._open = {path_of(at.jwks), *(f"{self._base}{one}" for one in _OPEN)}
        self._exact = {path_of(url) for url in (at.token, at.revocation)}
        self._origins = {
            origin(url)
            for client in ehr.registrations.values()
            for url in (client.launch_url, *client.redirect_uris)
            if url
        }

    def includes(self, path: str) -> bool:
        """Return whether the path is one of these endpoints."""
        is_fhir = path == self._base or path.startswith(f"{self._base}/")
        return is_fhir or path in self._open or path in self._exact

    def allowed(self, path: str, origin_header: str) -> str | None:
        """Return the origin that may read the response, or None."""
        if path in self._open:
            return "*"
        return origin_header if origin_header in self._origins else None


def allow_apps(app: Flask, ehrs: Sequence[Installation]) -> None:
    """Answer preflight requests, and add CORS headers to the responses that the origin may read."""
    endpoints = [_Endpoints(ehr) for ehr in ehrs]

    def called() -> _Endpoints | None:
        return next((one for one in endpoints if one.includes(request.path)), None)

    @app.before_request
    def preflight() -> Response | None:
        endpoint, origin_header = called(), request.headers.get("Origin")
        if endpoint is None or origin_header is None or request.method != "OPTIONS":
            return None
        method = request.headers.get("Access-Control-Request-Method")
        if method is None:
            return None
        trace.begin(
            "other", endpoint.key, f"The browser sent a CORS preflight request for {method}"
        )
        return Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": _METHODS,
                "Access-Control-Allow-Headers": _HEADERS,
                "Access-Control-Max-Age": _KEPT_SECONDS,
            },
        )

    @app.after_request
    def mark(response: Response) -> Response:
        endpoint, origin_header = called(), request.headers.get("Origin")
        if endpoint is None:
            return response
        response.vary.add("Origin")
        if origin_header is None:
            return response
        allowed = endpoint.allowed(request.path, origin_header)
        if trace.check(
            allowed is not None,
            "Origin",
            f"{origin_header} may read the response",
            f"{origin_header} belongs to no registered app, so the browser hides the response",
        ):
            response.headers["Access-Control-Allow-Origin"] = allowed or ""
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED
        return response
