"""Decide which links of a Bundle may be followed with an access token (FHIR R4 http.html,
"Paging").

A page link belongs to the EHR and is opaque. It may lead to any path on the host of the FHIR base,
because servers use other paths for paging. But it must not have dot segments, which a server
resolves after the check, and must not lead to the EHR's own OAuth endpoints, which aren't FHIR.
Another path may be another tenant's, so relative references in a page from there prove nothing.
"""

from functools import lru_cache
from typing import NamedTuple

from shared import urls
from shared.errors import UpstreamInvalid
from shared.fhir.access import Access
from shared.fhir.searchset import SearchPage


class _Place(NamedTuple):
    host: str
    segments: tuple[str, ...]


def followed(link: str, access: Access, path: str) -> str | None:
    """Return the absolute URL of a link in the response to a request for a path below the FHIR
    base, or None if it must not be followed.
    """
    url = urls.on_own_host(link, access.fhir_base, path)
    if url is None:
        return None
    place = _place(url)
    below = any(_is_below(place, _place_of_endpoint(one)) for one in access.oauth_endpoints)
    return None if below else url


def following(page: SearchPage, access: Access, path: str) -> str | None:
    """Return the URL of the page after this one, None if it's the last one. Raise UpstreamInvalid
    if it isn't followed.
    """
    if not page.more:
        return None
    url = followed(page.next, access, path) if page.next else None
    if url is None:
        raise not_followed(page.next)
    return url


def is_within(url: str, fhir_base: str) -> bool:
    """Return whether the URL of a followed link is the FHIR base's or below it."""
    own = urls.path_of(fhir_base)
    return f"{urls.path_of(url)}/".startswith((f"{own}/", f"{own}?"))


def not_followed(link: object) -> UpstreamInvalid:
    """Return the error for an unread next page: without it, the result would look complete."""
    host = urls.named_host(link) if isinstance(link, str) else ""
    return UpstreamInvalid(
        why="The app doesn't send the access token to the URL of the next page.",
        evidence={"host": host},
    ).again(briefly="the next page is at a different address")


def _is_below(place: _Place | None, endpoint: _Place | None) -> bool:
    """Return whether a URL leads to an endpoint or below it. If that's unclear, return True."""
    if place is None or endpoint is None:
        return True
    length = len(endpoint.segments)
    return place.host == endpoint.host and place.segments[:length] == endpoint.segments


def _place(url: str) -> _Place | None:
    try:
        return _Place(urls.authority(url), urls.segments(urls.path_of(url)))
    except ValueError:
        return None


# An EHR has only a few endpoints, and every link is compared with them.
_place_of_endpoint = lru_cache(maxsize=64)(_place)
