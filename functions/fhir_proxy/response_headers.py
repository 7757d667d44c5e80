"""The headers of an EHR's response that reach the browser, by allow-list. URLs in them become the
proxy's URLs.
"""

from collections.abc import Mapping

from shared import urls
from shared.fhir.calls.conditional import HEADER_VALUE

from .address import ProxyAddress, parse_address

_PASSED_ON = ("ETag", "Last-Modified", "Retry-After")
_LOCATIONS = ("Location", "Content-Location")


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the response headers that reach the browser unchanged."""
    return {
        name: value
        for name in _PASSED_ON
        if HEADER_VALUE.fullmatch(value := headers.get(name.lower(), ""))
    }


def locations(
    headers: Mapping[str, str], address: ProxyAddress, fhir_base: str, proxy_base: str
) -> Mapping[str, str]:
    """Return the URLs of a written resource as the proxy's URLs. Others are left out."""
    places = {}
    for name in _LOCATIONS:
        upstream = urls.on_own_host(headers.get(name.lower(), ""), fhir_base, address.type)
        path = (upstream or "").removeprefix(f"{fhir_base}/")
        named = parse_address("GET", f"/{address.handle}/{path}", {})
        if isinstance(named, ProxyAddress) and named.type == address.type and named.id:
            places[name] = f"{proxy_base}/{named.path}"
    return places
