"""Requests cards from the registered CDS services when a chart opens (CDS Hooks 2.0, Calling a CDS
Service, FHIR Resource Access).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from simulator import trace
from simulator.cds import answer, http_client, request, templates, token
from simulator.cds.answer import Response
from simulator.cds.http_client import Answer
from simulator.cds.templates import Service, TemplateInvalidError
from simulator.cds.token import Audience, Caller
from simulator.cds_client.prefetch import Prefetching
from simulator.charts.users import CLINICIANS
from simulator.faults.named import Faults
from simulator.oauth.granted import Authorization, Issued, LaunchContext, Terms
from simulator.oauth.registrations import Registration
from simulator.oauth.scopes import parse_resource_scope
from simulator.trace import LaunchTrace
from simulator.vendors.installation import Installation

# A fault that tests the service's deadline must outlast it.
_HANGING = Faults("fhir-hang")


@dataclass(frozen=True, slots=True)
class CdsResult:
    """One call and its response; `service` is None if discovery failed."""

    service: str | None
    title: str
    response: Response


class Exchange:
    """The calls of one chart to the services of one app."""

    def __init__(
        self,
        ehr: Installation,
        client: Registration,
        patient: str,
        user: str,
        triggered: frozenset[str],
        launch_trace: LaunchTrace,
    ) -> None:
        self._ehr = ehr
        self._client = client
        self._base = client.cds_services or ""
        self._patient = patient
        self._user = user
        self._triggered = triggered
        self._launch_trace = launch_trace

    def results(self) -> list[CdsResult]:
        """Call each discovered service and read its cards; trace each check."""
        try:
            services = templates.services_of(self._discovered())
        except TemplateInvalidError as error:
            trace.note("wrong", "discovery", str(error))
            return [self._without_service(f"discovery failed: {error}")]
        if not services:
            trace.note("wrong", "discovery", f"no service for the hook {templates.HOOK}")
            return [self._without_service(f"discovery lists no {templates.HOOK} service")]
        return [self._result(one) for one in services]

    def _result(self, service: Service) -> CdsResult:
        keys = ", ".join(service.prefetch) or "nothing"
        trace.note("right", "discovery", f"{service.id}; prefetch: {keys}")
        url = f"{self._base}/cds-services/{service.id}"
        response = answer.read(self._call(url, service), self._client.launch_url)
        _note(response)
        return CdsResult(url, service.title, response)

    def _without_service(self, problem: str) -> CdsResult:
        return CdsResult(None, self._client.name, Response(problems=[problem]))

    def _discovered(self) -> object:
        """Return the discovery document, from the cache or the service.

        Raises TemplateInvalidError if it can't be read.
        """
        cache = self._ehr.cds_state.templates
        if self._ehr.profile.cds.keeps_discovery and self._base in cache:
            trace.note(
                "noted", "discovery", "not read again: this EHR's templates are entered by hand"
            )
            return cache[self._base]
        response = http_client.send(f"{self._base}/cds-services", {"Accept": "application/json"})
        if response.status != 200 or response.problem:
            raise TemplateInvalidError(
                response.problem or f"the service returned {response.status}"
            )
        try:
            document = json.loads(response.body)
        except ValueError:
            raise TemplateInvalidError("the response isn't JSON") from None
        cache[self._base] = document
        return document

    def _call(self, url: str, service: Service) -> Answer:
        habits = self._ehr.profile.cds
        issued = self._authorized()
        situation = self._situation()
        values = Prefetching(self._ehr, self._patient, issued.access_token, self._triggered).values(
            service.prefetch,
            templates.tokens(situation.user, situation.patient, situation.encounter),
        )
        prefetch = request.prefetched(values, self._triggered)
        granted = request.Authorization(
            token=issued.access_token,
            seconds=issued.seconds,
            scope=habits.scope or " ".join(issued.access.scopes),
            client_id=self._client.client_id,
            patient=self._patient,
        )
        members = request.body(situation, granted, habits.trigger, self._triggered)
        _note_sent(members, prefetch)
        data = request.written(members, prefetch)
        self._ehr.cds_state.begin(self._launch_trace)
        self._ehr.cds_state.hides_keys = "cds-keys-unavailable" in self._triggered
        try:
            return self._send(url, data)
        finally:
            self._ehr.cds_state.hides_keys = False
            self._ehr.cds_state.end(self._launch_trace)
            # CDS Hooks 2.0: the client should revoke the token after the call.
            self._ehr.grants.revoke(issued.access_token)

    def _send(self, url: str, data: bytes) -> Answer:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        headers |= authorization(
            self._ehr, self._client, Audience(url, self._base), self._triggered
        )
        chunks = request.chunks(data) if "cds-slow" in self._triggered else None
        response = http_client.send(url, headers, data, chunks)
        if "cds-token-replayed" in self._triggered:
            trace.note("noted", "first response", f"{response.status or response.problem}")
            response = http_client.send(url, headers, data)
        outcome = response.status or response.problem
        trace.note("noted", "response", f"{outcome}, {len(response.body)} bytes")
        trace.note("noted", "time", f"{response.milliseconds} ms")
        return response

    def _authorized(self) -> Issued:
        """Issue the access token of this call, for only this service, user and patient."""
        scopes = tuple(
            one
            for one in self._client.scopes
            if (scope := parse_resource_scope(one)) is not None and scope.context == "patient"
        )
        hangs = "cds-reads-hang" in self._triggered
        authorization = Authorization(
            client_id=self._client.client_id,
            redirect_uri="",
            challenge="",
            scopes=scopes,
            context=LaunchContext(self._patient),
            user=self._user,
            faults=_HANGING if hangs else Faults(),
            launch_trace=self._launch_trace,
        )
        seconds = self._ehr.profile.cds.authorization_seconds
        is_alive = "cds-authorization-expired" not in self._triggered
        return self._ehr.grants.issue(authorization, Terms(seconds, is_alive=is_alive))

    def _situation(self) -> request.Situation:
        return request.Situation(
            fhir_server=self._ehr.addresses.fhir_base,
            user=CLINICIANS[self._user].reference,
            patient=self._patient,
            encounter=self._ehr.charts.encounter_of(self._patient),
        )


def authorization(
    ehr: Installation, client: Registration, audience: Audience, triggered: frozenset[str]
) -> Mapping[str, str]:
    """Return the Authorization header with a new JWT, or no header if a fault leaves it out."""
    caller = Caller(ehr.addresses.cds_issuer, ehr.addresses.cds_keys, client.client_id)
    jwt = token.signed(ehr.cds_signer, ehr.profile.cds, caller, audience, ehr.clock(), triggered)
    return {} if jwt is None else {"Authorization": f"Bearer {jwt}"}


def _note_sent(members: Mapping[str, object], prefetch: Mapping[str, str] | None) -> None:
    trace.note("noted", "hook", str(members["hook"]))
    trace.note("noted", "fhirServer", str(members.get("fhirServer", "left out")))
    has_token = "fhirAuthorization" in members
    trace.note("noted", "fhirAuthorization", "sent" if has_token else "left out")
    shown = {name: f"{len(text)} bytes" for name, text in (prefetch or {}).items()}
    shown |= {name: "null" for name, text in (prefetch or {}).items() if text == "null"}
    keys = ", ".join(f"{name} {size}" for name, size in shown.items())
    trace.note("noted", "prefetch", keys or "left out")


def _note(response: Response) -> None:
    for problem in response.problems:
        trace.note("wrong", "response", problem)
    for card in response.cards:
        for problem in card.problems:
            trace.note("wrong", f"card {card.summary[:40]}", problem)
        if not card.problems:
            trace.note("right", f"card {card.indicator}", card.summary)
    if not response.problems and not response.cards:
        trace.note("right", "cards", "none for this patient")
