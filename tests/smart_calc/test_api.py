"""`smart_calc.api` in this process: what a project's function gets of a session, and what not."""

import contextlib
import contextvars
import json
import pickle
import threading
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shared import held_bytes
from shared.errors import SessionExpired
from shared.held_bytes import TIMES
from shared.held_bytes.room import Room
from shared.own import in_flight, resources
from shared.session.sessions import Active
from smart_calc import api
from tests.support.app.open_session import EHR, FHIR_BASE, in_use, open_session
from tests.support.app.own_calls import COOKIE, Answered, Calls, Ehr, Sent, as_bytes, calls
from tests.support.app.proxy import about, searchset
from tests.support.app.reached import reached
from tests.support.tables import each

__all__ = ["calls"]

Maker = Callable[[Active, Ehr], Calls]
TOKEN = "sentinel-access"
MINE = about("Observation", "o1", "p1")
OTHERS = about("Observation", "o2", "p2")
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}


def active(*scopes: str, **session: Any) -> Active:
    granted = scopes or ("patient/*.cruds",)
    return in_use(open_session(granted=granted, **session), replace(EHR, scopes=granted))


def answering(document: object, status: int = 200, **headers: str) -> Ehr:
    return lambda _: Answered(status, as_bytes(document), headers)


def paged(*pages: list[dict[str, Any]], size: int = 0) -> Ehr:
    """Pages of a search, each with a link to the next one, the last one too if `size` is given."""

    def answer(sent: Sent) -> Answered:
        number = int(sent.url.partition("page=")[2] or 0)
        link = [{"relation": "next", "url": f"{FHIR_BASE}/Observation?page={number + 1}"}]
        more = {"link": link} if size or number + 1 < len(pages) else {}
        note = {"note": [{"text": "x" * size}]} if size else {}
        page = [one | note for one in pages[number % len(pages)]]
        return Answered(200, as_bytes(searchset(*page, **more)), {})

    return answer


def test_nothing_leads_to_a_token_a_cookie_or_the_store(calls: Maker) -> None:
    errors = []

    @api.function
    def decorated(call: api.Call) -> api.Reply:
        raise NotImplementedError

    def author(call: api.Call) -> list[object]:
        session = call.session()
        result = session.search("Observation")
        for refused in (lambda: session.read("Practitioner", "../x"), lambda: missing(session)):
            try:
                refused()
            except (api.SmartError, api.EhrError) as error:
                errors.append(error)
        return [call, session, result, call.query, *errors, api.json({}), api.html("")]

    def missing(session: api.Session) -> None:
        session.read("Observation", "missing")

    def ehr(sent: Sent) -> Answered:
        if sent.url.endswith("missing"):
            return Answered(404, as_bytes(OUTCOME), {})
        return Answered(200, as_bytes(searchset(MINE)), {})

    made = calls(active(), ehr)
    with made.function() as call:
        held = author(call)
        assert [type(one) for one in errors] == [api.SmartError, api.EhrError]
        names = [getattr(api, name) for name in api.__all__]
        leads_to = [*reached(*held, *names, decorated)]
        assert "p1" in [one for one in leads_to if isinstance(one, str)]
        folders = {type(one).__module__.partition(".")[0] for one in leads_to}
        assert folders.isdisjoint({"shared", "flask", "werkzeug"})
        texts = [str(one) for one in leads_to if isinstance(one, str | bytes)]
        texts += [repr(one) for one in held]
        for one in held:
            with contextlib.suppress(TypeError):
                texts.append(str(pickle.dumps(one)))
        assert [text for text in texts if TOKEN in text or COOKIE in text or "s" * 43 in text] == []
    # What is known of the request is kept by its mark, and goes with it.
    assert in_flight._requests == {}


def test_what_outlives_the_response_is_of_no_use(calls: Maker) -> None:
    made = calls(active(), answering(MINE))
    with made.function() as call:
        session = call.session()
    for use in (lambda: session.read("Observation", "o1"), call.json, call.session):
        with pytest.raises(RuntimeError, match="The response was sent"):
            use()
    assert made.sent == []


def test_numbers_keep_their_digits(calls: Maker) -> None:
    text = b'{"resourceType":"Observation","id":"o1","subject":{"reference":"Patient/p1"},"n":%s}'
    whole = b"12345678901234567890"
    for number in (b"1.50", b"0.1000000000000000055", whole, b"0.0000001", b"1E+400"):
        made = calls(active(), lambda _, number=number: Answered(200, text % number, {}))  # type: ignore[misc]
        with made.function() as call:
            session = call.session()
            read = session.read("Observation", "o1")
            assert isinstance(read["n"], int if number.isdigit() else Decimal)
            session.update(read, if_match="*")
            session.create(read)
        assert number in api.json(read).body
        sent = [one.body for one in made.sent if one.body]
        assert [number in body for body in sent] == [True, True]
    with made.function(body=b'{"n": 2.50}') as call:
        assert api.at(call.json(), "n") == Decimal("2.50")
    for value in (float("nan"), Decimal("Infinity")):
        with pytest.raises(ValueError, match="isn't JSON"):
            api.json(value)


def test_a_search_is_restricted_to_the_patient_whatever_the_scopes_allow(calls: Maker) -> None:
    everyone = active("user/*.rs")
    made = calls(everyone, answering(searchset(MINE, OTHERS)))
    with made.function() as call:
        session = call.session()
        assert len(session.search("Observation", patient=None).resources) == 2
        with pytest.raises(api.SmartError) as held:
            session.search("Observation")
        with pytest.raises(api.SmartError) as named:
            session.search("Observation", {"patient": "p2"})
    assert [error.value.code for error in (held, named)] == ["patient_denied"] * 2
    assert [one.url for one in made.sent] == [
        f"{FHIR_BASE}/Observation",
        f"{FHIR_BASE}/Observation?patient=p1",
    ]
    made = calls(everyone, answering(searchset({"resourceType": "Practitioner", "id": "d"})))
    with made.function() as call:
        assert len(call.session().search("Practitioner", {"name": ["a", "b"]}).resources) == 1
    assert made.sent[0].url == f"{FHIR_BASE}/Practitioner?name=a&name=b"
    made = calls(active("user/*.rs", patient=None), answering(searchset()))
    with made.function() as call, pytest.raises(api.SmartError, match="patient_missing"):
        call.session().search("Observation")
    assert made.sent == []


def test_a_search_for_a_type_that_cannot_be_restricted_is_refused_unless_that_is_waived(
    calls: Maker,
) -> None:
    everyone = active("user/*.rs")
    for kind in ("AuditEvent", "Basic", "Group", "Person", "Provenance", "Schedule"):
        made = calls(everyone, answering(searchset(about(kind, "x", "p2"))))
        with made.function() as call:
            session = call.session()
            with pytest.raises(api.SmartError, match="doesn't reliably state") as refused:
                session.search(kind)
            assert (refused.value.code, refused.value.status) == ("patient_denied", 403)
            assert made.sent == []
            assert len(session.search(kind, patient=None).resources) == 1


def test_pages_are_read_to_the_end_or_told_to_be_incomplete(
    calls: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = {"resource": about("Observation", "x", "p1"), "search": {"mode": "include"}}
    pages: list[list[dict[str, Any]]] = [[MINE], [MINE], [MINE]]
    for wanted, count, complete in ((1, 1, False), (2, 2, False), (3, 3, True), (9, 3, True)):
        made = calls(active(), paged(*pages))
        with made.function() as call:
            result = call.session().search("Observation", pages=wanted)
        assert (len(result.resources), result.complete) == (count, complete)
        assert len(made.sent) == count
    for size, most in ((1, 20), (6_000_000, 3)):
        made = calls(active(), paged([MINE], size=size))
        with made.function() as call:
            result = call.session().search("Observation", pages=99)
        assert (len(result.resources), result.complete) == (most, False)
    monkeypatch.setattr(resources, "SECONDS", -1.0)
    with calls(active(), paged(*pages)).function() as call:
        result = call.session().search("Observation", pages=3)
    assert (len(result.resources), result.complete) == (1, False)
    for link in ("https://other.example/r4?page=2", 7):
        bundle = searchset(MINE, link=[{"relation": "next", "url": link}])
        with calls(active(), answering(bundle)).function() as call, pytest.raises(api.SmartError):
            call.session().search("Observation")
    matches = {"resourceType": "Bundle", "entry": [brought, {"resource": MINE}]}
    with calls(active(), answering(matches)).function() as call:
        assert call.session().search("Observation").resources == [MINE]
    for mode in (["match"], {"match": 1}, 1):
        odd = {"resourceType": "Bundle", "entry": [{"resource": MINE, "search": {"mode": mode}}]}
        made = calls(active(), answering(odd))
        with made.function() as call, pytest.raises(api.SmartError, match="upstream_invalid"):
            call.session().search("Observation")


def test_each_request_and_each_page_uses_the_session_as_it_is_then(
    calls: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = calls(active(), paged([MINE], [MINE], [MINE]))
    uses = [active(access_token=one) for one in "dcba"]

    def use(*_: object) -> Active:
        if not uses:
            raise SessionExpired
        return uses.pop()

    monkeypatch.setattr(made, "use", use)
    with made.function() as call:
        session = call.session()
        session.search("Observation")
        with pytest.raises(api.SmartError) as ended:
            session.search("Observation", pages=3)
    assert (ended.value.code, ended.value.status) == ("session_expired", 401)
    assert made.tokens == ["b", "c", "d"]


def test_small_answers_of_one_call_take_room_together(
    calls: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(TIMES * 3_000_000)
    monkeypatch.setattr(held_bytes, "_room", room)
    monkeypatch.setattr(held_bytes, "WAIT_SECONDS", 0.0)
    made = calls(active(), paged([MINE], size=900_000))

    def work() -> None:
        holding = held_bytes.begin()
        with made.function() as call:
            session = call.session()
            session.search("Observation", pages=1)
            assert room.left == TIMES * 3_000_000
            session.search("Observation", pages=2)
            assert room.left < TIMES * 3_000_000 - TIMES * 2_700_000
            with pytest.raises(api.SmartError, match="overloaded"):
                session.search("Observation", pages=20)
        holding.end()

    contextvars.copy_context().run(work)
    assert room.left == TIMES * 3_000_000
    assert len(made.sent) == 4


def test_an_answer_is_held_parsed_once_at_a_time(calls: Maker) -> None:
    """Here what was parsed to be checked is, as with a resource of another type in it."""
    values = [{"value": one + 0.125, "unit": "mmol/L"} for one in range(5000)]
    body = as_bytes(searchset(MINE | {"x": values, "contained": [{"resourceType": "Location"}]}))
    made = calls(active(), lambda _: Answered(200, body, {}))
    with made.function() as call:
        session = call.session()
        tracemalloc.start()
        try:
            session.search("Observation")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 14 * len(body)


def test_an_update_replaces_the_version_that_was_read(calls: Maker) -> None:
    made = calls(active("user/*.cruds"), answering(MINE | {"meta": {"versionId": "3"}}))
    with made.function() as call:
        session = call.session()
        session.update(session.read("Observation", "o1"))
        session.update(MINE, if_match='W/"2"')
    tags = [one.headers.get("If-Match") for one in made.sent if one.method == "PUT"]
    assert tags == ['W/"3"', 'W/"2"']
    made = calls(active(), answering(MINE | {"meta": {"versionId": "4"}}))
    with made.function() as call, pytest.raises(api.SmartError, match="version_conflict"):
        call.session().update(MINE, if_match='W/"3"')
    assert [one.method for one in made.sent] == ["GET"]


def test_an_update_never_replaces_a_version_that_it_was_not_made_of(calls: Maker) -> None:
    def version(number: int) -> dict[str, Any]:
        return MINE | {"meta": {"versionId": str(number)}}

    def ehr(sent: Sent) -> Answered:
        """Another changes it after it was read."""
        if sent.method == "PUT":
            return Answered(200, as_bytes(version(3)), {})
        read = sent.url.endswith("/o1")
        return Answered(200, as_bytes(version(1) if read else searchset(version(2))), {})

    made = calls(active("user/*.cruds"), ehr)
    with made.function() as call:
        session = call.session()
        old = session.read("Observation", "o1")
        new = session.search("Observation", patient=None).resources[0]
        for made_of in (old, new, MINE, version(9)):
            session.update({**made_of, "status": "amended"})
        with made.function() as other:
            session = other.session()
            session.read("Observation", "o1")
            session.search("Observation", patient=None)
            session.update(MINE)
        sent = len(made.sent)
        for odd in ({"versionId": 3}, {"versionId": "3 "}, {"versionId": ""}, [{"versionId": "3"}]):
            with pytest.raises(api.SmartError, match="version_conflict"):
                call.session().update({**MINE, "meta": odd})
        assert len(made.sent) == sent
    tags = [one.headers.get("If-Match") for one in made.sent if one.method == "PUT"]
    assert tags == ['W/"1"', 'W/"2"', 'W/"3"', 'W/"9"', 'W/"1"']


def test_an_update_replaces_the_version_that_was_read_whatever_its_form(calls: Maker) -> None:
    for version in (3, "2026-12-02T00:00:03Z"):
        made = calls(active(), answering(MINE | {"meta": {"versionId": version}}, etag='"e3"'))
        with made.function() as call:
            session = call.session()
            session.update(session.read("Observation", "o1"))
        assert made.sent[-1].headers["If-Match"] == '"e3"'


@each(
    ("letters", "created", "read", "expected"),
    [
        ("crs", MINE, 404, MINE),
        ("crs", None, 200, MINE),
        ("crs", None, 404, {"resourceType": "Observation", "id": "o1"}),
        ("crs", OUTCOME, 200, MINE),
        ("c", MINE, 200, {"resourceType": "Observation", "id": "o1"}),
    ],
)
def test_what_was_created_is_returned_as_far_as_it_may_be_read(
    calls: Maker, letters: str, created: object, read: int, expected: object
) -> None:
    def ehr(sent: Sent) -> Answered:
        if sent.method == "GET":
            return Answered(read, as_bytes(MINE if read == 200 else OUTCOME), {})
        place = {"location": f"{FHIR_BASE}/Observation/o1/_history/1"}
        return Answered(201, as_bytes(created) if created else b"", place)

    made = calls(active(f"patient/*.{letters}"), ehr)
    with made.function() as call:
        assert call.session().create(MINE) == expected
    assert sum(one.method == "POST" for one in made.sent) == 1


def test_get_changes_nothing(calls: Maker) -> None:
    made = calls(active(), answering(MINE))
    for method in ("GET", "HEAD"):
        with made.function(method) as call:
            session = call.session()
            for change in (session.create, session.update):
                with pytest.raises(api.SmartError) as refused:
                    change(MINE)
                assert (refused.value.code, refused.value.status) == ("method_not_allowed", 405)
    assert made.sent == []


def test_a_refusal_of_the_ehr_is_its_own_and_its_failures_are_ours(calls: Maker) -> None:
    for status in (400, 404, 410, 422, 429):
        made = calls(active(), answering(OUTCOME, status))
        with made.function() as call, pytest.raises(api.EhrError) as refused:
            call.session().read("Observation", "o1")
        assert (refused.value.status, refused.value.outcome) == (status, OUTCOME)
    for status in (500, 503):
        made = calls(active(), answering(OUTCOME, status))
        with made.function() as call, pytest.raises(api.SmartError) as failed:
            call.session().read("Observation", "o1")
        assert (failed.value.code, failed.value.status) == ("upstream_invalid", 502)


def test_a_session_can_be_used_by_several_threads(
    calls: Maker, capfd: pytest.CaptureFixture[str]
) -> None:
    made = calls(active(), answering(MINE))
    with made.function() as call:
        session, read = call.session(), []
        threads = [
            threading.Thread(target=lambda: read.append(session.read("Observation", "o1")))
            for _ in range(3)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert read == [MINE] * 3
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["fhir_request"] * 3


def test_the_context_is_that_of_the_page(calls: Maker) -> None:
    with calls(active(), answering(MINE)).function() as call:
        session = call.session()
    assert (session.patient, session.encounter, session.user, session.ehr) == (
        *("p1", None, None),
        "one",
    )
    assert api.at(session.context, "scope", "granted", 0) == "patient/*.cruds"
    assert api.at(session.context, "scope", "granted", 1, "x") is None
    with pytest.raises(TypeError):
        session.context["patient"] = "p2"  # type: ignore[index]
