"""Which links of a Bundle may be followed with the session's token (FHIR R4 http.html, "Paging").

A page link is the EHR's own and opaque. It may lead anywhere on the host of the FHIR base, for
servers page below other paths; but not by dot segments, which a server resolves after it was
looked at, and not to the EHR's own OAuth endpoints, which are no FHIR.
"""

from functools import lru_cache
from typing import NamedTuple

from shared import urls
from shared.errors import UpstreamInvalid
from shared.session.record import Session


class _Place(NamedTuple):
    host: str
    segments: tuple[str, ...]


def followed(link: str, session: Session, path: str) -> str | None:
    """The absolute URL of a link found in the answer to a request for a path below the FHIR base;
    None where it is not followed.
    """
    url = urls.on_own_host(link, session.fhir_base, path)
    if url is None:
        return None
    place = _place(url)
    below = any(_is_below(place, _place_of_endpoint(one)) for one in session.oauth_endpoints)
    return None if below else url


def not_followed(link: object) -> UpstreamInvalid:
    """The error where a next page isn't read: without it a caller would think that it has all."""
    host = _host_of(link) if isinstance(link, str) else ""
    return UpstreamInvalid(
        why="The next page lies at an address to which no access token is sent.",
        evidence={"host": host},
    )


def _host_of(link: str) -> str:
    """The host that a link names, for the log; empty where it names none plainly."""
    try:
        return urls.authority(link)[:200]
    except ValueError:
        return ""


def _is_below(place: _Place | None, endpoint: _Place | None) -> bool:
    """Whether a URL leads to an endpoint or below it; what cannot be told counts as if."""
    if place is None or endpoint is None:
        return True
    length = len(endpoint.segments)
    return place.host == endpoint.host and place.segments[:length] == endpoint.segments


def _place(url: str) -> _Place | None:
    try:
        return _Place(urls.authority(url), urls.segments(urls.path_of(url)))
    except ValueError:
        return None


# An EHR has a few of them, and they are asked about at every link.
_place_of_endpoint = lru_cache(maxsize=64)(_place)
