"""Jobs as a user writes them, with `smart_calc.api` in this process, at scripted EHRs over HTTP."""

import contextlib
import json
import pickle
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.own import in_flight
from smart_calc import api
from tests.support.app.jobs import SCOPES, Authority, Jobs, failing, refusing
from tests.support.app.reached import reached
from tests.support.ehr.scripted_ehr import Received, Scripted, ScriptedEhr, as_fhir
from tests.support.tables import each


@pytest.fixture
def ehr(scripted: ScriptedEhr) -> Authority:
    return Authority(scripted)


@pytest.fixture
def jobs(ehr: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    return Jobs(tmp_path, monkeypatch, ehr.table("one", tmp_path))


def read(call: api.JobCall) -> api.Reply:
    return api.json(call.backend("one").read("Patient", "p1"))


def lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines() if line[:1] == "{"]


def code_of(work: Any) -> str:
    with pytest.raises(api.SmartError) as refused:
        work()
    return refused.value.code


@each("kind", ["rsa", "p384"])
def test_a_job_reads_as_a_system_with_a_signed_assertion(
    kind: Any, scripted: ScriptedEhr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ehr = Authority(scripted, kind)
    # SMART requires an authorization endpoint only of servers that launch apps.
    del ehr.tenant.discovery["authorization_endpoint"]

    def work(call: api.JobCall) -> api.Reply:
        service = call.backend("one")
        found = service.search("Observation", {"status": "final"}, pages=2)
        born = service.read("Patient", "p2")["id"]
        return api.json(
            [call.method, call.path, call.query, call.json(), len(found.resources), born]
        )

    jobs = Jobs(tmp_path, monkeypatch, ehr.table("one", tmp_path))
    headers = {"Content-Type": "application/json"}
    response = jobs.run(work, "/daily?a=b", headers, body=b"[1]")
    assert response.json == ["POST", "/daily", {"a": "b"}, [1], 2, "p2"]
    (request,) = ehr.tenant.hits("/auth/token")
    assert request.form.keys() == {
        *("grant_type", "scope", "client_assertion_type", "client_assertion")
    }
    assert (request.form["grant_type"], request.form["scope"]) == ("client_credentials", SCOPES)
    (claims,) = ehr.claims
    assert claims["iss"] == claims["sub"] == "service-one"
    assert ehr.tokens == ehr.valid * 2


def test_parallel_callers_fetch_one_token_and_further_runs_use_it(
    ehr: Authority, jobs: Jobs
) -> None:
    issue = ehr.tenant.handlers["/auth/token"]

    def slowly(request: Received) -> Scripted:
        time.sleep(0.2)
        return issue(request)

    ehr.tenant.on("/auth/token", slowly)

    def work(call: api.JobCall) -> api.Reply:
        service = call.backend("one")
        read: list[object] = []
        threads = [
            threading.Thread(target=lambda: read.append(service.read("Patient", "p1")["id"]))
            for _ in range(6)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        return api.json({"read": len(read)})

    for _ in range(2):
        assert jobs.run(work).json == {"read": 6}
    assert len(ehr.claims) == 1
    assert set(ehr.tokens) == set(ehr.valid)


def test_a_refused_token_is_replaced_and_a_read_repeated_but_never_a_change(
    ehr: Authority, jobs: Jobs
) -> None:
    jobs.run(read)
    for _ in range(2):
        ehr.tenant.access_token = "revoked"
        assert jobs.run(read).status_code == 200
    # Two replacements, as each one was accepted before it was revoked.
    assert len(ehr.claims) == 3

    def create(call: api.JobCall) -> api.Reply:
        return api.json(call.backend("one").create({"resourceType": "Observation"}))

    ehr.tenant.on("/Observation", refusing(401))
    assert (response := jobs.run(create)).status_code == 401
    assert (response.json or {})["code"] == "ehr_refused"
    assert len(ehr.tenant.hits("/Observation")) == 1
    assert len(ehr.claims) == 4
    ehr.tenant.on("/Patient/p1", refusing(401))
    before = len(ehr.tenant.hits("/Patient/p1"))
    assert [jobs.run(read).status_code for _ in range(3)] == [401] * 3
    # The first read is repeated with a new token. Another one wouldn't help a moment later.
    assert len(ehr.tenant.hits("/Patient/p1")) - before == 4
    assert len(ehr.claims) == 5


def test_tokens_of_two_jobs_two_ehrs_and_two_bases_never_cross(
    scripted: ScriptedEhr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, base = Authority(scripted), Authority(scripted, "rsa"), Authority(scripted)
    table = one.table("one", tmp_path).replace(
        f'["{one.tenant.base}"]', f'["{one.tenant.base}", "{base.tenant.base}"]'
    )
    tables = (table, other.table("other", tmp_path))
    jobs = [Jobs(tmp_path, monkeypatch, *tables) for _ in range(2)]
    for one_of_two in jobs:
        one_of_two.register()
    rounds = 4
    statuses: list[int] = []

    def work(call: api.JobCall) -> api.Reply:
        services = [
            call.backend("one"),
            call.backend("other"),
            call.backend("one", iss=f"{base.tenant.base}/"),
        ]
        threads = [
            threading.Thread(target=lambda one=one: one.read("Patient", "p1"))
            for one in services * rounds
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return api.json({})

    runs = [
        threading.Thread(target=lambda one=one: statuses.append(one.run(work).status_code))
        for one in jobs
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert statuses == [200, 200]
    for authority, client in (
        (one, "service-one"),
        (other, "service-other"),
        (base, "service-one"),
    ):
        assert [claims["iss"] for claims in authority.claims] == [client]
        assert authority.tokens == authority.valid * 2 * rounds


def test_a_key_can_be_replaced_while_a_job_runs(
    ehr: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    old = Jobs(tmp_path, monkeypatch, ehr.table("one", tmp_path))
    assert old.run(read).status_code == 200
    ehr.published = {"p384", "rsa"}
    ehr.tenant.access_token = "revoked"
    assert old.run(read).status_code == 200
    # The old key is gone. The token that it got is still valid, until the EHR says otherwise.
    ehr.published = {"rsa"}
    assert old.run(read).status_code == 200
    ehr.tenant.access_token = "revoked"
    assert (old.run(read).json or {})["code"] == "token_error"
    (refused,) = [one for one in lines(capfd) if one["event"] == "own_refused"]
    assert refused["cause_id"] == "assertion_key_unknown"
    ehr.kind = "rsa"
    new = Jobs(tmp_path, monkeypatch, ehr.table("one", tmp_path))
    assert new.run(read).status_code == 200


def test_only_granted_and_configured_system_scopes_allow_anything(
    ehr: Authority, jobs: Jobs
) -> None:
    def allowed(call: api.JobCall) -> api.Reply:
        service = call.backend("one")
        tried = (
            lambda: service.read("Patient", "p1"),
            lambda: service.search("Patient"),
            lambda: service.read("Observation", "o1"),
            lambda: service.create({"resourceType": "Observation"}),
            lambda: service.read("Condition", "c1"),
        )
        told: list[api.Json] = []
        for one in tried:
            try:
                one()
                told.append("ok")
            except api.EhrError as error:
                told.append(error.status)
            except api.SmartError as error:
                told.append(error.code)
        return api.json(told)

    no = "scope_denied"
    for scope, expected in (
        # Without `scope`, everything was granted. More than was configured isn't used.
        (None, ["ok", "ok", "ok", 404, no]),
        ("system/*.cruds", ["ok", "ok", "ok", 404, no]),
        ("system/Patient.read", ["ok", "ok", no, no, no]),
        ("system/Patient.r user/Observation.rs patient/Observation.rs", ["ok", no, no, no, no]),
        ("", [no] * 5),
    ):
        ehr.scope = scope
        ehr.tenant.on("/Observation", lambda request: refusing(404))
        ehr.tenant.access_token = "revoked"
        jobs.run(read)
        assert jobs.run(allowed).json == expected, scope


def test_a_missing_scope_is_named_as_the_backend_service_needs_it(
    ehr: Authority, jobs: Jobs, capfd: pytest.CaptureFixture[str]
) -> None:
    ehr.scope = "system/Patient.rs"
    assert jobs.run(lambda call: api.json(call.backend("one").read("Observation", "o1")))
    assert jobs.run(lambda call: api.json(call.backend("one").read("Condition", "c1")))
    told = [one for one in lines(capfd) if one.get("code") == "scope_denied"]
    assert {one.get("needed") for one in told} == {"system/Observation.r", "system/Condition.r"}
    assert {one.get("not_granted") for one in told} == {"system/Observation.cruds", None}


def test_a_backend_of_one_patient_reads_and_writes_no_other(ehr: Authority, jobs: Jobs) -> None:
    def work(call: api.JobCall) -> api.Reply:
        service = call.backend("one", patient="p1")
        assert service.read("Patient", "p1")["id"] == "p1"
        for refused in (
            lambda: service.read("Patient", "p2"),
            lambda: service.read("Observation", "o2"),
            lambda: service.search("Observation"),
            lambda: service.search("Observation", {"patient": "p2"}),
            lambda: service.create(ehr.tenant.resources["Observation/o2"]),
            lambda: service.update(ehr.tenant.resources["Observation/o2"], "*"),
        ):
            assert code_of(refused) == "patient_denied"
        assert code_of(lambda: call.backend("one", patient="Patient/p1")) == "parameter_invalid"
        with pytest.raises(api.SmartError, match=r"isn't about the patient of call\.backend"):
            service.read("Patient", "p2")
        return api.json({})

    assert jobs.run(work).status_code == 200
    # The EHR ignored the patient, so its response was refused.
    assert [one.query for one in ehr.tenant.hits("/Observation")] == ["patient=p1"]
    assert {one.method for one in ehr.tenant.received} == {"GET", "POST"}


def test_nothing_that_a_job_holds_leads_to_a_token_or_a_key(
    ehr: Authority, jobs: Jobs, capfd: pytest.CaptureFixture[str]
) -> None:
    folders: set[str] = set()
    texts: list[str] = []

    def work(call: api.JobCall) -> api.Reply:
        service, errors = call.backend("one"), []
        found = [service.search("Observation")]
        for refused in (
            lambda: service.read("Observation", "missing"),
            lambda: service.read("Practitioner", "x"),
            lambda: call.backend("other"),
            # The EHR repeats the token in its refusal, then refuses a new one.
            lambda: service.read("Patient", "p3"),
        ):
            try:
                refused()
            except (api.SmartError, api.EhrError) as error:
                errors.append(error)
        held = [call, service, *found, *errors]
        leads_to = [*reached(*held)]
        folders.update(type(one).__module__.partition(".")[0] for one in leads_to)
        texts.extend(str(one) for one in leads_to if isinstance(one, str | bytes))
        texts.extend(map(repr, held))
        for one in held:
            with contextlib.suppress(TypeError):
                texts.append(str(pickle.dumps(one)))
        assert len(errors) == 4
        return api.json({})

    jobs.run(read)
    ehr.tenant.on("/Patient/p3", Scripted(401, {}, ehr.valid[0].encode()))
    ehr.tenant.on("/auth/token", failing(401, "invalid_client", f"{ehr.valid[0]} is bad"))
    assert jobs.run(work).status_code == 200
    assert "Patient/p2" in texts
    assert folders.isdisjoint({"shared", "flask", "werkzeug"})
    said = capfd.readouterr()
    everything = "\n".join([*texts, said.out, said.err])
    assertions = [one.form["client_assertion"] for one in ehr.tenant.hits("/auth/token")]
    for secret in (*ehr.valid, *assertions, "PRIVATE KEY"):
        assert secret not in everything
    assert in_flight._requests == {}


def test_what_outlives_the_response_is_of_no_use(ehr: Authority, jobs: Jobs) -> None:
    kept: list[api.Backend] = []

    def work(call: api.JobCall) -> api.Reply:
        kept.append(call.backend("one"))
        return api.json({})

    jobs.run(work)
    with pytest.raises(RuntimeError, match="The response was sent"):
        kept[0].read("Patient", "p1")
    assert ehr.tenant.received == []


def test_each_read_is_logged_with_its_ehr_type_and_number_and_no_patient(
    scripted: ScriptedEhr,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    one, other = Authority(scripted), Authority(scripted)
    jobs = Jobs(tmp_path, monkeypatch, one.table("one", tmp_path), other.table("other", tmp_path))

    def work(call: api.JobCall) -> api.Reply:
        first, second = call.backend("one"), call.backend("other", patient="p2")
        first.search("Observation")
        second.read("Observation", "o2")
        first.read("Patient", "p1")
        with contextlib.suppress(api.EhrError):
            first.read("Patient", "missing-patient")
        return api.json({})

    jobs.run(work)
    logged = lines(capfd)
    read = [line for line in logged if line["event"] == "backend_read"]
    assert [(line["ehr"], line["type"], line["number"]) for line in read] == [
        ("one", "Observation", 2),
        ("other", "Observation", 1),
        ("one", "Patient", 1),
    ]
    served = [(line.get("ehr"), line["event"]) for line in logged]
    assert served.count(("one", "fhir_request")) == 3
    assert served[-1] == (None, "own_answered")
    text = json.dumps(logged)
    assert [name for name in ("p1", "p2", "o2", "missing-patient") if f'"{name}' in text] == []
    assert len({line["correlation_id"] for line in logged}) == 1


@each("header", ["Sec-Fetch-Site", "Origin", "Cookie"])
def test_a_browser_gets_404_from_a_job(header: str, ehr: Authority, jobs: Jobs) -> None:
    for path in ("/", "/health"):
        for method in ("GET", "POST", "OPTIONS"):
            response = jobs.run(read, path, {header: "same-origin"}, method)
            assert (response.status_code, (response.json or {})["code"]) == (404, "not_found")
    assert ehr.tenant.received == []
    assert (jobs.run(read, "/health", method="GET").json or {})["status"] == "ok"


def test_a_base_is_the_first_literal_one_or_one_of_the_entry(
    ehr: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "issuers").mkdir()
    (tmp_path / "issuers/all.txt").write_text("https://ehr.example.org/a\n")
    first = f'iss = ["{ehr.tenant.base}"]'
    table = ehr.table("one", tmp_path)
    wild = table.replace(
        first, 'iss = ["https://ehr.example.org/t/*"]\nissuers = "file:issuers/all.txt"'
    )
    tables = (table, wild.replace('"one"', '"wild"').replace("callback/one", "callback/wild"))

    def work(call: api.JobCall) -> api.Reply:
        with pytest.raises(api.SmartError, match="no literal `iss`"):
            call.backend("wild")
        for iss in ("https://other.example.org/a", ehr.tenant.base, "nonsense"):
            assert code_of(lambda iss=iss: call.backend("wild", iss=iss)) == "iss_not_allowed"
        for iss in ("https://ehr.example.org/t/1", "https://EHR.example.org:443/a"):
            assert call.backend("wild", iss=iss).ehr == "wild"
        assert code_of(lambda: call.backend("nothing")) == "misconfigured"
        return read(call)

    assert Jobs(tmp_path, monkeypatch, *tables).run(work).status_code == 200


@pytest.mark.parametrize(
    ("answer", "code", "cause", "word"),
    [
        (
            failing(400, "invalid_client", "Key not found"),
            "token_error",
            "assertion_key_unknown",
            "key",
        ),
        (
            failing(400, "unauthorized_client"),
            "token_error",
            "grant_not_enabled",
            "client_credentials",
        ),
        (failing(400, "invalid_scope"), "token_error", "scope_not_registered", "scope"),
        (Scripted(503), "token_error", "ehr_side", ""),
        (Scripted(200, {}, b"<html>"), "token_invalid", "ehr_side", ""),
    ],
    ids=["key", "grant", "scope", "down", "page"],
)
def test_a_refused_token_request_is_explained_without_a_launch(
    answer: Scripted,
    code: str,
    cause: str,
    word: str,
    ehr: Authority,
    jobs: Jobs,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ehr.tenant.on("/auth/token", answer)
    assert (response := jobs.run(read)).status_code == 502
    assert (response.json or {})["code"] == code
    (line,) = [one for one in lines(capfd) if one["event"] == "own_refused"]
    assert (line["code"], line["cause_id"]) == (code, cause)
    told = f"{line['cause']} {line['fix']}"
    assert word in told
    assert "aunch the app again" not in told
    assert len(ehr.tenant.hits("/auth/token")) == 1
    # A failure is kept for a moment, so that parallel reads don't all ask again.
    jobs.run(read)
    assert len(ehr.tenant.hits("/auth/token")) == 1


def test_a_job_needs_no_other_secret_than_its_key_and_names_it_where_it_is_missing(
    ehr: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    table = ehr.table(
        "one", tmp_path, 'client_auth = "client_secret_post"\nclient_secret = "env:NO"'
    )
    assert Jobs(tmp_path, monkeypatch, table).run(read).status_code == 200
    (tmp_path / "p384.pem").unlink()
    with pytest.raises(SystemExit):
        Jobs(tmp_path, monkeypatch, table).run(read)
    assert "ehr one: backend_private_key: file:" in capfd.readouterr().err


@pytest.fixture(autouse=True)
def _no_token_of_another_test() -> Iterator[None]:
    from shared.own import backends

    yield
    backends._tokens.clear()


def test_an_ehr_that_takes_no_assertion_or_no_such_key_is_named_before_it_is_asked(
    ehr: Authority, jobs: Jobs
) -> None:
    for member, value in (
        ("token_endpoint_auth_methods_supported", ["client_secret_basic"]),
        ("token_endpoint_auth_signing_alg_values_supported", ["RS384"]),
    ):
        found = {**ehr.tenant.discovery}
        ehr.tenant.discovery[member] = value
        response = jobs.run(read)
        assert (response.json or {})["code"] == "misconfigured"
        ehr.tenant.discovery = found
    assert ehr.tenant.hits("/auth/token") == []


def test_what_a_job_answers_is_for_those_who_run_it_and_no_user(ehr: Authority, jobs: Jobs) -> None:
    def ended(call: api.JobCall) -> api.Reply:
        raise SystemExit

    def missing(call: api.JobCall) -> api.Reply:
        return api.json(call.backend("one").read("Observation", "missing"))

    for work, status, step in (
        (lambda _: api.json(int("text")), 500, "The log lines with the correlation id"),
        (ended, 500, "The log lines with the correlation id"),
        (missing, 404, "`api.EhrError.outcome`"),
    ):
        answer = jobs.run(work).json or {}
        assert answer["status"] == status
        assert step in answer["detail"]
        assert not [one for one in ("aunch", "this page", "administrator") if one in str(answer)]


def test_a_search_that_is_not_complete_says_so(ehr: Authority, jobs: Jobs) -> None:
    def page(request: Received) -> Scripted:
        bundle = {"resourceType": "Bundle", "type": "searchset"}
        entry = [{"resource": ehr.tenant.resources["Observation/o1"]}]
        following = {"relation": "next", "url": f"{ehr.tenant.base}/Observation?page=2"}
        return as_fhir({**bundle, "entry": entry, "link": [following]})

    ehr.tenant.on("/Observation", page)

    def work(call: api.JobCall) -> api.Reply:
        found = call.backend("one").search("Observation", pages=50)
        return api.json([len(found.resources), found.complete])

    assert jobs.run(work).json == [20, False]
