"""The proxy and a project's function never decide differently about the same request.

A search that is restricted to the patient is the proxy's with patient/ scopes in place of user/.

`make soak` runs 5,000 requests, and the suite 500. Scopes, patient, request and the EHR's response
are random, and many of them are odd.
"""

import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from shared.errors import CodedError
from shared.session.sessions import Active
from smart_calc import api
from tests.support.app.open_session import EHR, FHIR_BASE, in_use, open_session
from tests.support.app.own_calls import Answered, Calls, Ehr, Sent, as_bytes, calls, failure

__all__ = ["calls"]

COUNT = 5000 if os.environ.get("SOAK") else 500
ABOUT_NOBODY = "Practitioner"
TYPES = (
    *("Patient", "Observation", "Condition", "DocumentReference", ABOUT_NOBODY, "Group"),
    *("AuditEvent", "Basic", "Schedule"),
)
# None of them has an address of another interaction at the proxy.
ODD_TYPES = ("Foo", "patient", "Observation ", "Observation%20", "Observation\n")
ODD_IDS = ("", ".", "..", "a b", "%2e%2e", "x" * 65, "p1\n", "é")
PATIENTS = ("p1", "p1", "p1", "p2", "Patient/p1", "Patient/p2", "Patient/p1,p2", "")
PARAMETERS = parse_qsl(
    "code=x&category=laboratory&category=vital-signs&status=final&_count=5&_count=0&_summary=count"
    "&_elements=id,subject&_include=Observation:subject&_revinclude=Provenance:target"
    "&_has:Observation:patient:code=x&subject.name=x&_format=json&_format=xml&_query=x"
    "&access_token=x&_id=p1&na+me=x&_page=x"
)
REFERENCES = (
    *("Patient/p1",) * 12,
    *("Patient/p2", f"{FHIR_BASE}/Patient/p1"),
    *("https://other.example/Patient/p1", "Patient/p1/_history/2", "#p1", "urn:uuid:1", "Group/g"),
)
SCOPES = ("", "", "", "?category=laboratory", "?status=final")
Maker = Callable[[Active, Ehr], Calls]


@dataclass(frozen=True)
class Case:
    """A request, and the EHR's response to any request. `restricted`: a search without
    `patient=None`.
    """

    active: Active
    kind: str
    type: str
    id: str
    parameters: tuple[tuple[str, str], ...]
    resource: dict[str, Any]
    if_match: str | None
    ehr: Ehr
    restricted: bool

    @property
    def at_the_proxy(self) -> Active:
        """The session in which the proxy has to decide the same."""
        if not self.restricted or self.type == ABOUT_NOBODY:
            return self.active
        scopes = tuple(one.replace("user/", "patient/") for one in self.active.session.granted)
        session = replace(self.active.session, requested=scopes, granted=scopes)
        return in_use(session, replace(EHR, scopes=scopes))


def _case(chance: random.Random) -> Case:
    whole = chance.choice(("patient/*.cruds", "patient/*.cruds", "user/*.cruds"))
    scopes = tuple(_scope(chance) for _ in range(chance.randint(1, 3)))
    scopes = (whole, *scopes) if chance.random() < 0.6 else scopes
    patient = chance.choice(("p1", "p1", "p1", "p1", None))
    session = open_session(patient, requested=scopes, granted=scopes)
    kind = chance.choice(("read", "search", "search", "create", "update"))
    resource_type = chance.choice(TYPES if chance.random() < 0.95 else ODD_TYPES)
    resource_id = chance.choice(("p1", "p2", "o1") if chance.random() < 0.9 else ODD_IDS)
    resource = _resource(chance, resource_type)
    if kind == "update":
        resource |= {"id": resource_id, "meta": {"versionId": "1"}}
    answers = [_answer(chance, resource_type, kind) for _ in range(3)]

    def ehr(sent: Sent) -> Answered:
        return answers[0] if sent.method == "GET" else answers[1]

    return Case(
        in_use(session, replace(EHR, scopes=scopes)),
        kind,
        resource_type,
        resource_id,
        tuple(sorted(_parameter(chance) for _ in range(chance.choice((0, 0, 1, 1, 2))))),
        resource,
        chance.choice((None, None, 'W/"1"', 'W/"9"', "é")),
        ehr,
        restricted=kind == "search" and chance.random() < 0.5,
    )


def _scope(chance: random.Random) -> str:
    level = chance.choice(("patient", "patient", "user"))
    name = chance.choice((*TYPES, "*", "*", "*"))
    letters = "".join(one for one in "cruds" if chance.random() < 0.8) or "rs"
    return f"{level}/{name}.{letters}{chance.choice(SCOPES)}"


def _parameter(chance: random.Random) -> tuple[str, str]:
    if chance.random() < 0.3:
        name = chance.choice(("patient", "subject", "subject:Patient", "patient:identifier"))
        return name, chance.choice(PATIENTS)
    return chance.choice(PARAMETERS)


def _resource(chance: random.Random, resource_type: str) -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": resource_type, "id": chance.choice(("p1", "p2", "o1"))}
    if chance.random() < 0.9:
        made["subject"] = {"reference": chance.choice(REFERENCES)}
    if chance.random() < 0.1:
        made["focus"] = [{"reference": chance.choice(REFERENCES)}]
    if chance.random() < 0.1:
        made["contained"] = [_resource(chance, "Observation")]
    if chance.random() < 0.3:
        made["meta"] = {"versionId": "1"}
    made["category"] = [{"coding": [{"code": chance.choice(("laboratory", "vital-signs"))}]}]
    made["status"] = chance.choice(("final", "preliminary"))
    return made


def _answer(chance: random.Random, resource_type: str, kind: str) -> Answered:
    roll = chance.random()
    if roll < 0.15:
        outcome = {"resourceType": "OperationOutcome", "issue": [{"code": "x"}]}
        status = chance.choice((400, 401, 404, 404, 412, 422, 429))
        return Answered(status, as_bytes(outcome), {"retry-after": "7"})
    if roll < 0.2:
        return Answered(chance.choice((200, 500)), b"<h1>Please sign in</h1>", {})
    answered_type = chance.choice((*[resource_type] * 9, "Patient"))
    if kind == "search":
        matches = [_resource(chance, answered_type) for _ in range(chance.randint(0, 3))]
        entries = [{"resource": one} for one in matches]
        bundle: dict[str, Any] = {"resourceType": "Bundle", "total": len(matches)}
        return Answered(200, as_bytes(bundle | ({"entry": entries} if entries else {})), {})
    body = as_bytes(_resource(chance, answered_type))
    made = {"etag": 'W/"1"'} if chance.random() < 0.5 else {}
    return Answered(chance.choice((200, 201)) if kind != "read" else 200, body, made)


Outcome = tuple[str, object]


def _by_proxy(case: Case, made: Calls) -> Outcome:
    """What the page gets of it: whether it was refused, by whom, and what was released."""
    path = f"/{case.type}"
    body = as_bytes(case.resource)
    headers = {"Prefer": "return=representation", "If-Match": case.if_match or 'W/"1"'}
    method = {"read": "GET", "search": "GET", "create": "POST", "update": "PUT"}[case.kind]
    if case.kind in {"read", "update"}:
        path += f"/{case.id}"
    parameters = case.parameters if case.kind == "search" else ()
    try:
        reply = made.proxied(
            method,
            path,
            parameters,
            body if method in {"POST", "PUT"} else b"",
            headers if method == "PUT" else {"Prefer": headers["Prefer"]},
        )
    except CodedError as error:
        return "refused", failure(error)
    assert isinstance(reply.body, bytes)
    if reply.status >= 400:
        return "by the EHR", reply.status
    return "made", _released(case, reply.body)


def _released(case: Case, body: bytes) -> object:
    document: Any = json.loads(body) if body else None
    if case.kind == "search":
        entries = [entry["resource"] for entry in document.get("entry", [])]
        return [one for one in entries if one["resourceType"] == case.type]
    return document


def _by_function(case: Case, made: Calls) -> Outcome:
    with made.function() as call:
        try:
            session = call.session()
            if case.kind == "read":
                return "made", session.read(case.type, case.id)
            if case.kind == "create":
                return "made", session.create(case.resource)
            if case.kind == "update":
                return "made", session.update(case.resource, case.if_match)
            parameters: dict[str, list[str]] = {}
            for name, value in case.parameters:
                parameters.setdefault(name, []).append(value)
            patient = ... if case.restricted else None
            result = session.search(case.type, parameters, patient=patient)
        except api.SmartError as error:
            return "refused", failure(error)
        except api.EhrError as error:
            return "by the EHR", error.status
    return "made", list(result.resources)


def test_the_same_request_is_never_decided_differently(
    calls: Maker,
) -> None:
    kinds = dict.fromkeys(("refused", "by the EHR", "made"), 0)
    for seed in range(COUNT):
        case = _case(random.Random(seed))
        proxy = calls(case.at_the_proxy, case.ehr)
        outcome = _by_proxy(case, proxy)
        function = calls(case.active, case.ehr)
        assert _comparable(_by_function(case, function), outcome) == outcome, (seed, case)
        sent = [_of(one) for one in proxy.sent]
        assert [_of(one) for one in function.sent[: len(sent)]] == sent, (seed, case)
        # More than the same requests only where what was made is read again.
        assert case.kind in {"create", "update"} or len(function.sent) == len(sent), (seed, case)
        kinds[outcome[0]] += 1
    assert all(count > COUNT / 30 for count in kinds.values()), kinds


def _comparable(own: Outcome, proxied: Outcome) -> Outcome:
    """If the page gets no part of a created resource, a function gets only its type and id."""
    if own[0] == proxied[0] == "made" and proxied[1] is None:
        assert isinstance(own[1], dict)
        assert own[1].keys() <= {"resourceType", "id"}
        return "made", None
    return own


def _of(sent: Sent) -> tuple[object, ...]:
    body = sent.body and json.loads(sent.body)
    return sent.method, sent.url, body, dict(sent.headers)
