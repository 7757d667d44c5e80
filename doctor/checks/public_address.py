"""Checks the public URL: whether all functions respond there, on one host, and whether the response
allows framing.

A session's cookie belongs to one host, so all functions must be on that host. Sends each function a
request that it must reject and identifies it by the rejection.
"""

import json
import re
from dataclasses import dataclass

from doctor.finding import Checked, fail, ok
from shared import urls
from shared.config.settings import LAUNCH_PATH, Settings
from shared.outbound import http_client
from shared.outbound.http_client import Answer

# The first request may have to wait for an instance to start.
RESPONSE_SECONDS = 30.0
_MOST_BYTES = 100_000
_CODE = re.compile(r"[a-z_]{1,40}")
# Has the form of a session's handle, but belongs to no session.
_HANDLE = "doctor-preflight-probe"


@dataclass(frozen=True, slots=True)
class _Probe:
    """A path below public_url, and the error code of the function's rejection."""

    path: str
    code: str


def forms(settings: Settings) -> list[Checked]:
    """Check the form of public_url: run.app gives each function its own host.

    run.app is a public suffix (publicsuffix.org), so these hosts can't share cookies.
    """
    if not re.fullmatch(r".*\.run\.app(?::[0-9]+)?", urls.authority(settings.public_url)):
        return []
    return [
        fail(
            "hosts_not_shared",
            "public_url is on run.app, where each function has its own host, and these hosts can't "
            "share cookies.",
            "Use REGION-PROJECT.cloudfunctions.net, or your own domain with a load balancer "
            "(docs/domain.md, Which address).",
        )
    ]


def call(settings: Settings) -> list[Checked]:
    """Call every function at its URL, with only fixed headers."""
    launch = _Probe(LAUNCH_PATH, "iss_missing")
    try:
        answer = _get(settings.public_url + launch.path)
    except http_client.OutboundError as error:
        title = f"{settings.public_url}/launch can't be reached ({error})."
        fix = "Deploy the functions (docs/deploy.md) or start them (`make serve`). Check the DNS "
        return [fail("public_url_unreachable", title, f"{fix}record and the certificate.")]
    others = [probe for probe in _others(settings) if not _responds(settings, probe)]
    missed = [launch] if not _is_ours(answer, launch) else []
    return [
        _reached(settings, answer, launch),
        _framed(answer),
        *_shared(settings, [*missed, *others]),
    ]


def responds(findings: list[Checked]) -> bool:
    """Return whether all functions responded to `call` at the public URL."""
    passed = {finding.id for finding in findings if finding.level == "ok"}
    return {"public_url_unreachable", "hosts_not_shared"} <= passed


def _others(settings: Settings) -> list[_Probe]:
    """Return the probes of the other functions, without smart_calc if launches end elsewhere."""
    callbacks = sorted({ehr.redirect_path for ehr in settings.ehrs})
    probes = [_Probe(path, "state_missing") for path in callbacks]
    paths = sorted({ehr.launch_path for ehr in settings.ehrs} - {LAUNCH_PATH})
    probes += [_Probe(path, "iss_missing") for path in paths]
    probes.append(_Probe(f"/fhir_proxy/{_HANDLE}/session", "session_missing"))
    if any(ehr.app.after_launch.startswith("/smart_calc/") for ehr in settings.ehrs):
        probes.append(_Probe(f"/smart_calc/{_HANDLE}/", "session_missing"))
    if settings.cds_clients:
        # Discovery doesn't reject anyone, so use a call that this function must reject.
        probes.append(
            _Probe("/cds_services/cds-services/calculators-patient-view", "method_not_allowed")
        )
    return probes


def _reached(settings: Settings, answer: Answer, probe: _Probe) -> Checked:
    address = settings.public_url + probe.path
    if _is_ours(answer, probe):
        return ok("public_url_unreachable", f"{address} reaches the launch function.")
    code = _code(answer)
    received = code or "a body that isn't this app's JSON"
    fix = "Check the server at public_url: the launch function must respond there. "
    if answer.status == 403 and code is None:
        fix = "Allow public calls to the functions (docs/organization.md, Public invocation). "
    return fail(
        "public_url_unreachable",
        f"{address} returned {answer.status} with {received}, but {probe.code} was expected.",
        f"{fix}If the code is `misconfigured`, the function's SMART_CONFIG isn't set.",
    )


def _framed(answer: Answer) -> Checked:
    header = "x-frame-options"
    if header not in answer.headers:
        return ok("public_url_frame_options", "No proxy adds X-Frame-Options.")
    return fail(
        "public_url_frame_options",
        "Something between the browser and the functions adds X-Frame-Options, which makes the "
        "EHR's iframe blank.",
        "Remove the header from the load balancer's or gateway's response headers. The setting "
        "`frame_ancestors` controls which sites may frame the app.",
    )


def _shared(settings: Settings, missed: list[_Probe]) -> list[Checked]:
    if not missed:
        if forms(settings):
            return []
        return [ok("hosts_not_shared", "All functions respond under public_url.")]
    return [
        fail(
            "hosts_not_shared",
            "These paths don't reach the app's functions: "
            f"{', '.join(probe.path for probe in missed)}.",
            "Route each path to the function that its first segment names (docs/domain.md, the "
            "load balancer's path rules), and deploy missing functions.",
        )
    ]


def _responds(settings: Settings, probe: _Probe) -> bool:
    try:
        return _is_ours(_get(settings.public_url + probe.path), probe)
    except http_client.OutboundError:
        return False


def _is_ours(answer: Answer, probe: _Probe) -> bool:
    return _code(answer) == probe.code and "x-correlation-id" in answer.headers


def _get(url: str) -> Answer:
    # fhir_proxy requires X-Smart-Proxy from callers that aren't browsers.
    headers = {"Accept": "application/json", "X-Smart-Proxy": "1"}
    return http_client.send(
        "GET", url, seconds=RESPONSE_SECONDS, max_bytes=_MOST_BYTES, headers=headers
    )


def _code(answer: Answer) -> str | None:
    """Return this app's error code from problem+json or an OperationOutcome, or None."""
    try:
        document = json.loads(answer.body)
        if document.get("resourceType") == "OperationOutcome":
            document = document["issue"][0]["details"]["coding"][0]
        code = document["code"]
    except (ValueError, RecursionError, AttributeError, LookupError, TypeError):
        return None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None
