"""cds_services: a CDS Hooks 2.0 service that returns cards from the calculators when a chart opens.

It has no sessions and no encryption keys. Its callers are EHRs, identified by their tokens.
"""

import gc

gc.disable()  # until entry_point.last

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import flask

from clinical import site_choice
from clinical.calculators.registry import DEFAULT_CARDS
from clinical.cards import Card, of_chart
from clinical.chart.observations import local_codes
from clinical.clock import Clock
from shared import held_bytes, log
from shared.config import issuers, settings_file
from shared.config.settings import Ehr, Settings
from shared.errors import MethodNotAllowed, NotFound
from shared.inbound import entry_point, json_body, request_body
from shared.inbound.departed import stop_if_gone
from shared.inbound.edge import Call, Edge, Reply
from shared.oidc import key_files
from shared.oidc.keys import Keys
from shared.store import open_store

from . import cards, chart_reading, cors, discovery, feedback, hook_call, prefetch
from .caller import Verifier
from .chart_reading import HookChart
from .discovery import DISCOVERY_PATH, FEEDBACK_PATH, SERVICE_PATH

_METHODS: Mapping[str, str] = {DISCOVERY_PATH: "GET", SERVICE_PATH: "POST", FEEDBACK_PATH: "POST"}
_JSON = {"Content-Type": "application/json"}


def _start(settings: Settings) -> Verifier:
    """Return the verifier of calls. Exits if a key file can't be used."""
    files, problems = key_files.resolve(settings)
    if problems:
        settings_file.stop(problems)
    return Verifier(settings, files, Keys(), open_store(settings.store), time.time)


held_bytes.give_memory_back()
_settings = settings_file.from_environment(site_choice.problems)
if _settings:
    _settings = issuers.resolve(_settings)
    _verifier = _start(_settings)


def _edge(request: flask.Request) -> Edge:
    allowed = cors.headers(_settings, request.headers.get("Origin"), request.method)
    return Edge("cds_services", "operation_outcome", "cds_refused", headers=allowed)


def _serve(settings: Settings, call: Call) -> Reply:
    method = _METHODS.get(call.path)
    if method is None:
        raise NotFound
    if call.method == "OPTIONS" and cors.may_call(settings, call.headers.get("Origin")):
        return Reply(204)
    if call.method != method:
        raise MethodNotAllowed(allow=method)
    if call.path == DISCOVERY_PATH:
        return _as_json(discovery.document())
    service = f"{settings.public_url}/cds_services{SERVICE_PATH}"
    audiences = {service, f"{service}/feedback"} if call.path == FEEDBACK_PATH else {service}
    ehr = _verifier.verify(call.headers.get("Authorization"), frozenset(audiences))
    log.about(ehr=ehr.key)
    if call.path == FEEDBACK_PATH:
        return _feedback(call)
    return _cards(settings, call, ehr)


def _cards(settings: Settings, call: Call, ehr: Ehr) -> Reply:
    body = json_body.content(call.headers, call.body, request_body.MAX_BYTES)
    try:
        sent = _cards_of(settings, body, ehr)
    except RecursionError:
        raise hook_call.refused("The body", "is nested too deeply") from None
    return _as_json({"cards": sent})


def _cards_of(settings: Settings, body: bytes, ehr: Ehr) -> list[dict[str, Any]]:
    hook = hook_call.read(hook_call.document(body), settings, ehr)
    unproved = prefetch.require_one_patient(hook.prefetch, hook.patient, hook.fhir_base, body)
    if not hook.for_clinician:
        _log("no cards: the user is not a clinician")
        return []
    stop_if_gone()
    reading = chart_reading.read(hook, ehr, datetime.now(UTC), unproved)
    stop_if_gone()
    clock = Clock(reading.now)
    app = ehr.app
    off = frozenset(app.calculators_off)
    chosen = DEFAULT_CARDS if app.cards is None else frozenset(app.cards)
    cards_or_reasons = of_chart(reading.chart, clock.now, off, chosen)
    shown = [one for one in cards_or_reasons if isinstance(one, Card)]
    sent = [cards.of(one, clock, settings.public_url, ehr.launch_path) for one in shown]
    _log("cards sent" if sent else "no cards: no result needs one", reading, shown, sent)
    return sent


def _log(
    message: str,
    reading: HookChart | None = None,
    shown: Sequence[Card] = (),
    sent: Sequence[Mapping[str, Any]] = (),
) -> None:
    codes = local_codes(reading.chart.entries) if reading else []
    log.event(
        "cds_answered",
        message,
        fields={
            "calculators": [f"{one.calculator.name} {one.on_card.urgency}" for one in shown],
            "cards": [one["uuid"] for one in sent],
            "prefetched": list(reading.prefetched) if reading else [],
            "read": list(reading.fetched) if reading else [],
            "missing": list(reading.incomplete) if reading else [],
            "unclassified": _unclassified(reading) if reading else {},
            **({"local_codes": codes} if codes else {}),
        },
    )


def _unclassified(reading: HookChart) -> dict[str, int]:
    """Return the number of unclassified entries, never their text."""
    chart = reading.chart
    return {"problems": len(chart.problems.unclassified), "drugs": len(chart.drugs.unclassified)}


def _feedback(call: Call) -> Reply:
    body = json_body.content(call.headers, call.body, feedback.MAX_BYTES)
    feedback.note(feedback.read(hook_call.document(body)))
    return _as_json({})


def _as_json(document: Mapping[str, Any]) -> Reply:
    return Reply(200, _JSON, json.dumps(document).encode())


cds_services = entry_point.last(_edge, _settings, _serve)
