"""Versions of a resource: vread and the history of an instance (FHIR R4 http.html)."""

from typing import Any

from tests.support.app.in_process import InProcess
from tests.support.app.proxy import about, asked, launched, relaunched
from tests.support.ehr.scripted_ehr import Received, Scripted, as_fhir
from tests.support.tables import each

MINE = about("Observation", "o1", "p1")
THEIRS = about("Observation", "o1", "p2", note=[{"text": "sentinel"}])
DELETED = {"request": {"method": "DELETE", "url": "Observation/o1"}, "response": {"status": "204"}}


def _history(*versions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A history; what has a resourceType becomes an entry's resource."""
    entries = [
        {"resource": one, "request": {"method": "PUT"}} if "resourceType" in one else one
        for one in versions
    ]
    return {"resourceType": "Bundle", "type": "history", "entry": entries, **more}


def test_a_version_is_read_like_the_resource(here: InProcess) -> None:
    launch, tenant = launched(here)
    etag = 'W/"2"'

    def versioned(request: Received) -> Scripted:
        unchanged = request.headers.get("If-None-Match") == etag
        return Scripted(304, {"ETag": etag}) if unchanged else as_fhir(MINE, 200, ETag=etag)

    tenant.on("/Observation/o1/_history/2", versioned)
    url = f"{launch.fhir_base}/Observation/o1/_history/2"
    answer = launch.browser.fetch(url)
    assert (answer.status, answer.json(), answer.header("ETag")) == (200, MINE, etag)
    assert launch.browser.fetch(url, {"If-None-Match": etag}).status == 304
    assert [request.path for request in asked(tenant)] == ["/Observation/o1/_history/2"] * 2


def test_a_version_of_another_patients_is_not_released(here: InProcess) -> None:
    launch, tenant = launched(here)
    tenant.on("/Observation/o1/_history/1", as_fhir(THEIRS))
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation/o1/_history/1")
    assert (answer.status, answer.code) == (403, "patient_denied")
    assert "sentinel" not in answer.text


@each("path", ["Patient/p2/_history", "Patient/p2/_history/1", "Binary/b/_history"])
def test_what_may_not_be_read_has_no_versions_either(here: InProcess, path: str) -> None:
    launch, tenant = relaunched(here)
    answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
    assert (answer.status, answer.code, asked(tenant)) == (403, "patient_denied", [])


HISTORIES: list[tuple[dict[str, Any], int, str]] = [
    (_history(MINE), 200, ""),
    (_history(MINE, MINE), 200, ""),
    (_history(DELETED, MINE), 200, ""),
    (_history(MINE, THEIRS), 403, "patient_denied"),
    (_history({"resourceType": "Observation", "id": "o1"}), 403, "patient_denied"),
    # Nothing shows whose it was.
    (_history(DELETED), 403, "patient_denied"),
    (_history(total=3), 403, "patient_denied"),
    (_history(about("Observation", "o2", "p1")), 502, "upstream_invalid"),
    (_history(about("Condition", "o1", "p1")), 502, "upstream_invalid"),
    (_history({"resourceType": "OperationOutcome", "id": "o1"}), 502, "upstream_invalid"),
    (_history({"request": {"method": "PUT"}}), 502, "upstream_invalid"),
    (_history({"fullUrl": "x"}), 502, "upstream_invalid"),
    (_history() | {"entry": [None]}, 502, "upstream_invalid"),
    (_history() | {"entry": {}}, 502, "upstream_invalid"),
    (_history() | {"entry": [{"resource": "x"}]}, 502, "upstream_invalid"),
    (MINE, 502, "upstream_invalid"),
]


@each(("bundle", "status", "code"), HISTORIES)
def test_a_history_is_released_whole_or_not_at_all(
    here: InProcess, bundle: dict[str, Any], status: int, code: str
) -> None:
    launch, tenant = relaunched(here)
    tenant.on("/Observation/o1/_history", as_fhir(bundle))
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation/o1/_history?_count=5")
    assert answer.status == status
    if code:
        assert answer.code == code
        assert "sentinel" not in answer.text
    else:
        assert answer.json() == bundle
    assert [request.query for request in asked(tenant)] == ["_count=5"]


EMPTY = _history(total=0)
NOT_THERE = as_fhir({"resourceType": "OperationOutcome", "issue": []}, 404)
# Google's fhir-gateway 20664e5, for a read, a vread and a history of anything but a Patient.
READS_NOTHING_BY_ID = {
    "resourceType": "OperationOutcome",
    "issue": [
        {
            "severity": "error",
            "code": "processing",
            "diagnostics": "Direct resource fetch is only supported for Patient; "
            "use search for Observation",
        }
    ],
}


@each(
    ("now", "history", "version"),
    [
        (as_fhir(MINE), 200, 404),
        (as_fhir(THEIRS), 403, 403),
        (NOT_THERE, 403, 404),
        (as_fhir({"resourceType": "OperationOutcome", "issue": []}, 410), 403, 403),
    ],
)
def test_the_lack_of_a_version_tells_nothing_about_another_patient(
    here: InProcess, now: Scripted, history: int, version: int
) -> None:
    launch, tenant = relaunched(here)
    tenant.on("/Observation/o1", now)
    tenant.on("/Observation/o1/_history/4", NOT_THERE)
    assert launch.browser.fetch(f"{launch.fhir_base}/Observation/o1/_history/4").status == version
    for empty in (EMPTY, {"resourceType": "Bundle", "type": "history", "entry": []}):
        tenant.on("/Observation/o1/_history", as_fhir(empty))
        url = f"{launch.fhir_base}/Observation/o1/_history?_since=2026-05-06"
        assert launch.browser.fetch(url).status == history


def test_an_ehr_that_reads_nothing_by_id_says_so_itself(here: InProcess) -> None:
    launch, tenant = launched(here)
    for path in ("Observation/o1", "Observation/o1/_history", "Observation/o1/_history/1"):
        tenant.on(f"/{path}", as_fhir(READS_NOTHING_BY_ID, 400))
    for path in ("Observation/o1/_history", "Observation/o1/_history/1"):
        answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
        assert (answer.status, answer.json()) == (400, READS_NOTHING_BY_ID)


def test_the_launchs_own_patient_is_proved_by_its_address(here: InProcess) -> None:
    launch, tenant = launched(here)
    tenant.on("/Patient/p1/_history/4", NOT_THERE)
    tenant.on("/Patient/p1/_history", as_fhir(EMPTY))
    for path, status in (("Patient/p1/_history/4", 404), ("Patient/p1/_history", 200)):
        assert launch.browser.fetch(f"{launch.fhir_base}/{path}").status == status
    assert len(asked(tenant)) == 2


def test_user_scopes_see_every_patients_versions(here: InProcess) -> None:
    launch, tenant = launched(here, "u", scope="user/Observation.r")
    for bundle in (_history(MINE, THEIRS), _history(DELETED)):
        tenant.on("/Observation/o1/_history", as_fhir(bundle))
        answer = launch.browser.fetch(f"{launch.fhir_base}/Observation/o1/_history")
        assert (answer.status, answer.json()) == (200, bundle)


@each("query", ["_elements=code", "_summary=count", "_include=*", "patient=p1"])
def test_parameters_that_a_history_does_not_have_are_refused(here: InProcess, query: str) -> None:
    launch, tenant = relaunched(here)
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation/o1/_history?{query}")
    assert (answer.status, answer.code, asked(tenant)) == (400, "parameter_invalid", [])


def test_further_pages_are_those_of_this_history(here: InProcess) -> None:
    launch, tenant = launched(here)
    link = [{"relation": "next", "url": "?page=2"}]
    pages = [_history(MINE, link=link), _history(THEIRS)]
    tenant.on("/Observation/o1/_history", lambda r: as_fhir(pages["page=2" in r.query]))
    tenant.on("/Observation/o2/_history", as_fhir(_history(about("Observation", "o2", "p1"))))
    first = launch.browser.fetch(f"{launch.fhir_base}/Observation/o1/_history")
    following = first.json()["link"][0]["url"]
    assert following.startswith(f"{launch.fhir_base}/Observation/o1/_history?_page=")
    # The second page is checked as the first one is.
    assert launch.browser.fetch(following).code == "patient_denied"
    assert asked(tenant)[-1].query == "page=2"
    before = len(asked(tenant))
    for elsewhere in ("Observation/o2/_history", "Observation", "Observation/o1"):
        moved = following.replace("Observation/o1/_history", elsewhere)
        answer = launch.browser.fetch(moved)
        if elsewhere == "Observation/o1":
            # A read has no pages, so the parameter goes to the EHR like any other.
            assert answer.status == 404
        else:
            assert (answer.status, answer.code) == (400, "parameter_invalid")
            assert len(asked(tenant)) == before
