"""Logs one line for each violation of your own page's Content-Security-Policy.

Content Security Policy Level 3, 5 (reports) and 6.5 (`report-to`, `report-uri`); Reporting API 4.1.

Only the browser knows what a policy blocked, and shows it only in its console. So on localhost, the
page's policy requests reports. URLs in reports can contain the session's handle or a patient's id,
so the log has only their scheme and host, and the path if it's a file of the page.
"""

import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from shared import json_members, log, urls
from shared.config.settings import Settings
from shared.errors import CrossSite, MediaTypeUnsupported, MethodNotAllowed, NotFound
from shared.inbound.edge import Call, Reply

PATH = "/csp-reports"
_GROUP = "page"
_MOST_BYTES = 200_000
_MOST_REPORTS = 100
_MOST_LINES = 500
_LONGEST = 120
# A script on another site can't send these without a preflight (Fetch, CORS-safelisted headers).
# Browsers send another site's policy reports without a preflight; `Sec-Fetch-Site` detects those.
_KINDS = frozenset({"application/reports+json", "application/csp-report"})
_WORDS = {
    "inline": "an inline script, handler or style",
    "eval": "eval() or similar",
    "wasm-eval": "WebAssembly",
    "data": "a data: URL",
    "blob": "a blob: URL",
}
# The Reporting API's names, with the older names that `report-uri` uses.
_FORMER = {
    "effectiveDirective": "effective-directive",
    "blockedURL": "blocked-uri",
    "sourceFile": "source-file",
    "documentURL": "document-uri",
    "lineNumber": "line-number",
}
_PAGE_FILE = re.compile(r"/app/(?:[A-Za-z0-9._/-]*\.[A-Za-z][A-Za-z0-9]{1,11})?")
_NO_HOST = re.compile(r"[a-z][a-z-]{0,30}")  # a URL scheme or a CSP keyword
_logged: set[str] = set()


def policies(settings: Settings, policy: str) -> Mapping[str, str]:
    """Return the headers with the page's policy; on localhost, it also requests reports."""
    if not urls.is_local(settings.public_url):
        return {"Content-Security-Policy": policy}
    # Chromium sends `report-to` reports only over https, and ignores `report-uri` in a policy with
    # `report-to`. So a second, report-only header has the same policy.
    return {
        "Content-Security-Policy": f"{policy}; report-to {_GROUP}",
        "Content-Security-Policy-Report-Only": f"{policy}; report-uri {PATH}",
        "Reporting-Endpoints": f'{_GROUP}="{PATH}"',
    }


def page_opened() -> None:
    """Forget the logged lines, so that a reloaded page logs its lines again."""
    _logged.clear()


def receive(settings: Settings, call: Call) -> Reply:
    """Log one line for each report about your own page, without repeating a line."""
    if not urls.is_local(settings.public_url):
        raise NotFound
    if call.method != "POST":
        raise MethodNotAllowed(allow="POST")
    if call.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise CrossSite
    if call.headers.get("Content-Type", "").partition(";")[0].strip().lower() not in _KINDS:
        raise MediaTypeUnsupported
    for report in _reports(call.body(_MOST_BYTES)):
        line = _line(report, settings.public_url)
        if line not in _logged and len(_logged) < _MOST_LINES:
            _logged.add(line)
            log.event("page_blocked", line, severity="WARNING")
    return Reply(204)


def _reports(body: bytes) -> Iterator[Mapping[str, object]]:
    """Yield the reports in a body, with the names of the Reporting API."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    listed = document if isinstance(document, list) else [document]
    for one in json_members.objects(listed)[:_MOST_REPORTS]:
        if one.get("type") == "csp-violation":
            yield json_members.fields(one.get("body"))
        elif "csp-report" in one:
            old = json_members.fields(one["csp-report"])
            yield {name: old.get(former) for name, former in _FORMER.items()}


def _line(report: Mapping[str, object], own: str) -> str:
    text = {name: json_members.text(report.get(name)) for name in _FORMER}
    blocked = _WORDS.get(text["blockedURL"]) or _bare(text["blockedURL"], own)
    where, number = _bare(text["sourceFile"] or text["documentURL"], own), report.get("lineNumber")
    if isinstance(number, int) and number > 0:
        where += f", line {number}"
    directive = re.sub(r"[^a-z-]", "", text["effectiveDirective"])[:_LONGEST]
    return f"The page's policy ({directive}) blocked {blocked} at {where}. See docs/own-app.md."


def _bare(url: str, own: str) -> str:
    """Return the scheme and host of a URL, plus the path if it's a file of your own page."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "a malformed URL"
    if not host:
        word = parts.scheme or parts.path
        return f"{word}:" if _NO_HOST.fullmatch(word) else "a malformed URL"
    origin = f"{parts.scheme}://{host}"
    bare = origin + parts.path if origin == own and _PAGE_FILE.fullmatch(parts.path) else origin
    return "".join(one for one in bare if one.isprintable())[:_LONGEST]
