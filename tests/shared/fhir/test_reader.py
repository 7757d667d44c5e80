"""Page, cards, proxy and a project's function never decide differently about a response.

`make soak` tries ten times as many of the odd responses of tests/support/ehr/odd_answers.py.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from clinical import queries
from clinical.chart.medications.drug import drug_of
from clinical.chart.resources.scope import scope_of
from functions.cds_services import reader
from functions.cds_services.prefetch import Contents
from functions.smart_calc import reading
from functions.smart_calc.reading.search import Part
from shared import log, strict_json
from shared.errors import PatientDenied, ScopeDenied, SessionExpired, UpstreamInvalid
from shared.fhir.access import of_session
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.reader import Found, Reader
from shared.session.sessions import Active
from smart_calc import api
from tests.support.app.open_session import EHR, in_use, open_session
from tests.support.app.own_calls import Answered, Calls, Ehr, as_bytes, calls
from tests.support.ehr import foreign
from tests.support.ehr.odd_answers import BASE, Maker
from tests.support.tables import each

__all__ = ["calls"]

COUNT = 5000 if os.environ.get("SOAK") else 500
LAST = b'{"resourceType":"Bundle","type":"searchset","entry":[]}'
LABS = tuple(one for one in queries.searches(EHR.profile.searches) if one.name == "labs")
NOW = datetime(2026, 12, 1, tzinfo=UTC)
Maker_ = Callable[[Active, Ehr], Calls]
Json = dict[str, Any]


def _answering(body: bytes) -> Ehr:
    """The first page of every search; the second is empty."""
    return lambda sent: Answered(200, LAST if "page=2" in sent.url else body, {})


def _pages_of_proxy(made: Calls) -> Iterator[Json]:
    query = "code=x"
    while True:
        body: Any = made.proxied("GET", "/Observation", tuple(parse_qsl(query))).body
        yield (page := json.loads(body if isinstance(body, bytes) else b"".join(body)))
        query = urlsplit(page["link"][0]["url"]).query


def _proxied(made: Calls) -> list[Json] | None:
    """What the proxy releases: its Observations, or None for a refusal."""
    try:
        held = [one.get("resource") for one in next(_pages_of_proxy(made))["entry"]]
    except (PatientDenied, UpstreamInvalid):
        return None
    return [one for one in held if one["resourceType"] == "Observation"]


def _by_function(made: Calls) -> list[Any] | None:
    with made.function() as call:
        try:
            return list(call.session().search("Observation", {"code": "x"}).resources)
        except api.SmartError:
            return None


def _by_page(made: Calls) -> Part:
    searching = reading.begin(made.active, "p1", NOW, {"labs"})
    *_, parts = searching.so_far()
    return parts["labs"]


def _by_cards(made: Calls) -> Contents:
    access = of_session(made.active)
    missing = {"labs": Contents("missing")}
    return reader.complete(access, date(2026, 12, 1), LABS, missing)["labs"]


def test_a_page_from_outside_the_base_never_names_a_drug_by_a_resource_of_ours(
    calls: Maker_,
) -> None:
    """Its relative references, and the ids of its Medications, are another server's."""
    ehr = replace(EHR, iss=(BASE,), vendor="epic")
    active = in_use(open_session(fhir_base=BASE, iss=BASE), ehr)
    elsewhere = f"{BASE.rpartition('/')[0]}/other?page=2"
    codes = {"here": "Warfarin", "there": "Aspirin"}

    def medication(place: str) -> Json:
        return {"resourceType": "Medication", "id": place, "code": {"text": codes[place]}}

    def order(number: int, drug: str) -> Json:
        return {
            "resourceType": "MedicationRequest",
            "id": f"r{number}",
            "subject": {"reference": f"{BASE}/Patient/p1"},
            "medicationReference": {"reference": drug},
        }

    def bundle(*resources: Json, **more: Any) -> bytes:
        entries = [{"resource": one} for one in resources]
        return as_bytes({"resourceType": "Bundle", "entry": entries, **more})

    drugs = (
        *("Medication/here", "Medication/there", f"{BASE}/Medication/here"),
        *("https://third.example/Medication/here", f"{BASE}/Medication/there"),
    )
    second = bundle(medication("there"), *(order(n, one) for n, one in enumerate(drugs)))
    link = [{"relation": "next", "url": elsewhere}]
    first = bundle(medication("here"), order(9, "Medication/there"), link=link)
    calls(active, lambda sent: Answered(200, second if "page=2" in sent.url else first, {}))
    *_, parts = reading.begin(active, "p1", NOW, {"drugs"}).so_far()
    assert parts["drugs"].set_aside == 0
    known = scope_of(list(parts["drugs"].resources), "p1", BASE)
    named = {str(one["id"]): drug_of(one, known.medications).names for one in known.requests}
    nothing: tuple[str, ...] = ()
    assert named == {
        **dict.fromkeys(("r0", "r1", "r3", "r4", "r9"), nothing),
        "r2": ("Warfarin",),
    }


@dataclass(frozen=True)
class Asked:
    """A search and its request."""

    path: str = "Observation"
    parameters: tuple[tuple[str, str], ...] = ()
    reads: frozenset[str] = frozenset({"Observation", "Patient"})
    page_cap: int = 2
    fallbacks: tuple["Asked", ...] = ()


def _found(active: Active, asked: Asked) -> Found:
    until = time.monotonic() + 60
    sent = attrgetter("path", "parameters")
    how = Reader(of_session(active), "labs", until, 0, 60, 1_000_000, request=sent)
    return how.pages(asked)


def _active(*scopes: str) -> Active:
    session = open_session(fhir_base=BASE, iss=BASE, requested=scopes, granted=scopes)
    return in_use(session, replace(EHR, iss=(BASE,), scopes=scopes))


def _ours(**more: Any) -> Json:
    return {"resourceType": "Observation", "subject": {"reference": "Patient/p1"}, **more}


def _searchset(*resources: Json, **more: Any) -> bytes:
    return as_bytes(
        {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources], **more}
    )


def _ended(_: object) -> Answered:
    raise SessionExpired


PATIENT = {"resourceType": "Patient", "id": "p2"}
SENT = ("fhir_request", None)


@each(
    ("ehr", "asked", "lines"),
    [
        (_answering(_searchset(_ours())), Asked(), [SENT]),
        (
            _answering(_searchset(_ours(subject={"reference": "Patient/p2"}))),
            Asked(),
            [SENT, ("fhir_denied", "patient_denied")],
        ),
        (
            _answering(as_bytes(PATIENT)),
            Asked("Patient/p1"),
            [("fhir_denied", "patient_denied")],
        ),
        (_answering(b"{"), Asked(), [("fhir_request", "upstream_invalid")]),
        (_answering(b""), Asked(reads=frozenset({"Condition"})), []),
        (_ended, Asked(), []),
    ],
    ids=["read", "set aside", "another patient", "unreadable", "no scope", "no session"],
)
def test_what_ends_a_search_is_logged_where_no_other_line_says_it(
    calls: Maker_,
    monkeypatch: pytest.MonkeyPatch,
    ehr: Ehr,
    asked: Asked,
    lines: list[tuple[str, str | None]],
) -> None:
    logged: list[tuple[str, str | None]] = []
    monkeypatch.setattr(log, "event", lambda name, *_, code=None, **__: logged.append((name, code)))
    active = _active("patient/Observation.rs", "patient/Patient.rs")
    calls(active, ehr)
    with suppress(SessionExpired):
        _found(active, asked)
    assert logged == lines


def test_a_further_page_need_not_show_more_than_the_first(calls: Maker_) -> None:
    active = _active("patient/Observation.rs?category=laboratory")
    second = f"{BASE}/Observation?page=2"
    first = _searchset(_ours(id="1"), link=[{"relation": "next", "url": second}])
    last = _searchset(_ours(id="2"))
    calls(active, lambda sent: Answered(200, last if "page=2" in sent.url else first, {}))
    asked = Asked(parameters=(("category", "laboratory"),), reads=frozenset({"Observation"}))
    found = _found(active, asked)
    assert ([one["id"] for one in found.resources], found.set_aside) == (["1", "2"], 0)


REFUSED = {status: FhirAnswer(status, {}, b"", None, {}) for status in (400, 404)}


@each(
    ("found", "is_complete", "needs_fallbacks"),
    [
        (Found(), True, True),
        (Found(more=True), False, False),
        (Found((_ours(),)), True, False),
        (Found(set_aside=1), True, False),
        (Found(refused=REFUSED[400]), False, True),
        (Found(refused=REFUSED[404]), False, False),
        (Found(error=ScopeDenied()), False, True),
        (Found(error=UpstreamInvalid()), False, False),
    ],
)
def test_another_search_may_find_what_one_did_not(
    found: Found, is_complete: bool, needs_fallbacks: bool
) -> None:
    assert (found.is_complete, found.needs_fallbacks) == (is_complete, needs_fallbacks)


def test_a_read_is_sent_without_a_query(calls: Maker_) -> None:
    active = _active("patient/Patient.rs")
    made = calls(active, _answering(as_bytes({"resourceType": "Patient", "id": "p1"})))
    made.proxied("GET", "/Patient/p1")
    assert [one.url for one in made.sent] == [f"{BASE}/Patient/p1"]


@each("place", foreign.pages({}, {}, "", ""))
def test_another_patients_data_reaches_neither_the_browser_nor_a_function_in_any_place(
    calls: Maker_, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Page and cards: test_page.py, test_reading.py."""
    told: list[object] = []
    monkeypatch.setattr(log, "event", lambda *line, **more: told.append((line, more)))
    others = _ours(id="o9371", subject={"reference": "Patient/p2"})
    here, there = f"{BASE}/Observation?page=2", "https://other.example/Observation?page=2"
    first, last = map(as_bytes, foreign.pages(_ours(id="o1"), others, here, there)[place])
    made = calls(
        _active("patient/*.rs"),
        lambda sent: Answered(200, last if "page=2" in sent.url else first, {}),
    )
    with pytest.raises((PatientDenied, UpstreamInvalid)) as by_proxy:
        told.extend(_pages_of_proxy(made))
    with made.function() as call, pytest.raises(api.SmartError) as by_function:
        call.session().search("Observation", pages=2)
    assert "9371" not in str((told, vars(by_proxy.value), vars(by_function.value)))


def test_the_same_response_is_never_decided_differently(calls: Maker_) -> None:
    seen: Counter[str] = Counter()
    for seed in range(COUNT):
        scopes = ("patient/Observation.rs",) if seed % 4 == 0 else ("patient/*.rs",)
        session = open_session(fhir_base=BASE, iss=BASE, requested=scopes, granted=scopes)
        active = in_use(session, replace(EHR, iss=(BASE,), scopes=scopes))
        body = Maker(seed, 0.03).bundle()
        made = calls(active, _answering(body))
        released, part, contents = _proxied(made), _by_page(made), _by_cards(made)
        try:
            strict_json.parse(body)
        except ValueError:
            # The proxy may pass it on byte for byte. It's read here by no one.
            assert (part.resources, contents.resources) == ((), ())
            assert part.problem
            assert contents.state == "failed"
            assert _by_function(made) is None
            seen["unreadable"] += 1
            continue
        assert _by_function(made) == released, seed
        # The scopes of a call's token aren't known, so for cards they never leave anything out.
        if "*" in scopes[0]:
            assert contents.resources == (() if part.problem else part.resources), seed
        if released is not None:
            assert (list(part.resources), part.problem, part.set_aside) == (released, None, 0), seed
        else:
            assert part.problem or part.set_aside, seed
            for one in part.resources:
                alone = {"resourceType": "Bundle", "entry": [{"resource": one}]}
                assert _proxied(calls(active, _answering(as_bytes(alone)))), seed
        outcome = "released" if released is not None else "refused"
        seen[f"{outcome}, {len(part.resources) > 0}, {part.problem is None}"] += 1
    assert all(count > COUNT / 50 for count in seen.values()), seen
    assert len(seen) == 5, seen
