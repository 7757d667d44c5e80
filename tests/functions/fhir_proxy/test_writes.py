"""Create, update, patch and delete reach the EHR once and as they were sent (FHIR R4 http.html)."""

import json
from collections.abc import Callable

from tests.support.app.app import App, Launched
from tests.support.app.in_process import InProcess
from tests.support.app.proxy import (
    about,
    asked,
    launched,
    post_search,
    raw_exchange,
    relaunched,
    unprotected,
)
from tests.support.app.writes import PATCH_JSON, REPLACE_STATUS, keep, send, written
from tests.support.browser.browser import Answer
from tests.support.ehr.scripted_ehr import HANG_UP, Received, Scripted, Tenant, as_fhir
from tests.support.tables import each

OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}
MINE = about("Observation", "o1", "p1")
# Text that parsing and serializing would change.
TELLING = (
    b'{ "resourceType":"Observation",\t"id":"o1", "subject":{"reference" : "Patient/p1"},\r\n'
    b' "valueQuantity":{"value":1.50,"x":0.1000000000000000055,"n":12345678901234567890},'
    b'"note":[{"text":"Zo\\u00eb \xc3\xab"}] }\n'
)


def test_a_resource_is_created_with_the_bytes_that_were_sent(writing: App) -> None:
    launch, tenant = launched(writing, "w", scope="patient/*.c")
    location = f"{tenant.base}/Observation/new/_history/1"
    created = Scripted(201, {"Location": location, "ETag": 'W/"1"'})
    tenant.on("/Observation", created)
    answer = send(launch, "POST", "Observation", TELLING)
    assert (answer.status, answer.body, answer.header("ETag")) == (201, b"", 'W/"1"')
    assert answer.location == f"{launch.fhir_base}/Observation/new/_history/1"
    assert unprotected(answer) == {}
    (request,) = asked(tenant)
    assert (request.method, request.path, request.query) == ("POST", "/Observation", "")
    assert request.body == TELLING
    assert request.headers["Content-Type"] == "application/fhir+json"
    assert request.headers["Authorization"] == f"Bearer {tenant.access_token}"


def test_an_update_under_patient_scopes_looks_at_the_resource_first(writing: App) -> None:
    launch, tenant = launched(writing, "w", scope="patient/*.ru")
    keep(tenant, MINE, as_fhir(MINE, 200, ETag='W/"8"'), ETag='W/"7"')
    answer = send(launch, "PUT", "Observation/o1", TELLING)
    assert (answer.status, answer.json(), answer.header("ETag")) == (200, MINE, 'W/"8"')
    read, update = asked(tenant)
    assert (read.method, update.method, update.body) == ("GET", "PUT", TELLING)
    # The update applies to the version that was checked.
    assert update.headers["If-Match"] == 'W/"7"'


def test_a_patch_goes_out_as_one(writing: App) -> None:
    launch, tenant = launched(writing, "w", scope="patient/*.ru")
    keep(tenant, MINE, as_fhir(MINE))
    answer = send(launch, "PATCH", "Observation/o1", REPLACE_STATUS)
    assert (answer.status, answer.json()) == (200, MINE)
    (request,) = written(tenant)
    assert (request.method, json.loads(request.body)) == ("PATCH", REPLACE_STATUS)
    assert request.headers["Content-Type"] == PATCH_JSON


def test_a_deletion_carries_no_body(writing: App) -> None:
    launch, tenant = launched(writing, "w", scope="patient/*.d")
    keep(tenant, MINE, Scripted(204))
    answer = send(launch, "DELETE", "Observation/o1")
    assert (answer.status, answer.body) == (204, b"")
    (request,) = written(tenant)
    assert (request.method, request.path, request.body) == ("DELETE", "/Observation/o1", b"")
    assert "Content-Type" not in request.headers


@each(
    ("method", "path", "document"),
    [
        ("POST", "Observation", MINE | {"subject": {"reference": "Patient/p2"}}),
        ("PUT", "Observation/o1", MINE | {"subject": {"reference": "Patient/p2"}}),
        ("PATCH", "Observation/o1", [{"op": "remove", "path": "/subject"}]),
        ("DELETE", "Observation/o1", None),
        ("PUT", "Practitioner/d1", {"resourceType": "Practitioner", "id": "d1"}),
        ("POST", "Binary", {"resourceType": "Binary", "contentType": "text/plain"}),
    ],
)
def test_user_scopes_write_for_every_patient_with_one_call(
    writing: App, method: str, path: str, document: object
) -> None:
    launch, tenant = relaunched(writing, "v", scope="user/*.cud")
    tenant.on(f"/{path}", Scripted(200))
    assert send(launch, method, path, document).status == 200
    assert [request.method for request in asked(tenant)] == [method]


Ask = Callable[[Launched], Answer]
INTERACTIONS: dict[str, tuple[str, Ask]] = {
    "create": ("c", lambda launch: send(launch, "POST", "Observation", MINE)),
    "read": ("r", lambda launch: launch.browser.fetch(f"{launch.fhir_base}/Observation/o1")),
    "vread": (
        "r",
        lambda launch: launch.browser.fetch(f"{launch.fhir_base}/Observation/o1/_history/1"),
    ),
    "history": (
        "r",
        lambda launch: launch.browser.fetch(f"{launch.fhir_base}/Observation/o1/_history"),
    ),
    "update": ("u", lambda launch: send(launch, "PUT", "Observation/o1", MINE)),
    "patch": ("u", lambda launch: send(launch, "PATCH", "Observation/o1", REPLACE_STATUS)),
    "delete": ("d", lambda launch: send(launch, "DELETE", "Observation/o1")),
    "search": (
        "s",
        lambda launch: launch.browser.fetch(f"{launch.fhir_base}/Observation?patient=p1"),
    ),
    "search by POST": ("s", lambda launch: post_search(launch, "Observation", b"patient=p1")),
}


@each(("group", "level"), [("w", "patient"), ("v", "user")])
@each(
    ("suffix", "letters"),
    [
        *((letter, letter) for letter in "cruds"),
        *(("write", "cud"), ("read", "rs"), ("*", "cruds"), ("sr", "")),
    ],
)
def test_each_letter_allows_its_interactions_only(
    here: InProcess, group: str, level: str, suffix: str, letters: str
) -> None:
    launch, tenant = relaunched(here, group, scope=f"{level}/Observation.{suffix}")
    keep(tenant, MINE)
    tenant.on("/Observation/o1/_history/1", as_fhir(MINE))
    bundle = as_fhir({"resourceType": "Bundle", "type": "history"})
    tenant.on("/Observation/o1/_history", bundle)
    tenant.on("/Observation", lambda r: Scripted(201) if r.method == "POST" else bundle)
    tenant.on("/Observation/_search", bundle)
    for name, (letter, ask) in INTERACTIONS.items():
        before = len(asked(tenant))
        answer = ask(launch)
        if letter in letters:
            assert answer.status in {200, 201}, name
        else:
            assert (answer.status, answer.code, len(asked(tenant))) == (
                403,
                "scope_denied",
                before,
            ), name


@each(("group", "level"), [("w", "patient"), ("v", "user")])
def test_a_finer_grained_scope_covers_no_write(writing: App, group: str, level: str) -> None:
    scope = f"{level}/Observation.cu?category=laboratory"
    launch, tenant = relaunched(writing, group, scope=scope)
    for answer in (
        send(launch, "POST", "Observation", MINE),
        send(launch, "PUT", "Observation/o1", MINE),
        send(launch, "PATCH", "Observation/o1", REPLACE_STATUS),
    ):
        assert (answer.status, answer.code) == (403, "scope_denied")
    assert asked(tenant) == []


@each("status", [400, 404, 405, 409, 410, 412, 415, 422, 428, 429, 503])
def test_the_ehrs_own_refusal_is_relayed(writing: App, status: int) -> None:
    launch, tenant = relaunched(writing, "w", scope="patient/*.u")
    keep(tenant, MINE, as_fhir(OUTCOME, status))
    answer = send(launch, "PUT", "Observation/o1", MINE, If_Match='W/"2"')
    assert (answer.status, answer.json()) == (status, OUTCOME)
    (request,) = written(tenant)
    assert request.headers["If-Match"] == 'W/"2"'


@each(
    "failed",
    [
        HANG_UP,
        Scripted(500),
        as_fhir(OUTCOME, 502),
        Scripted(202, {"Content-Location": "/jobs/1"}),
        Scripted(200, {"Content-Type": "text/html"}, b"<h1>Please sign in</h1>"),
        Scripted(201, {"Content-Type": "application/fhir+json"}, b'{"resourceType":'),
        Scripted(303, {"Location": "/elsewhere"}),
        Scripted(304),
    ],
)
def test_an_uncertain_outcome_is_told_and_nothing_is_sent_twice(
    writing: App, failed: Scripted
) -> None:
    launch, tenant = relaunched(writing, "w", scope="patient/*.cud")
    keep(tenant, MINE, failed)
    tenant.on("/Observation", failed)
    for method, path, document in (
        ("POST", "Observation", MINE),
        ("PUT", "Observation/o1", MINE),
        ("PATCH", "Observation/o1", REPLACE_STATUS),
        ("DELETE", "Observation/o1", None),
    ):
        answer = send(launch, method, path, document)
        if (method, failed.status) == ("PATCH", 304):
            # Without r, it's a success: tests/functions/fhir_proxy/test_patched_result.py.
            continue
        assert answer.status == 502, method
        assert answer.code in {"upstream_unreachable", "upstream_invalid"}
        assert "unknown whether the EHR made the change" in answer.text
        assert "sign in" not in answer.text
    assert [request.method for request in written(tenant)] == ["POST", "PUT", "PATCH", "DELETE"]


@each(
    ("returned", "status", "code"),
    [
        # What may come back: tests/shared/fhir/test_policy.py.
        (MINE, 200, ""),
        (about("Observation", "o1", "p2", note="sentinel"), 403, "patient_denied"),
    ],
)
@each("method", ["PUT", "PATCH"])
def test_what_the_ehr_returns_of_a_write_is_checked_like_a_read(
    writing: App, method: str, returned: dict[str, object], status: int, code: str
) -> None:
    launch, tenant = relaunched(writing, "w", scope="patient/*.ru")
    keep(tenant, MINE, as_fhir(returned))
    document: object = MINE if method == "PUT" else REPLACE_STATUS
    answer = send(launch, method, "Observation/o1", document)
    assert answer.status == status
    if code:
        assert answer.code == code
        assert "made the change" in answer.text
        assert "sentinel" not in answer.text
    else:
        assert answer.json() == returned


@each(
    ("given", "sent"),
    [
        ("return=minimal", "return=minimal"),
        ("return=representation", "return=representation"),
        ("return=OperationOutcome", "return=OperationOutcome"),
        ("respond-async", None),
        ("respond-async, return=minimal", "return=minimal"),
        ("handling=lenient", None),
        ("return=all", None),
        ("", None),
    ],
)
def test_of_the_preferences_only_what_to_return_passes(
    writing: App, given: str, sent: str | None
) -> None:
    launch, tenant = relaunched(writing, "w", scope="patient/*.cr")
    tenant.on("/Observation", Scripted(201))
    assert send(launch, "POST", "Observation", MINE, Prefer=given).status == 201
    assert asked(tenant)[0].headers.get("Prefer") == sent


@each(
    ("given", "seen"),
    [
        ("{ehr}/Observation/n", "{proxy}/Observation/n"),
        ("{ehr}/Observation/n/_history/1", "{proxy}/Observation/n/_history/1"),
        ("Observation/n/_history/1", "{proxy}/Observation/n/_history/1"),
        ("https://evil.example/Observation/n", None),
        ("{ehr}x/Observation/n", None),
        ("/Observation/n", None),
        ("{ehr}/Patient/n", None),
        ("{ehr}/Observation", None),
        ("{ehr}/Observation/n?x=y", None),
        ("{ehr}/Observation/../../n", None),
        ("{ehr}/Observation/n%2f..", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
@each("name", ["Location", "Content-Location"])
def test_where_it_lies_is_told_as_an_address_of_the_proxy(
    writing: App, name: str, given: str, seen: str | None
) -> None:
    launch, tenant = relaunched(writing, "w", scope="patient/*.c")
    tenant.on("/Observation", Scripted(201, {name: given.format(ehr=tenant.base)}))
    answer = send(launch, "POST", "Observation", MINE)
    assert answer.status == 201
    assert answer.header(name) == (seen and seen.format(proxy=launch.fhir_base))


def test_no_other_header_passes_either_way(writing: App) -> None:
    launch, tenant = launched(writing, "w", scope="patient/*.c")
    hostile = {"Set-Cookie": "x=sentinel", "WWW-Authenticate": "sentinel", "X-Other": "sentinel"}
    tenant.on("/Observation", as_fhir(MINE, 201, **hostile, Refresh="0; url=sentinel"))
    own = {"Authorization": "Bearer x", "X_Secret": "x", "X_Forwarded_For": "x", "Range": "bytes"}
    answer = send(launch, "POST", "Observation", MINE, **own, X_HTTP_Method_Override="DELETE")
    assert answer.status == 201
    assert "sentinel" not in " ".join(value for _, value in answer.headers)
    (request,) = asked(tenant)
    assert {name.lower() for name in request.headers} == {
        *("host", "user-agent", "accept", "accept-encoding", "authorization"),
        *("content-type", "content-length"),
    }
    assert request.headers["Authorization"] == f"Bearer {tenant.access_token}"


def test_the_log_names_the_interaction_and_holds_nothing_of_the_resource(writing: App) -> None:
    launch, tenant = launched(writing, "w", scope="patient/*.c")
    tenant.on("/Observation", Scripted(201))
    answer = send(launch, "POST", "Observation", MINE | {"note": [{"text": "sentinel-note"}]})
    correlation = answer.header("X-Correlation-Id")
    (line,) = [one for one in writing.log_lines() if one["correlation_id"] == correlation]
    assert (line["event"], line["message"], line["status"]) == ("fhir_request", "create", 201)
    assert "sentinel-note" not in writing.server.log.read_text(encoding="utf-8")


def _of_patient(tenant: Tenant, *, is_there: bool) -> None:
    def handle(request: Received) -> Scripted:
        if request.method == "PUT":
            return Scripted(201)
        return as_fhir(MINE) if is_there else as_fhir(OUTCOME, 404)

    tenant.on("/Observation/o1", handle)


def test_an_update_may_create_what_is_not_there(writing: App) -> None:
    launch, tenant = launched(writing, "w", scope="patient/*.u")
    _of_patient(tenant, is_there=False)
    assert send(launch, "PUT", "Observation/o1", MINE).status == 201
    assert [request.method for request in asked(tenant)] == ["GET", "PUT"]
    (update,) = written(tenant)
    assert "If-Match" not in update.headers
    # What the token cannot see, or came in between, is not to be replaced (RFC 9110 13.1.2).
    assert update.headers["If-None-Match"] == "*"


@each(
    ("start", "status"),
    [
        ("POST {p}", 405),
        ("POST {p}/Observation/_search", 415),
        ("POST {p}/Observation", 415),
        ("GET {p}/Observation/o1", 200),
    ],
)
def test_a_body_that_nobody_reads_is_never_a_request_of_its_own(
    writing: App, start: str, status: int
) -> None:
    launch, tenant = relaunched(writing, "w", scope="patient/*.cruds")
    keep(tenant, about("Observation", "o1", "p1"))
    origin, _, handle = launch.fhir_base.partition("/fhir_proxy/")
    path = f"/fhir_proxy/{handle}"
    cookies = "; ".join(f"{name}={value}" for name, value in launch.browser.cookies().items())
    head = f" HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\nSec-Fetch-Site: same-origin\r\n"
    hidden = f"DELETE {path}/Observation/o1{head}\r\n"
    outer = f"{start.format(p=path)}{head}Content-Length: {len(hidden)}\r\n\r\n"
    last = f"GET {path}/metadata/x{head}Connection: close\r\n\r\n"
    answers = raw_exchange(origin, f"{outer}{hidden}{last}".encode())
    seen = [int(one[:3]) for one in answers.split(b"HTTP/1.1 ")[1:]]
    assert seen == [status, 400]
    assert written(tenant) == []
