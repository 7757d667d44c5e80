"""The files of a page of your own, at /app/: the folder that PAGE names.

The page is of the functions' origin, so its scripts may call the proxy, and so may whatever is
injected into them. Its policy therefore takes scripts, styles and connections from this origin
alone, and no inline script. Nothing outside the folder is served, nothing whose name begins with a
dot, and no list of files.
"""

import mimetypes
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from gateway import blocked
from gateway.servers import Unusable
from shared import pages
from shared.config.settings import Settings
from shared.errors import MethodNotAllowed, NotFound
from shared.inbound.edge import Call, Reply

AFTER_LAUNCH = "/app/?session={session}"
_AT = "/app/"
_PIECE_BYTES = 65_536
# Not the machine's own table: what a file is must not differ from machine to machine.
_KINDS = mimetypes.MimeTypes(filenames=())
for _ending, _kind in {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".map": "application/json",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}.items():
    _KINDS.add_type(_kind, _ending)
_WITH_CHARSET = frozenset({"application/json", "application/manifest+json", "image/svg+xml"})


def folder() -> Path | None:
    """The folder that PAGE names; None without it. Raises Unusable where there is no page in it."""
    named = os.environ.get("PAGE")
    if not named:
        return None
    path = Path(named).resolve()
    if not (path / "index.html").is_file():
        raise Unusable(f"{named} isn't a folder with an index.html. Name your page's folder.")
    return path


def is_at(path: str) -> bool:
    """Whether a raw path is one of the page's."""
    return path == _AT.rstrip("/") or path.startswith(_AT)


def serve(settings: Settings, call: Call, root: Path) -> Reply:
    """A file below `root`; raises NotFound for whatever is none."""
    if call.method not in {"GET", "HEAD"}:
        raise MethodNotAllowed(allow="GET, HEAD")
    if not call.path.startswith(_AT):
        query = f"?{call.query()}" if call.query() else ""
        return Reply(308, {"Location": _AT + query})
    file = _file(root, call.path.removeprefix(_AT) or "index.html")
    try:
        content = file.open("rb")
    except OSError:
        raise NotFound from None
    pieces = Pieces(content, os.fstat(content.fileno()).st_size)
    kind = _content_type(file.name)
    if kind.startswith("text/html"):
        blocked.page_opened()
    headers = {
        "Content-Type": kind,
        "Content-Length": str(pieces.left),
        **blocked.policies(settings, pages.own_page_policy(settings.frame_ancestors)),
    }
    return Reply(200, headers, pieces)


def _file(root: Path, raw: str) -> Path:
    """The file that a raw path names: its segments decoded once, each a plain name."""
    try:
        names = [unquote_to_bytes(segment).decode() for segment in raw.split("/")]
    except UnicodeDecodeError:
        raise NotFound from None
    if not all(_is_plain(name) for name in names):
        raise NotFound
    try:
        # A link inside the folder may lead out of it.
        path = root.joinpath(*names).resolve(strict=True)
        regular = stat.S_ISREG(path.stat().st_mode)
    except (OSError, RuntimeError):  # RuntimeError: links in a circle, before Python 3.13
        raise NotFound from None
    within = path.is_relative_to(root) and path.relative_to(root).parts
    if not regular or not within or not all(_is_plain(name) for name in within):
        raise NotFound
    return path


def _is_plain(name: str) -> bool:
    """No empty name, no dot file, no `..`, no separator of any system, no control character."""
    return name[:1] not in {"", "."} and name.isprintable() and not set(name) & set("/\\:")


def _content_type(name: str) -> str:
    kind, encoding = _KINDS.guess_type(name)
    if kind is None or encoding is not None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind in _WITH_CHARSET else kind


class Pieces(Iterator[bytes]):
    """A file as it was when its length was said: a longer one is cut, a shorter one breaks off.

    No generator: the server closes this one also where it never asked for a piece, as for HEAD.
    """

    def __init__(self, content: BinaryIO, size: int) -> None:
        self._content = content
        self.left = size

    def __next__(self) -> bytes:
        piece = self._content.read(min(_PIECE_BYTES, self.left))
        if not piece:
            raise StopIteration
        self.left -= len(piece)
        return piece

    def close(self) -> None:
        """Close the file."""
        self._content.close()
