"""A conditional read reveals nothing about a resource that a plain read would not release."""

from tests.support.app.app import Launched
from tests.support.app.in_process import InProcess
from tests.support.app.proxy import about, asked, launched, searchset
from tests.support.ehr.scripted_ehr import Received, Scripted, Tenant, as_fhir
from tests.support.tables import each

ETAG, MODIFIED = 'W/"3"', "Wed, 21 Oct 2015 07:28:00 GMT"
CONDITIONS = [
    {"If-None-Match": ETAG},
    {"If-None-Match": "*"},
    {"If-Modified-Since": MODIFIED},
    {"If-None-Match": 'W/"9"', "If-Modified-Since": MODIFIED},
]


def _versioned(
    here: InProcess, path: str, patient: str, group: str = "a"
) -> tuple[Launched, Tenant]:
    """A launch for p1 at an EHR that supports conditions."""
    scope = {"a": "patient/*.rs", "u": "user/*.rs"}[group]
    launch, tenant = launched(here, group, scope=scope)
    kind, name = path.split("/")[:2]
    about_it = {"resourceType": kind, "id": name} if kind == "Patient" else None
    resource = about_it or about(kind, name, patient)

    def handle(request: Received) -> Scripted:
        versions = {"ETag": ETAG, "Last-Modified": MODIFIED}
        if request.headers.get("If-None-Match") in {ETAG, "*"}:
            return Scripted(304, versions)
        if request.headers.get("If-Modified-Since") == MODIFIED:
            return Scripted(304, versions)
        return as_fhir(resource, 200, **versions)

    tenant.on(f"/{path}", handle)
    return launch, tenant


@each("condition", CONDITIONS)
@each("path", ["Observation/o1", "Observation/o1/_history/3"])
def test_a_condition_tells_nothing_about_another_patient(
    here: InProcess, path: str, condition: dict[str, str]
) -> None:
    launch, tenant = _versioned(here, path, "p2")
    plain = launch.browser.fetch(f"{launch.fhir_base}/{path}")
    conditional = launch.browser.fetch(f"{launch.fhir_base}/{path}", condition)
    for answer in (plain, conditional):
        assert (answer.status, answer.code) == (403, "patient_denied")
        assert (answer.header("ETag"), answer.header("Last-Modified")) == (None, None)
    sent = [name for request in asked(tenant) for name in request.headers]
    assert "Authorization" in sent
    assert [name for name in sent if name.lower().startswith("if-")] == []


@each(
    ("condition", "status"),
    [
        (CONDITIONS[0], 304),
        (CONDITIONS[1], 304),
        (CONDITIONS[2], 304),
        # RFC 9110 13.1.3: the date is ignored if the request has tags.
        (CONDITIONS[3], 200),
        ({"If-None-Match": '"3"'}, 304),
        ({"If-None-Match": 'W/"1", W/"3"'}, 304),
        ({"If-None-Match": 'W/"33"'}, 200),
        ({"If-None-Match": "3"}, 200),
        ({"If-Modified-Since": "Wed, 21 Oct 2020 07:28:00 GMT"}, 304),
        ({"If-Modified-Since": "Wed, 21 Oct 2014 07:28:00 GMT"}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Modified-Since": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}, 200),
        ({"If-Modified-Since": "Mon, 01 Jan 2025 99999999999999999999:00:00 GMT"}, 200),
        ({"If-Modified-Since": "Mon, 01 Jan 2025 00:00:00 +99999999999999999"}, 200),
    ],
)
def test_what_is_the_patients_is_compared_after_the_check(
    here: InProcess, condition: dict[str, str], status: int
) -> None:
    launch, _ = _versioned(here, "Observation/o1", "p1")
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation/o1", condition)
    assert (answer.status, answer.header("ETag")) == (status, ETAG)
    assert bool(answer.body) is (status == 200)


def test_a_condition_on_the_launchs_own_patient_goes_to_the_ehr(here: InProcess) -> None:
    launch, tenant = _versioned(here, "Patient/p1", "p1")
    answer = launch.browser.fetch(f"{launch.fhir_base}/Patient/p1", CONDITIONS[0])
    assert (answer.status, answer.body) == (304, b"")
    assert asked(tenant)[0].headers["If-None-Match"] == ETAG


def test_only_a_read_has_a_condition(here: InProcess) -> None:
    launch, tenant = launched(here, "u", scope="user/*.rs")
    tenant.on("/Observation", as_fhir(searchset()))
    headers = CONDITIONS[0]
    assert launch.browser.fetch(f"{launch.fhir_base}/Observation", headers).status == 200
    assert "If-None-Match" not in asked(tenant)[0].headers


def test_under_user_scopes_a_condition_goes_to_the_ehr(here: InProcess) -> None:
    launch, tenant = _versioned(here, "Observation/o1", "p2", "u")
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation/o1", CONDITIONS[0])
    assert answer.status == 304
    assert asked(tenant)[0].headers["If-None-Match"] == ETAG
