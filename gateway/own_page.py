"""Serves the files of your own page at /app/, from the folder PAGE.

The page has the functions' origin, so its scripts can call the proxy, and so can any injected
script. Its policy therefore allows scripts, styles and connections only from this origin, and no
inline scripts. It serves no file outside the folder, no name that starts with a dot, and no list of
files.
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
_CHUNK_BYTES = 65_536
# Don't use the system's table, so that media types are the same on every machine.
_MEDIA_TYPES = mimetypes.MimeTypes(filenames=())
for _ending, _media_type in {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".map": "application/json",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}.items():
    _MEDIA_TYPES.add_type(_media_type, _ending)
_WITH_CHARSET = frozenset({"application/json", "application/manifest+json", "image/svg+xml"})


def folder() -> Path | None:
    """Return the folder PAGE, or None if it's unset. Raises Unusable if it contains no page."""
    value = os.environ.get("PAGE")
    if not value:
        return None
    path = Path(value).resolve()
    if not (path / "index.html").is_file():
        raise Unusable(f"{value} isn't a folder with an index.html. Specify your page's folder.")
    return path


def is_at(path: str) -> bool:
    """Return whether a raw path belongs to the page."""
    return path == _AT.rstrip("/") or path.startswith(_AT)


def serve(settings: Settings, call: Call, root: Path) -> Reply:
    """Serve a file in the folder `root`; raise NotFound if there is no such file."""
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
    chunks = Chunks(content, os.fstat(content.fileno()).st_size)
    kind = _content_type(file.name)
    if kind.startswith("text/html"):
        blocked.page_opened()
    headers = {
        "Content-Type": kind,
        "Content-Length": str(chunks.left),
        **blocked.policies(settings, pages.own_page_policy(settings.frame_ancestors)),
    }
    return Reply(200, headers, chunks)


def _file(root: Path, raw: str) -> Path:
    """Return the file at a raw path, whose segments are decoded once and must be plain names."""
    try:
        names = [unquote_to_bytes(segment).decode() for segment in raw.split("/")]
    except UnicodeDecodeError:
        raise NotFound from None
    if not all(_is_plain(name) for name in names):
        raise NotFound
    try:
        # A symbolic link in the folder can point outside it.
        path = root.joinpath(*names).resolve(strict=True)
        regular = stat.S_ISREG(path.stat().st_mode)
    except (OSError, RuntimeError):  # RuntimeError: a symlink loop, before Python 3.13
        raise NotFound from None
    within = path.is_relative_to(root) and path.relative_to(root).parts
    if not regular or not within or not all(_is_plain(name) for name in within):
        raise NotFound
    return path


def _is_plain(name: str) -> bool:
    """Return whether a name has no leading dot, separator or control character, and isn't empty."""
    return name[:1] not in {"", "."} and name.isprintable() and not set(name) & set("/\\:")


def _content_type(name: str) -> str:
    kind, encoding = _MEDIA_TYPES.guess_type(name)
    if kind is None or encoding is not None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind in _WITH_CHARSET else kind


class Chunks(Iterator[bytes]):
    """The chunks of a file, limited to its length when it was opened; a shorter file ends early.

    It isn't a generator, because the server must close it even if it reads no chunk, as for HEAD.
    """

    def __init__(self, content: BinaryIO, size: int) -> None:
        self._content = content
        self.left = size

    def __next__(self) -> bytes:
        chunk = self._content.read(min(_CHUNK_BYTES, self.left))
        if not chunk:
            raise StopIteration
        self.left -= len(chunk)
        return chunk

    def close(self) -> None:
        """Close the file."""
        self._content.close()
