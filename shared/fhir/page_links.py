"""Which links of a Bundle may be followed with the session's token (FHIR R4 http.html, "Paging").

A page link is the EHR's own and opaque. It may lead anywhere on the host of the FHIR base, for
servers page below other paths; but not by dot segments, which a server resolves after it was
looked at, and not to the EHR's own OAuth endpoints, which are no FHIR.
"""

from shared import urls
from shared.session.record import Session


def followed(link: str, session: Session, path: str) -> str | None:
    """The absolute URL of a link found in the answer to a request for a path below the FHIR base;
    None where it is not followed.
    """
    url = urls.on_own_host(link, session.fhir_base, path)
    if url is None or any(_is_below(url, one) for one in session.oauth_endpoints):
        return None
    return url


def host_of(link: str) -> str:
    """The host that a link names, for the log; empty where it names none plainly."""
    try:
        return urls.authority(link)[:200]
    except ValueError:
        return ""


def _is_below(url: str, endpoint: str) -> bool:
    try:
        if urls.authority(url) != urls.authority(endpoint):
            return False
    except ValueError:
        return True
    asked, kept = urls.segments(urls.path_of(url)), urls.segments(urls.path_of(endpoint))
    return asked[: len(kept)] == kept
