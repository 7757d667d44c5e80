"""fhir_proxy: the EHR's FHIR API for the app. The access token never reaches the browser.

The order of checks is: method, caller, path, session, form, scope and patient, then the EHR.
docs/proxy.md lists the supported requests.
"""

import gc

gc.disable()  # until entry_point.last

import errno
import json
import time
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

from shared import held_bytes, log, outcome
from shared.config import settings_file
from shared.config.settings import Settings
from shared.errors import CodedError, MethodNotAllowed, NotFound, ParameterInvalid, PathInvalid
from shared.fhir.access import Access, of_session
from shared.fhir.calls import served
from shared.fhir.calls.served import Served
from shared.fhir.fhir_client import FhirAnswer, FhirBytes
from shared.fhir.policy import answers, asking, content
from shared.fhir.policy.finer_scopes import Parameters
from shared.fhir.policy.interactions import Address
from shared.inbound import cookies, edge, entry_point
from shared.inbound.edge import Call, Edge, Reply
from shared.inbound.spliced import Spliced
from shared.session import context, deployment

from . import binary, response_headers, rewrite
from .address import ProxyAddress, is_foreign, parse_address

MOST_PARAMETERS = 200

held_bytes.give_memory_back()
_settings = settings_file.from_environment()
if _settings:
    _running = deployment.start(_settings)


def _serve(settings: Settings, call: Call) -> Reply:
    if is_foreign(call.path):
        raise NotFound
    # RFC 9110 9.3.2: handled like GET. The server omits the body.
    method = "GET" if call.method == "HEAD" else call.method
    address = parse_address(method, call.path, call.headers)
    if isinstance(address, MethodNotAllowed):
        raise address
    edge.require_own_origin(call, settings)
    if isinstance(address, PathInvalid):
        raise address
    is_ours = address.interaction.answer == "ours"
    if is_ours and address.method == "DELETE":
        return _log_out(address.handle, call)
    active = _running.sessions.use(address.handle, call.cookies)
    if is_ours:
        body = json.dumps(
            context.describe(active.session, active.ehr.vendor, settings.public_url)
        ).encode()
        return Reply(200, {"Content-Type": "application/json"}, body)
    access = of_session(active)
    parameters = _parameters(call, address)
    accepted_types = binary.accepted(address, parameters, call.headers)
    if not accepted_types:
        edge.require_json_accepted(call)
    proxy_base = f"{settings.public_url}/fhir_proxy/{address.handle}"
    if address.is_write:
        return _write(call, address, parameters, access, proxy_base)
    if accepted_types:
        return _binary(call, address, parameters, access, accepted_types)
    links = rewrite.PageLinks(
        access,
        active.session.secret,
        _running.sealer,
        address.path if address.id else address.type,
        proxy_base,
    )
    return _read(call, address, parameters, access, links)


def _write(
    call: Call, address: ProxyAddress, parameters: Parameters, access: Access, proxy_base: str
) -> Reply:
    content.require_media_type(address, call.headers)
    result = served.change(address, parameters, call.body, access, call.headers)
    fhir_base = access.fhir_base
    places = response_headers.locations(result.answer.headers, address, fhir_base, proxy_base)
    return _answered(result, access, result.answer.body, places)


def _binary(
    call: Call,
    address: Address,
    parameters: Parameters,
    access: Access,
    accepted_types: tuple[str, ...],
) -> Reply:
    with served.explained(access):
        decision = asking.decide(address, parameters, access, access.grants)
    started = time.monotonic()
    answer = binary.read(accepted_types, decision, access, call.headers)
    if isinstance(answer, FhirAnswer):
        answers.check(answer, decision)
        return _answered(Served(decision, answer, started), access, answer.body)
    served.log_line(address, 200, started, answer.ehr_ids)
    headers = {**binary.content_headers(answer), **response_headers.passed_on(answer.headers)}
    return Reply(200, headers, _unbroken(answer))


def _unbroken(answer: FhirBytes) -> Iterator[bytes]:
    """Yield the content. If it ends early, break the connection to the browser too."""
    try:
        yield from answer.chunks
    except CodedError as error:
        log.event("fhir_request", str(error), severity="ERROR", code=error.code)
        # The server treats this as a disconnected client: it closes the connection without the end
        # of a complete response.
        raise ConnectionResetError(errno.ECONNRESET, "broke off") from None


def _read(
    call: Call,
    address: ProxyAddress,
    parameters: Parameters,
    access: Access,
    links: rewrite.PageLinks,
) -> Reply:
    paged = address.interaction.is_paged
    if paged and any(name == rewrite.PAGE_PARAMETER for name, _ in parameters):
        if len(parameters) != 1:
            raise ParameterInvalid("A page link doesn't accept additional parameters.")
        link = links.open(parameters[0][1])
        result = served.fetch_next_page(
            address, link.url, access, link.level, must_show=link.must_show
        )
    else:
        result = served.fetch(address, parameters, access, call.headers)
    answer, decision = result.answer, result.decision
    body: bytes | Spliced = answer.body
    if paged and answer.status == 200:
        body = links.rewritten(
            answer.body, decision.level, must_show=decision.must_show, known=answer.accepted
        )
    if address.interaction.answer == "CapabilityStatement" and answer.status == 200:
        body = rewrite.named_here(answer.resource, answer.body, links.proxy_base)
    changed = rewrite.stamp(answer.body, body, "page links" if paged else "addresses")
    return _answered(result, access, body, changed)


def _answered(
    result: Served,
    access: Access,
    body: bytes | Spliced,
    more: Mapping[str, str] | None = None,
) -> Reply:
    served.log_answer(result, access)
    attached = binary.ATTACHMENT if result.decision.address.type == "Binary" else {}
    headers = {
        "Content-Type": outcome.MEDIA_TYPE,
        **attached,
        **response_headers.passed_on(result.answer.headers),
        **(more or {}),
    }
    return Reply(result.answer.status, headers, body)


def _log_out(handle: str, call: Call) -> Reply:
    _running.sessions.end(handle, call.cookies)
    return Reply(204, cookies=(cookies.clear_cookie(cookies.session_name(handle)),))


def _parameters(call: Call, address: Address) -> Parameters:
    """Return the search parameters of query and form together, which are serialized again for the
    EHR.
    """
    # WSGI strings are bytes as latin-1 (PEP 3333).
    raw = call.query().encode("latin-1")
    if address.interaction.body == "form":
        content.require_media_type(address, call.headers)
        raw = b"&".join(filter(None, (raw, call.body())))
    try:
        parsed = parse_qsl(
            raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except ValueError:
        raise ParameterInvalid("The search parameters can't be read.") from None
    return tuple(parsed)


_edge = Edge(
    "fhir_proxy",
    "operation_outcome",
    refused="fhir_denied",
    failed="fhir_request",
    headers={"Content-Security-Policy": "default-src 'none'; sandbox"},
)
fhir_proxy = entry_point.last(_edge, _settings, _serve)
