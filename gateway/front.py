"""The local gateway's pages: the start page with launch links, error explanations, documents, and
your own page in the folder PAGE.

They're only for this machine and never deployed. A pasted error is sent in a POST body, so that
it isn't in any URL or log. It stays in the text box, with codes and tokens masked.
"""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode

from gateway import blocked, documents, failures, own_page
from infra import project
from shared import explain, pages, urls
from shared.config.settings import LAUNCH_PATH, Ehr, Settings
from shared.errors import MethodNotAllowed, NotFound
from shared.explain import Diagnosis
from shared.inbound.edge import Call, Reply

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_PASTED = 1_000_000
# The first chart of the simulated EHR: the patient's id and name.
_PATIENT, _NAME = "synthetic-alma", "Alma Testpatient"
_page_folder = own_page.folder()


def serve(settings: Settings, call: Call) -> Reply:
    """Serve `/`, `/explain`, `/docs/` and your own page at `/app/`; return 404 for other paths."""
    if _page_folder is not None and own_page.is_at(call.path):
        return own_page.serve(settings, call, _page_folder)
    if _page_folder is not None and call.path == blocked.PATH:
        return blocked.receive(settings, call)
    if call.path.startswith(failures.PATH):
        return failures.page(call.path)
    if call.path == "/explain":
        return _explained(settings, call)
    if call.path == "/docs":
        return Reply(308, {"Location": "/docs/"})
    if call.path.startswith("/docs/"):
        return _document(settings, call, call.path.removeprefix("/docs/") or "README.md")
    if call.path != "/":
        raise NotFound
    if call.method not in {"GET", "HEAD"}:
        raise MethodNotAllowed(allow="GET, HEAD")
    return _page("gateway.html", settings, call, **_front(settings))


def _front(settings: Settings) -> Mapping[str, object]:
    simulated = os.environ.get("EHR_BASE_URL")
    return {
        "ehr": simulated,
        "launches": [] if simulated is None else _launches(settings, simulated),
        "public_url": settings.public_url,
        "ehrs": settings.ehrs,
        "own_page": _page_folder,
        "launch_urls": _launch_urls(settings),
        "after_launch": dict.fromkeys(one.app.after_launch for one in settings.ehrs),
    }


def _launch_urls(settings: Settings) -> Mapping[str, str]:
    """Return the launch URLs to register, each with the name of the entry if it's only for it."""
    names = {one.launch_path: one.name for one in settings.ehrs if one.launch_path != LAUNCH_PATH}
    shared = len(names) < len(settings.ehrs)
    paths = {**({LAUNCH_PATH: ""} if shared else {}), **names}
    return {settings.public_url + path: name for path, name in paths.items()}


def _launches(settings: Settings, simulated: str) -> list[tuple[str, str]]:
    """Return links for a launch from a chart of each simulated EHR, and for standalone launches."""
    links = []
    for one in settings.ehrs:
        path = one.iss[0].removeprefix(simulated).split("/")[1]
        query = {"patient": _PATIENT, "client": one.client_id, "user": "clara", "in": "tab"}
        url = f"{simulated}/{path}/start?{urlencode(query)}"
        links.append((f"{one.name}: the chart of {_NAME}", url))
    links += [
        (f"{one.name}: standalone", f"{settings.public_url}/launch?ehr={one.key}")
        for one in settings.ehrs
        if one.standalone
    ]
    return links


def _explained(settings: Settings, call: Call) -> Reply:
    """Explain a pasted error."""
    if call.method not in {"GET", "POST"}:
        raise MethodNotAllowed(allow="GET, POST")
    diagnosis: Diagnosis | None = None
    text = ""
    if call.method == "POST":
        form = call.body(_MOST_PASTED).decode("utf-8", "replace")
        text = parse_qs(form, max_num_fields=5).get("text", [""])[0]
        registered = [
            explain.registered(one, settings.public_url)
            for one in settings.ehrs
            if _may_be_about(one, text)
        ]
        diagnosis = explain.diagnose(explain.parse(text), None, registered)
    support = _support(diagnosis) if diagnosis is not None else []
    # Keep the text, so that the user can add more and get a combined explanation.
    masked = explain.harmless(text)
    return _page(
        "explained.html", settings, call, diagnosis=diagnosis, support=support, pasted=masked
    )


def _support(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """Return the ids and codes for the EHR's support, without untrusted text."""
    message = diagnosis.message
    ids = (
        ("Error", message.urn or message.oauth_error),
        ("Instance or correlation id", message.instance),
        ("Client ID that the EHR saw", message.client),
        ("Tenant", message.tenant),
    )
    return [(label, value) for label, value in ids if value]


def _may_be_about(ehr: Ehr, text: str) -> bool:
    """Return whether a text may be about a registration.

    With simulated EHRs, the text must contain the registration's client id or URL, because a post
    about a real EHR isn't about the simulated one.
    """
    simulated = "EHR_BASE_URL" in os.environ
    signs = (ehr.client_id, *ehr.iss, *(quote(base, safe="") for base in ehr.iss))
    return not simulated or any(sign in text for sign in signs)


def _document(settings: Settings, call: Call, name: str) -> Reply:
    """Show a page of the documentation."""
    if name not in documents.names():
        raise NotFound
    document = documents.rendered(name)
    return _page("document.html", settings, call, _document_style(), document=document)


@cache
def _document_style() -> str:
    return pages.stylesheet(_TEMPLATES / "document.css")


def _page(
    template: str, settings: Settings, call: Call, own_style: str = "", /, **values: object
) -> Reply:
    values = {"other_name": _other_name(settings, call), "in_clone": project.IS_CLONE, **values}
    page = pages.render(template, _TEMPLATES, own_style, **values)
    policy = pages.content_security_policy((), form_action="'self'", own_style=own_style)
    headers = {"Content-Type": "text/html; charset=utf-8", **policy}
    return Reply(200, headers, page.encode(), compressible=True)


def _other_name(settings: Settings, call: Call) -> str | None:
    """Return public_url if this page was opened at another host.

    Cookies and redirect URIs work only at public_url. The Host header is used only for this note
    and never trusted.
    """
    host = call.headers.get("Host", "")
    return None if host == urls.authority(settings.public_url) else settings.public_url
