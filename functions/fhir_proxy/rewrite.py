"""Rewriting of responses: page links of a Bundle become links to this proxy, and a
CapabilityStatement names the proxy instead of the EHR. Every other byte stays unchanged.

FHIR R4 http.html, "Paging": a client must use the server's own links, so they're kept complete and
opaque, encrypted for this session and the requested path. The JSON text isn't parsed and serialized
again, which would change numbers: only the link's text is replaced.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from shared.errors import ParameterInvalid
from shared.fhir import bundle_links, page_links
from shared.fhir.access import Access
from shared.fhir.bundle_links import Links
from shared.frozen import dataclass
from shared.inbound.spliced import Spliced
from shared.json_members import fields, objects
from shared.scopes import Level
from shared.sealing import SealBroken, Sealer

PAGE_PARAMETER = "_page"
_SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class PageLink:
    """The EHR's own link to another page, the level of the scope that allowed the first page, and
    whether its resources had to show that they fit the scope's parameters.
    """

    url: str
    level: Level
    must_show: bool = False


@dataclass(frozen=True, slots=True)
class PageLinks:
    """Page links of one path below the FHIR base (a type's or a history's) in one session.

    `proxy_base` is the session's base URL at the proxy, and `secret` the one in its cookie.
    """

    access: Access
    secret: bytes
    sealer: Sealer
    path: str
    proxy_base: str

    def rewritten(
        self,
        body: bytes,
        level: Level,
        *,
        must_show: bool = False,
        known: Links | None = None,
    ) -> bytes | Spliced:
        """Return the JSON of a Bundle with its page links rewritten. Links that can't be followed
        are left out. Raise UpstreamInvalid if that is a `next` link.

        `body` must be valid JSON in UTF-8 with at most one member `link`. `known` are its links, if
        already read.
        """
        place = known.place if known else bundle_links.first(body)
        if place is None:
            return body
        start, end = place
        given = known.items if known else objects(json.loads(body[start:end]))
        links = json.dumps(self._usable(given, level, must_show)).encode()
        if links == body[start:end]:
            return body
        view = memoryview(body)
        return Spliced((view[:start], links, view[end:]))

    def open(self, token: str) -> PageLink:
        """Return the page of a link's token. Raise ParameterInvalid for a token from elsewhere."""
        try:
            opened = self.sealer.open(token, self.secret, self._context()).decode()
            level, must_show, url = opened.split(" ")
        except (SealBroken, ValueError):
            raise ParameterInvalid(
                "The page link doesn't belong to this session.",
                why="A page link belongs to one session and one request. You can't create or "
                "change a page link.",
            ) from None
        return PageLink(url, "user" if level == "user" else "patient", must_show == _SHOWN)

    def _usable(
        self, links: Iterable[dict[str, Any]], level: Level, must_show: bool
    ) -> list[dict[str, object]]:
        rewritten = []
        seal = self.sealer.sealing(self.secret, self._context())
        for link in links:
            url = link.get("url")
            upstream = (
                page_links.followed(url, self.access, self.path) if isinstance(url, str) else None
            )
            if upstream is None:
                if link.get("relation") == "next":
                    raise page_links.not_followed(url)
            else:
                sealed = seal(f"{level} {_SHOWN if must_show else 'any'} {upstream}".encode())
                ours = f"{self.proxy_base}/{self.path}?{PAGE_PARAMETER}={sealed}"
                rewritten.append({**link, "url": ours})
        return rewritten

    def _context(self) -> str:
        return f"page {self.access.holder} {self.path}"


def named_here(statement: Mapping[str, object], body: bytes, proxy_base: str) -> bytes:
    """Return the EHR's CapabilityStatement with the proxy's URL in place of the EHR's, and without
    `security`, because a client would use that to request a token from the EHR, which the page
    neither needs nor may have.
    """
    renamed = dict(statement)
    if implementation := fields(renamed.get("implementation")):
        renamed["implementation"] = {**implementation, "url": proxy_base}
    if "rest" in renamed:
        # Anything other than a list of objects is dropped as well.
        rest = objects(renamed["rest"])
        renamed["rest"] = [{name: one[name] for name in one if name != "security"} for one in rest]
    return body if renamed == statement else json.dumps(renamed).encode()


def stamp(received: bytes, sent: bytes | Spliced, changed: str) -> Mapping[str, str]:
    """Return the header that reports a change to the response (FHIR R4 http.html,
    "Intermediaries").
    """
    return {} if received == sent else {"response-modified-smart-calc": changed}
