"""The pages of the local gateway itself: what runs, where to launch, an error explained, documents,
and the page of your own that PAGE names.

For this machine only; nothing of it is deployed. A pasted error comes by POST, so that it stands in
no address and no log. It is searched as text and stays in the box, with codes and tokens masked.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode

from gateway import blocked, documents, own_page
from shared import explain, pages, urls
from shared.config.settings import Ehr, Settings
from shared.errors import MethodNotAllowed, NotFound
from shared.explain import Diagnosis
from shared.inbound.edge import Call, Reply

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_PASTED = 100_000
_PATIENT = "synthetic-alma"
_page_folder = own_page.folder()


def serve(settings: Settings, call: Call) -> Reply:
    """The pages at `/`, `/explain` and `/docs/`, your own at `/app/`; 404 for everything else."""
    if _page_folder is not None and own_page.is_at(call.path):
        return own_page.serve(settings, call, _page_folder)
    if _page_folder is not None and call.path == blocked.PATH:
        return blocked.take(settings, call)
    if call.path == "/explain":
        return _explained(settings, call)
    document = call.path.removeprefix("/docs/") if call.path.startswith("/docs/") else None
    if document is not None:
        return _document(settings, call, document)
    if call.path != "/":
        raise NotFound
    if call.method != "GET":
        raise MethodNotAllowed(allow="GET")
    return _page("gateway.html", settings, call, **_front(settings))


def _front(settings: Settings) -> Mapping[str, object]:
    simulated = os.environ.get("EHR_BASE_URL")
    return {
        "ehr": simulated,
        "launches": [] if simulated is None else _launches(settings, simulated),
        "public_url": settings.public_url,
        "ehrs": settings.ehrs,
        "own_page": _page_folder,
        "after_launch": settings.after_launch,
    }


def _launches(settings: Settings, simulated: str) -> list[tuple[str, str]]:
    """A launch from the first chart of each simulated EHR, and one that the app begins itself."""
    links = []
    for one in settings.ehrs:
        path = one.iss[0].removeprefix(simulated).split("/")[1]
        query = {"patient": _PATIENT, "client": one.client_id, "user": "clara", "in": "tab"}
        links.append((f"{one.name}: from a chart", f"{simulated}/{path}/start?{urlencode(query)}"))
    links += [
        (f"{one.name}: standalone", f"{settings.public_url}/launch?ehr={one.key}")
        for one in settings.ehrs
        if one.standalone
    ]
    return links


def _explained(settings: Settings, call: Call) -> Reply:
    """What a pasted error means."""
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
    ids = _support(diagnosis) if diagnosis is not None else []
    # So that more can be added to it and explained together.
    kept = explain.harmless(text)
    return _page("explained.html", settings, call, diagnosis=diagnosis, support=ids, pasted=kept)


def _support(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """What the EHR's support finds the failure by: ids and codes, no words of others."""
    said = diagnosis.said
    known = (
        ("Error", said.urn or said.oauth_error),
        ("Instance or correlation id", said.instance),
        ("Client id that the EHR saw", said.client),
        ("Tenant", said.tenant),
    )
    return [(label, value) for label, value in known if value]


def _may_be_about(ehr: Ehr, text: str) -> bool:
    """Whether a text can be about a registration. Of the simulated EHRs only what names one is: a
    post about a vendor's real EHR has nothing to do with the simulated one.
    """
    simulated = "EHR_BASE_URL" in os.environ
    signs = (ehr.client_id, *ehr.iss, *(quote(base, safe="") for base in ehr.iss))
    return not simulated or any(sign in text for sign in signs)


def _document(settings: Settings, call: Call, name: str) -> Reply:
    """A page of the documentation."""
    if name not in documents.names():
        raise NotFound
    return _page("document.html", settings, call, name=name, text=documents.linked(name))


def _page(template: str, settings: Settings, call: Call, **values: object) -> Reply:
    page = pages.render(template, _TEMPLATES, other_name=_other_name(settings, call), **values)
    policy = pages.content_security_policy((), form_action="'self'")
    headers = {"Content-Type": "text/html; charset=utf-8", **policy}
    return Reply(200, headers, page.encode(), compressible=True)


def _other_name(settings: Settings, call: Call) -> str | None:
    """public_url, where this page was opened at another address: cookies and redirect URIs belong
    to the one name. Host is only shown a remark by, never believed.
    """
    host = call.headers.get("Host", "")
    return None if host == urls.authority(settings.public_url) else settings.public_url
