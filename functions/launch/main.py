"""launch: `iss` + `launch` -> discovery -> a pending launch -> redirect to the EHR login.

SMART App Launch 2.2, steps 2 to 4.
"""

import gc

gc.disable()  # until entry_point.last

import time
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from shared import log, pages
from shared.config import issuers, settings_file
from shared.config.settings import LAUNCH_PATH, Ehr, Settings
from shared.errors import CodedError, MethodNotAllowed, Misconfigured, NotANavigation, NotFound
from shared.inbound import cookies, entry_point
from shared.inbound.edge import Call, Edge, Reply
from shared.inbound.refusal import Refusal
from shared.smart import launches
from shared.smart.discovery import Discovery, SmartConfiguration
from shared.store import open_store

from . import jwks, parameters
from .parameters import Choice, LaunchRequest

_TEMPLATES = Path(__file__).parent / "templates"
_NAVIGATIONS = frozenset({"document", "iframe", "frame"})
_SUBMIT = "document.forms[0].submit();"

_settings = settings_file.from_environment()
if _settings:
    _settings = issuers.resolve(_settings)
    _store = open_store(_settings.store)
    _jwks = jwks.load(_settings)
_discovery = Discovery()


def _serve(settings: Settings, call: Call) -> Reply | Refusal:
    if call.path == "/jwks.json":
        return jwks.serve(call, _jwks)
    path = LAUNCH_PATH if call.path == "/" else LAUNCH_PATH + call.path
    if path not in {LAUNCH_PATH, *(ehr.launch_path for ehr in settings.ehrs)}:
        raise NotFound
    if call.method != "GET":
        raise MethodNotAllowed(allow="GET")
    if "prefetch" in call.headers.get("Sec-Purpose", ""):
        return Reply(204)
    # Otherwise an <img> on any page could start launches and evict other launches' cookies.
    if call.headers.get("Sec-Fetch-Dest", "document") not in _NAVIGATIONS:
        raise NotANavigation
    launch_request = parameters.read(call, settings, path)
    log.about(ehr=launch_request.ehr.key)
    if isinstance(launch_request, Choice):
        from . import chooser  # most registrations have no such page

        return chooser.serve(settings, launch_request.ehr, launch_request.find)
    try:
        return _start(settings, call, launch_request)
    except CodedError as error:
        again = launch_request.ehr.standalone_launch(launch_request.fhir_base)
        return Refusal.of(error, standalone=again if launch_request.launch is None else None)


def _start(settings: Settings, call: Call, launch_request: LaunchRequest) -> Reply:
    configuration = _discovery.find(launch_request.ehr, launch_request.fhir_base)
    if not configuration.takes(launch_request.ehr.client_auth):
        raise _unsupported_method(launch_request.ehr, configuration)
    started = launches.begin(
        _store,
        settings,
        launch_request.ehr,
        configuration,
        iss=launch_request.iss,
        fhir_base=launch_request.fhir_base,
        launch=launch_request.launch,
        now=time.time(),
    )
    log.about(launch=started.mark)
    kind = "standalone launch" if launch_request.launch is None else "EHR launch"
    log.event("launch_started", kind)
    age = max(1, int(settings.launch_seconds))
    set_cookies = (
        *map(cookies.clear_cookie, launches.evicted_cookies(call.cookies)),
        cookies.set_cookie(started.cookie_name, started.cookie_value, age),
    )
    if started.form is None:
        return Reply(302, {"Location": started.authorization_url}, cookies=set_cookies)
    return _auto_submit_page(settings, started.authorization_url, started.form, set_cookies)


def _unsupported_method(ehr: Ehr, configuration: SmartConfiguration) -> Misconfigured:
    listed = ", ".join(configuration.auth_methods or ())
    return Misconfigured(
        "The app's registration doesn't match what the EHR supports.",
        why=f"The app would authenticate with {ehr.client_auth}, but the EHR doesn't list this "
        "method in token_endpoint_auth_methods_supported and doesn't advertise a capability "
        "for it. The app doesn't try a weaker method instead.",
        steps=(
            (
                f"In the [[ehr]] entry {ehr.key}, set `client_auth` to the method that the app "
                "is registered with at the EHR."
            ),
        ),
        evidence={"client_auth": ehr.client_auth, "listed": listed[:500]},
    )


def _auto_submit_page(
    settings: Settings, action: str, form: Mapping[str, str], set_cookies: tuple[str, ...]
) -> Reply:
    """Return a page whose form posts the authorization request as soon as the page is shown.

    In some browsers, `form-action` also applies to the redirects that follow, which lead to unknown
    hosts of the EHR login, and back to this app.
    """
    page = pages.render(
        "authorize.html",
        _TEMPLATES,
        action=action,
        form=form,
        script=Markup(_SUBMIT),  # noqa: S704 - a constant
    )
    scheme, _, rest = action.partition("://")
    allowed = f"{scheme}://{rest.partition('/')[0].partition('?')[0]} {settings.public_url} https:"
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        **pages.content_security_policy(settings.frame_ancestors, _SUBMIT, allowed),
    }
    return Reply(200, headers, page.encode(), set_cookies)


launch = entry_point.last(Edge("launch", "page", "launch_refused"), _settings, _serve)
