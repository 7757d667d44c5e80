"""The public address: do all functions answer there, on one host, and could a frame show them?

Contract, addresses and cookies: a session's cookie belongs to one host, so all functions must be
reached under it. Each is asked what it must refuse, and known by its refusal.
"""

import json
import re
from dataclasses import dataclass

from doctor.finding import Checked, fail, ok
from shared import urls
from shared.config.settings import Settings
from shared.outbound import http_client
from shared.outbound.http_client import Answer

# A first request may have to wait for an instance to start.
ANSWER_SECONDS = 30.0
_MOST_BYTES = 100_000
_CODE = re.compile(r"[a-z_]{1,40}")
# Of the form of a session's handle; nobody's.
_HANDLE = "doctor-preflight-probe"


@dataclass(frozen=True, slots=True)
class _Probe:
    """An address below public_url and the code with which our function refuses."""

    path: str
    code: str


def forms(settings: Settings) -> list[Checked]:
    """What public_url by itself shows: run.app gives each function a host of its own.

    run.app is a public suffix (publicsuffix.org), so no cookie reaches from one to another.
    """
    if not re.fullmatch(r".*\.run\.app(?::[0-9]+)?", urls.authority(settings.public_url)):
        return []
    return [
        fail(
            "hosts_not_shared",
            "public_url is on run.app, where each function has a host of its own and no cookie "
            "reaches from one to another.",
            "Use REGION-PROJECT.cloudfunctions.net or a domain of your own behind a load "
            "balancer: docs/deploy.md, Which address.",
        )
    ]


def ask(settings: Settings) -> list[Checked]:
    """Ask every function at its address. Nothing is sent but the address and what is accepted."""
    launch = _Probe("/launch", "iss_missing")
    try:
        answer = _get(settings.public_url + launch.path)
    except http_client.OutboundError as error:
        title = f"{settings.public_url}/launch cannot be reached ({error})."
        fix = "Deploy the functions (docs/deploy.md) or start them (make serve); check the DNS "
        return [fail("public_url_unreachable", title, f"{fix}record and the certificate.")]
    others = [probe for probe in _others(settings) if not _is_answered(settings, probe)]
    missed = [launch] if not _is_ours(answer, launch) else []
    return [
        _reached(settings, answer, launch),
        _framed(answer),
        *_shared(settings, [*missed, *others]),
    ]


def answers(findings: list[Checked]) -> bool:
    """Whether `ask` has found all functions answering at the public address."""
    passed = {finding.id for finding in findings if finding.level == "ok"}
    return {"public_url_unreachable", "hosts_not_shared"} <= passed


def _others(settings: Settings) -> list[_Probe]:
    """The addresses of the other functions; the app's own page may be another's."""
    callbacks = sorted({ehr.redirect_path for ehr in settings.ehrs})
    probes = [_Probe(path, "state_missing") for path in callbacks]
    probes.append(_Probe(f"/fhir_proxy/{_HANDLE}/session", "session_missing"))
    if settings.after_launch.startswith("/smart_calc/"):
        probes.append(_Probe(f"/smart_calc/{_HANDLE}/", "session_missing"))
    if settings.cds_clients:
        # Discovery is open to all, so another function's 404 is told from it by this refusal.
        probes.append(
            _Probe("/cds_services/cds-services/calculators-patient-view", "method_not_allowed")
        )
    return probes


def _reached(settings: Settings, answer: Answer, probe: _Probe) -> Checked:
    address = settings.public_url + probe.path
    if _is_ours(answer, probe):
        return ok("public_url_unreachable", f"{address} is answered by launch.")
    code = _code(answer)
    said = code or "something other than our JSON"
    fix = "See what answers at public_url: it must be the function launch. "
    if answer.status == 403 and code is None:
        fix = "Let everyone call the functions: docs/deploy.md, Public invocation. "
    return fail(
        "public_url_unreachable",
        f"{address} answers {answer.status} with {said}; {probe.code} was expected.",
        f"{fix}With `misconfigured`, its SMART_CONFIG is not set.",
    )


def _framed(answer: Answer) -> Checked:
    header = "x-frame-options"
    if header not in answer.headers:
        return ok("public_url_frame_options", "Nothing on the way adds X-Frame-Options.")
    return fail(
        "public_url_frame_options",
        "Something between the browser and the functions adds X-Frame-Options, which leaves an "
        "EHR's frame blank.",
        "Take the header out of the load balancer's or gateway's response headers; the setting "
        "frame_ancestors says who may frame the app.",
    )


def _shared(settings: Settings, missed: list[_Probe]) -> list[Checked]:
    if not missed:
        if forms(settings):
            return []
        return [ok("hosts_not_shared", "All functions answer under public_url.")]
    return [
        fail(
            "hosts_not_shared",
            f"Not answered by our functions: {', '.join(probe.path for probe in missed)}.",
            "Lead these paths of public_url to the functions of the first part's name "
            "(docs/deploy.md, the load balancer's path rules), and deploy those that are missing.",
        )
    ]


def _is_answered(settings: Settings, probe: _Probe) -> bool:
    try:
        return _is_ours(_get(settings.public_url + probe.path), probe)
    except http_client.OutboundError:
        return False


def _is_ours(answer: Answer, probe: _Probe) -> bool:
    return _code(answer) == probe.code and "x-correlation-id" in answer.headers


def _get(url: str) -> Answer:
    # X-Smart-Proxy: the evidence that fhir_proxy asks of callers that are no browser.
    headers = {"Accept": "application/json", "X-Smart-Proxy": "1"}
    return http_client.send(
        "GET", url, seconds=ANSWER_SECONDS, max_bytes=_MOST_BYTES, headers=headers
    )


def _code(answer: Answer) -> str | None:
    """Our error code in problem+json or an OperationOutcome; None where there is none."""
    try:
        document = json.loads(answer.body)
        if document.get("resourceType") == "OperationOutcome":
            document = document["issue"][0]["details"]["coding"][0]
        code = document["code"]
    except (ValueError, RecursionError, AttributeError, LookupError, TypeError):
        return None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None
