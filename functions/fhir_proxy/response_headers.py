"""The headers of an EHR's response that reach the browser, by allow-list. URLs in them become the
proxy's URLs.
"""

from collections.abc import Mapping

from shared.fhir.calls.conditional import HEADER_VALUE
from shared.fhir.calls.write import LOCATIONS, place_of
from shared.fhir.policy.interactions import Address

_PASSED_ON = ("ETag", "Last-Modified", "Retry-After")


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the response headers that reach the browser unchanged."""
    return {
        name: value
        for name in _PASSED_ON
        if HEADER_VALUE.fullmatch(value := headers.get(name.lower(), ""))
    }


def locations(
    headers: Mapping[str, str], address: Address, fhir_base: str, proxy_base: str
) -> Mapping[str, str]:
    """Return the URLs of a written resource as the proxy's URLs. Others are left out."""
    places = {}
    for name in LOCATIONS:
        if place := place_of(headers, name, address.type, fhir_base):
            version = f"/_history/{place.version}" if place.version else ""
            places[name] = f"{proxy_base}/{place.type}/{place.id}{version}"
    return places
