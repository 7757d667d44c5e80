"""Page links of a Bundle become links of this proxy; every other byte stays as it came.
A CapabilityStatement names the proxy in place of the EHR.

FHIR R4 http.html, "Paging": a client must use the server's own links, so they are kept whole and
opaque, sealed for this session and the path that was asked. The JSON text is not parsed and
written anew, which would change numbers: only the link's text is replaced.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from shared.errors import ParameterInvalid
from shared.fhir import bundle_links, page_links
from shared.fhir.bundle_links import Place
from shared.json_members import fields, objects
from shared.scopes import Level
from shared.sealing import SealBroken, Sealer
from shared.session.record import Session

PAGE_PARAMETER = "_page"
_SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class PageLink:
    """The EHR's own link to a further page, and of the first page the level of the scope that
    allowed it, and whether its resources had to show that they fit the scope's parameters.
    """

    url: str
    level: Level
    shown: bool = False


@dataclass(frozen=True, slots=True)
class PageLinks:
    """Page links of one path below the FHIR base (a type's or a history's) in one session.

    `proxy_base` is the session's address here.
    """

    session: Session
    sealer: Sealer
    path: str
    proxy_base: str

    def rewritten(
        self,
        body: bytes,
        level: Level,
        *,
        shown: bool = False,
        known: Place | None = None,
    ) -> bytes:
        """The JSON of a Bundle with its page links rewritten; those elsewhere are left out.

        Raises UpstreamInvalid where that is a `next`.

        `body` must be valid JSON in UTF-8 with one member `link` at most: it has been read before.
        `known` is where that starts and ends, where that was found before.
        """
        place = known or bundle_links.first(body)
        if place is None:
            return body
        start, end = place
        links = self._usable(json.loads(body[start:end]), level, shown)
        view = memoryview(body)
        return b"".join((view[:start], json.dumps(links).encode(), view[end:]))

    def open(self, token: str) -> PageLink:
        """The page behind a link's token. Raises ParameterInvalid for one not made for it."""
        try:
            opened = self.sealer.open(token, self.session.secret, self._context()).decode()
            level, shown, url = opened.split(" ")
        except (SealBroken, ValueError):
            raise ParameterInvalid(
                "The page link is not one of this session.",
                why="Page links belong to one session and one request; they cannot be made or "
                "changed.",
            ) from None
        return PageLink(url, "user" if level == "user" else "patient", shown == _SHOWN)

    def _usable(self, links: object, level: Level, shown: bool) -> list[dict[str, object]]:
        rewritten = []
        seal = self.sealer.sealing(self.session.secret, self._context())
        for link in objects(links):
            url = link.get("url")
            upstream = (
                page_links.followed(url, self.session, self.path) if isinstance(url, str) else None
            )
            if upstream is None:
                if link.get("relation") == "next":
                    raise page_links.not_followed(url)
            else:
                sealed = seal(f"{level} {_SHOWN if shown else 'any'} {upstream}".encode())
                ours = f"{self.proxy_base}/{self.path}?{PAGE_PARAMETER}={sealed}"
                rewritten.append({**link, "url": ours})
        return rewritten

    def _context(self) -> str:
        return f"page {self.session.handle} {self.path}"


def named_here(statement: Mapping[str, object], body: bytes, proxy_base: str) -> bytes:
    """The EHR's CapabilityStatement with the proxy's address where it names its own, and without
    `security`: whoever reads there where to get a token would ask the EHR for one, which the page
    neither needs nor may have.
    """
    told = dict(statement)
    if implementation := fields(told.get("implementation")):
        told["implementation"] = {**implementation, "url": proxy_base}
    if "rest" in told:
        # Whatever else stands there than a list of objects goes with it.
        rest = objects(told["rest"])
        told["rest"] = [{name: one[name] for name in one if name != "security"} for one in rest]
    return body if told == statement else json.dumps(told).encode()


def stamp(received: bytes, sent: bytes, changed: str) -> Mapping[str, str]:
    """The header that tells of a change made on the way (FHIR R4 http.html, "Intermediaries")."""
    return {} if received == sent else {"response-modified-smart-calc": changed}
