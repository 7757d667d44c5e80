"""Page links of a Bundle become links of this proxy; every other byte stays as it came.

FHIR R4 http.html, "Paging": a client must use the server's own links, so they are kept whole and
opaque, sealed for this session and the type that was searched. The JSON text is not parsed and
written anew, which would change numbers: only the link's text is replaced.
"""

import json
import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from urllib.parse import urljoin

from shared import urls
from shared.errors import ParameterInvalid
from shared.sealing import SealBroken, Sealer
from shared.sessions import Session

PAGE_PARAMETER = "_page"
_SPACE = re.compile(r"[ \t\n\r]*")
_decoder = json.JSONDecoder()


def bundle(text: str, session: Session, sealer: Sealer, resource_type: str, proxy_base: str) -> str:
    """The JSON text of a Bundle with its page links rewritten; links to elsewhere are left out.

    `text` must be valid JSON: it has been parsed before.
    """
    parts, done = [], 0
    for name, start, end in _members(text, _skip(text, 0)):
        if name == "link":
            links = _rewritten(json.loads(text[start:end]), session, sealer, resource_type)
            for link in links:
                link["url"] = f"{proxy_base}/{resource_type}?{PAGE_PARAMETER}={link['url']}"
            parts += [text[done:start], json.dumps(links)]
            done = end
    return "".join([*parts, text[done:]])


def _rewritten(
    links: object, session: Session, sealer: Sealer, resource_type: str
) -> list[dict[str, object]]:
    """The usable links, the `url` of each sealed for this session and type."""
    context = _context(session, resource_type)
    found = []
    for link in links if isinstance(links, list) else []:
        url = link.get("url") if isinstance(link, dict) else None
        upstream = (
            _upstream(url, session.fhir_base, resource_type) if isinstance(url, str) else None
        )
        if upstream is not None:
            found.append({**link, "url": sealer.seal(upstream.encode(), session.secret, context)})
    return found


def page_url(token: str, session: Session, sealer: Sealer, resource_type: str) -> str:
    """The EHR's own URL of a page. Raises ParameterInvalid for a token not made for it."""
    try:
        return sealer.open(token, session.secret, _context(session, resource_type)).decode()
    except SealBroken:
        raise ParameterInvalid(
            "The page link is not one of this session.",
            why="Page links belong to one session and one search; they cannot be made or changed.",
        ) from None


def _context(session: Session, resource_type: str) -> str:
    return f"page {session.handle} {resource_type}"


def _upstream(url: str, fhir_base: str, resource_type: str) -> str | None:
    """The absolute URL of a link if it lies on the FHIR base's own host, else None.

    Servers behind a proxy name themselves with http or without a host; the token is still sent
    to the base's scheme and host only.
    """
    absolute = urljoin(f"{fhir_base}/{resource_type}", url)
    scheme = fhir_base.partition("://")[0]
    if scheme == "https" and absolute.startswith("http://"):
        absolute = "https://" + absolute.removeprefix("http://")
    try:
        same_host = urls.authority(absolute) == urls.authority(fhir_base)
    except ValueError:
        return None
    plain = absolute.isascii() and absolute.isprintable() and " " not in absolute
    if not (same_host and plain and absolute.startswith(f"{scheme}://")):
        return None
    return absolute.partition("#")[0]


def _members(text: str, position: int) -> Iterator[tuple[str, int, int]]:
    """Name, start and end of each member of the object that begins at `position`."""
    position = _skip(text, position + 1)
    while text[position] == '"':
        name, position = scanstring(text, position + 1)
        start = _skip(text, _skip(text, position) + 1)
        end: int = _decoder.raw_decode(text, start)[1]
        yield name, start, end
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
