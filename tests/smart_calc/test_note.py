"""The function of the example `note`: what it reads for a draft, and when it writes."""

import base64
import json
import runpy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.session.sessions import Active
from smart_calc import api
from tests.support.app.open_session import EHR, FHIR_BASE, in_use, open_session
from tests.support.app.own_calls import Answered, Calls, Ehr, Sent, as_bytes, calls
from tests.support.app.proxy import about, searchset
from tests.support.app.servers import ROOT

__all__ = ["calls"]

SCOPES = ("patient/*.crs",)
Maker = Callable[[Active, Ehr], Calls]
Note = Callable[[api.Call], api.Reply]
ACTIVE = in_use(open_session(granted=SCOPES), replace(EHR, scopes=SCOPES))
NOTE = b'{"text": "Seen today."}'


@pytest.fixture(scope="module")
def note() -> Note:
    # An import would leave a __pycache__ among the files that `new` copies.
    handler: Note = runpy.run_path(str(ROOT / "examples/note/note.py"))["note"].__wrapped__
    return handler


def chart(*creatinines: dict[str, Any], **bundle: Any) -> Ehr:
    """An EHR with a patient and results, which stores a document."""

    def answer(request: Sent) -> Answered:
        if request.method == "POST":
            return Answered(201, as_bytes(about("DocumentReference", "d1", "p1")), {})
        is_patient = request.url.endswith("/Patient/p1")
        document = {"resourceType": "Patient", "id": "p1"}
        found = searchset(*creatinines, **bundle)
        return Answered(200, as_bytes(document if is_patient else found), {})

    return answer


def sent(note: Note, made: Calls, method: str, path: str, body: bytes = NOTE) -> tuple[int, Any]:
    """The status and the document of the function's response."""
    with made.function(method, path, body=body) as call:
        reply = note(call)
    return reply.status, json.loads(reply.body)


def test_only_one_address_and_method_writes(calls: Maker, note: Note) -> None:
    made = calls(ACTIVE, chart())
    for status, method, path in (
        (200, "POST", "/preview"),
        (405, "PUT", "/"),
        (405, "DELETE", "/preview"),
        (405, "GET", "/preview"),
        *((404, "POST", path) for path in ("/preview/", "/Preview", "/preview%2f", "/other")),
        *((404, "PUT", "/preview2"), (404, "DELETE", "/anything"), (404, "GET", "/other")),
    ):
        assert sent(note, made, method, path)[0] == status, (method, path)
    assert made.sent == []
    status, created = sent(note, made, "POST", "/")
    assert (status, created["id"], len(made.sent)) == (201, "d1", 1)
    assert [sent(note, made, method, "/")[0] for method in ("GET", "HEAD")] == [200, 200]


def test_a_draft_has_the_newest_exact_creatinine_or_none(calls: Maker, note: Note) -> None:
    def result(at: str | None, value: float = 1, status: str = "final", **more: Any) -> Any:
        time = {"effectiveDateTime": at} if at else {"effectivePeriod": {"start": "2026-11-25"}}
        quantity = {"value": value, "code": "mg/dL", **more}
        one = about("Observation", f"{at}{value}".replace(":", "").replace("+", "p"), "p1")
        return {**one, "status": status, "valueQuantity": quantity, **time}

    early, late = result("2026-11-20T09:30:00+09:00", 1), result("2026-11-20T01:00:00Z", 2)
    for expected, *results in (
        (2, late, early, result("2026-11-18", 3), result("2027", 4, "preliminary")),
        (2, late, late),
        (None, early, result("2026-11-20T03:00:00Z", 5, comparator="<")),
        (None, late, result("2026-11-20", 6)),
        (None, late, result("2026", 7)),
        (None, late, result(None, 8)),
        (None,),
    ):
        status, start = sent(note, calls(ACTIVE, chart(*results)), "GET", "/")
        assert (status, api.at(start, "creatinine", "value")) == (200, expected), results
    more = [{"relation": "next", "url": f"{FHIR_BASE}/Observation?page=2"}]
    _, start = sent(note, calls(ACTIVE, chart(late, link=more)), "GET", "/")
    assert start["creatinine"] is None


def test_text_that_is_not_unicode_is_previewed_as_it_would_be_stored(
    calls: Maker, note: Note
) -> None:
    made = calls(ACTIVE, chart())
    status, document = sent(note, made, "POST", "/preview", b'{"text": "cut \\ud83d"}')
    data = api.at(document, "content", 0, "attachment", "data")
    assert (status, base64.b64decode(str(data))) == (200, b"cut ?")
