"""What a launch's scopes let through: granted ∩ configured (SMART 2.2, scopes). What each letter
allows is in test_writes.py, and which texts are scopes in tests/shared/test_scopes.py.
"""

from typing import Any
from urllib.parse import parse_qsl, quote

from tests.support.app.in_process import InProcess
from tests.support.app.proxy import about, asked, launched, post_search, relaunched, searchset
from tests.support.ehr.scripted_ehr import Tenant, as_fhir
from tests.support.tables import each

LAB = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
FINER = f"patient/Observation.rs?category={LAB}"


CATEGORIES = [
    {"coding": [{"system": LAB.partition("|")[0], "code": code}]}
    for code in ("laboratory", "vital-signs")
]


def _observations(tenant: Tenant) -> None:
    observation = about("Observation", "o1", "p1", category=CATEGORIES)
    tenant.resources["Observation/o1"] = observation
    tenant.on("/Observation/_search", as_fhir(searchset(observation)))


def test_a_refusal_is_a_forbidden_outcome_that_names_the_scope(here: InProcess) -> None:
    launch, tenant = launched(here, "n", scope="patient/Patient.r")
    cases = {
        # Configured, so asked for, and not among the granted.
        "Observation/o1": ("patient/Observation.r ", "was requested but not granted"),
        "Observation": ("patient/Observation.s ", "was requested but not granted"),
        "Condition": ("patient/Condition.s ", "was requested but not granted"),
        # Never asked for.
        "Condition/c1": ("patient/Condition.r ", "the configured scopes don't include one"),
        "Patient": ("patient/Patient.s ", "the configured scopes don't include one"),
        "Encounter": ("patient/Encounter.s ", "the configured scopes don't include one"),
    }
    for path, (needed, why) in cases.items():
        answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
        assert (answer.status, answer.code) == (403, "scope_denied")
        (issue,) = answer.json()["issue"]
        assert issue["code"] == "forbidden"
        assert needed in issue["diagnostics"]
        assert why in issue["diagnostics"]
    assert asked(tenant) == []


@each(
    ("path", "status"),
    [
        ("Patient/p1", 200),
        ("Patient?_id=p1", 403),
        ("Condition/c1", 403),
    ],
)
def test_a_broader_grant_does_not_widen_what_the_app_may_do(
    here: InProcess, path: str, status: int
) -> None:
    launch, tenant = relaunched(here, "n", scope="patient/*.cruds user/*.cruds system/*.cruds")
    tenant.resources["Condition/c1"] = about("Condition", "c1", "p1")
    answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
    assert answer.status == status
    if status == 403:
        assert (answer.code, asked(tenant)) == ("scope_denied", [])


def test_a_user_grant_does_not_lift_a_configured_patient_scope(here: InProcess) -> None:
    launch, tenant = launched(here, "n", scope="user/*.cruds")
    answer = launch.browser.fetch(f"{launch.fhir_base}/Patient/p2")
    assert (answer.code, asked(tenant)) == ("patient_denied", [])


@each(
    ("query", "sent"),
    [
        ("patient=p1&code=x", [("patient", "p1"), ("code", "x"), ("category", LAB)]),
        ("code=x", [("code", "x"), ("category", LAB), ("patient", "p1")]),
        (f"patient=p1&category={quote(LAB)}", [("patient", "p1"), ("category", LAB)]),
        # Repeated parameters are joined by AND: nothing but laboratory can match.
        (
            "patient=p1&category=vital-signs",
            [("patient", "p1"), ("category", "vital-signs"), ("category", LAB)],
        ),
        (
            "patient=p1&category=vital-signs,laboratory",
            [("patient", "p1"), ("category", "vital-signs,laboratory"), ("category", LAB)],
        ),
    ],
)
def test_a_finer_grained_scope_narrows_a_search(
    here: InProcess, query: str, sent: list[tuple[str, str]]
) -> None:
    launch, tenant = relaunched(here, scope=FINER)
    _observations(tenant)
    assert launch.browser.fetch(f"{launch.fhir_base}/Observation?{query}").status == 200
    (request,) = asked(tenant)
    assert parse_qsl(request.query) == sent
    # The EHR must not ignore an added parameter. If none was added, the app decides.
    added = len(sent) > query.count("&") + 1
    assert request.headers.get("Prefer") == ("handling=strict" if added else None)


def test_a_finer_grained_scope_narrows_a_search_by_post(here: InProcess) -> None:
    launch, tenant = launched(here, scope=FINER)
    _observations(tenant)
    assert post_search(launch, "Observation", b"code=x").status == 200
    (request,) = asked(tenant)
    assert request.form == {"code": "x", "category": LAB, "patient": "p1"}


def test_a_read_cannot_be_narrowed_and_is_refused(here: InProcess) -> None:
    launch, tenant = launched(here, scope=FINER)
    _observations(tenant)
    for path in ("Observation/o1", f"Observation/o1?category={quote(LAB)}"):
        answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
        assert (answer.status, answer.code) == (403, "scope_denied")
    assert asked(tenant) == []


def test_of_several_finer_grained_scopes_a_search_names_one(here: InProcess) -> None:
    scope = "patient/Observation.rs?category=laboratory patient/Observation.rs?category=vital-signs"
    launch, tenant = launched(here, scope=scope)
    _observations(tenant)
    base = f"{launch.fhir_base}/Observation?patient=p1"
    assert launch.browser.fetch(f"{base}&category=vital-signs").status == 200
    assert launch.browser.fetch(f"{base}&category=laboratory").status == 200
    for query in ("", "&category=social-history", "&category=laboratory,vital-signs"):
        answer = launch.browser.fetch(base + query)
        assert (answer.status, answer.code) == (403, "scope_denied")
    assert len(asked(tenant)) == 2


def test_a_scope_without_parameters_lifts_one_with(here: InProcess) -> None:
    launch, tenant = launched(here, scope=f"{FINER} patient/Observation.rs")
    _observations(tenant)
    assert launch.browser.fetch(f"{launch.fhir_base}/Observation?patient=p1").status == 200
    assert launch.browser.fetch(f"{launch.fhir_base}/Observation/o1").status == 200
    assert asked(tenant)[0].query == "patient=p1"


@each(
    ("query", "sent", "everybody"),
    [
        ("code=x", [("code", "x"), ("patient", "p1")], False),
        ("category=vital-signs", [("category", "vital-signs"), ("patient", "p1")], False),
        ("category=laboratory", [("category", "laboratory")], True),
    ],
)
def test_a_patient_scope_and_a_narrow_user_scope_never_make_a_wide_user_scope(
    here: InProcess, query: str, sent: list[tuple[str, str]], everybody: bool
) -> None:
    scope = "user/Observation.rs?category=laboratory patient/Observation.rs"
    launch, tenant = relaunched(here, "u", scope=scope)
    link = [{"relation": "next", "url": "?page=2"}]
    answers = [
        searchset(about("Observation", patient, patient, category=CATEGORIES), link=link)
        for patient in ("p1", "p2")
    ]
    tenant.on("/Observation", lambda r: as_fhir(answers["page=2" in r.query]))
    first = launch.browser.fetch(f"{launch.fhir_base}/Observation?{query}")
    assert parse_qsl(asked(tenant)[0].query) == sent
    second = launch.browser.fetch(first.json()["link"][0]["url"])
    assert second.status == (200 if everybody else 403)
    read = launch.browser.fetch(f"{launch.fhir_base}/Observation/o2")
    assert read.status == 404


def _found(*codes: str, code: str = "x", resource_id: str = "o1") -> dict[str, Any]:
    """An Observation of p1 with its categories, as from laboratories and wards."""
    return about(
        "Observation",
        resource_id,
        "p1",
        status="final",
        code={"coding": [{"system": "http://loinc.org", "code": code}]},
        **({"category": [{"coding": [{"code": one}]} for one in codes]} if codes else {}),
    )


WIDENING = "patient/Observation.rs?category=laboratory"


@each(
    ("query", "resource", "status"),
    [
        # An EHR that joins the two by OR, or takes the first.
        ("category=vital-signs", _found("vital-signs"), 502),
        ("category=vital-signs", _found(), 502),
        ("category=vital-signs", _found("vital-signs", "laboratory"), 200),
        ("category:not=laboratory", _found("vital-signs"), 502),
        ("Category=vital-signs", _found("vital-signs"), 502),
        ("code=x", _found("vital-signs"), 502),
        ("code=x", _found("laboratory"), 200),
        ("code=x&_elements=code,category", _found("vital-signs"), 502),
        ("code=x&_elements=code,category", _found("laboratory"), 200),
        # One parameter cannot be taken for another: what shows no category is believed.
        ("code=x", _found(), 200),
        ("category=laboratory&category=vital-signs", _found("vital-signs"), 502),
        ("category=laboratory", _found("laboratory"), 200),
    ],
)
def test_what_a_finer_grained_scope_does_not_cover_is_not_released(
    here: InProcess, query: str, resource: dict[str, Any], status: int
) -> None:
    launch, tenant = relaunched(here, scope=WIDENING)
    link = [{"relation": "next", "url": "?page=2"}]
    pages = [searchset(_found("laboratory"), link=link), searchset(resource)]
    tenant.on("/Observation", lambda request: as_fhir(pages["page=2" in request.query]))
    first = launch.browser.fetch(f"{launch.fhir_base}/Observation?{query}")
    assert first.status == 200
    further = launch.browser.fetch(first.json()["link"][0]["url"])
    tenant.on("/Observation", as_fhir(searchset(resource)))
    for answer in (further, launch.browser.fetch(f"{launch.fhir_base}/Observation?{query}")):
        assert answer.status == status
        if status == 502:
            assert answer.code == "upstream_invalid"


@each(
    ("scope", "query"),
    [
        ("category=laboratory", "category=vital-signs&_summary=count"),
        # The answer would not show what it was found by.
        ("category=laboratory", "_summary=text"),
        ("category=laboratory", "_elements:exclude=category"),
        ("category=laboratory", "category=vital-signs&_count=0"),
        ("category=laboratory", "category=vital-signs&_count=00"),
        ("date=ge2020", "date=ge2000"),
        ("code:in=http://x/vs", "code=x"),
        ("code:in=http://x/vs", "code:in=http://y/vs"),
    ],
)
def test_a_search_that_could_widen_a_finer_grained_scope_unseen_is_refused(
    here: InProcess, scope: str, query: str
) -> None:
    launch, tenant = relaunched(here, scope=f"patient/Observation.rs?{scope}")
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation?{query}")
    assert (answer.status, answer.code, asked(tenant)) == (403, "scope_denied", [])


@each("scope", ["code:in=http://x/vs", "_filter=x", "subject.name=x", "a&b=c"])
def test_parameters_of_a_scope_that_are_not_understood_are_sent_as_they_are(
    here: InProcess, scope: str
) -> None:
    launch, tenant = relaunched(here, scope=f"patient/Observation.rs?{scope}")
    _observations(tenant)
    assert launch.browser.fetch(f"{launch.fhir_base}/Observation?patient=p1").status == 200
    sent = parse_qsl(asked(tenant)[0].query, keep_blank_values=True)
    assert set(parse_qsl(scope, keep_blank_values=True)) <= set(sent)


REACHING = [
    # R4 doesn't define the types that these reach.
    "Observation?_include=*",
    "Observation?_include=Observation:focus",
    "Observation?_include=Observation:vendors-own",
    "Observation?_include=Observation:encounter:Practitioner",
    "Observation?_include:iterate=Observation:performer:Nothing",
    "Observation?_include=Vendor:patient",
    "Observation?_revinclude=*",
    "Observation?_list=42",
    "Observation?_contained=both",
    "Observation?_type=Condition",
]


@each("path", REACHING)
def test_reaching_other_types_needs_a_scope_for_all(here: InProcess, path: str) -> None:
    launch, tenant = relaunched(here, scope="patient/Observation.rs patient/Patient.rs")
    answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
    assert (answer.status, answer.code) == (403, "scope_denied")
    assert "patient/*.rs" in answer.text
    posted = post_search(launch, "Observation", path.partition("?")[2].encode())
    assert (posted.status, posted.code) == (403, "scope_denied")
    assert asked(tenant) == []


INCLUDING = [
    ("Observation?_include=Observation:subject", "Patient.r"),
    ("Observation?_include=Observation:patient", "Patient.r"),
    ("Observation?_include:iterate=Observation:encounter", "Encounter.r EpisodeOfCare.r"),
    ("Observation?_include=Observation:device", "Device.r"),
    ("Observation?_include=Observation:performer:Practitioner", "Practitioner.r"),
    ("Observation?_include=Observation:focus:Condition", "Condition.r"),
    ("Observation?_revinclude=DiagnosticReport:result", "DiagnosticReport.r"),
    ("PractitionerRole?_include=PractitionerRole:practitioner", "Practitioner.r"),
]


@each(("path", "scopes"), INCLUDING)
def test_an_include_needs_a_scope_for_each_type_that_it_can_return(
    here: InProcess, path: str, scopes: str
) -> None:
    others = [f"patient/{one}" for one in scopes.split()]
    resource_type = path.partition("?")[0]
    for missing in others:
        had = " ".join({f"patient/{resource_type}.rs", *others} - {missing})
        launch, tenant = relaunched(here, scope=had)
        answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
        assert (answer.status, answer.code, asked(tenant)) == (403, "scope_denied", [])
        assert missing in answer.text
    launch, tenant = relaunched(here, scope=" ".join({f"patient/{resource_type}.rs", *others}))
    tenant.on(f"/{resource_type}", as_fhir(searchset()))
    assert launch.browser.fetch(f"{launch.fhir_base}/{path}").status == 200
    assert len(asked(tenant)) == 1


@each(
    "path",
    ["Observation?_revinclude=Provenance:target", "Observation?_include=Observation:focus:Group"],
)
@each("scope", ["patient/*.rs", "patient/Observation.rs"])
def test_an_include_of_what_is_no_patients_is_refused(
    here: InProcess, path: str, scope: str
) -> None:
    launch, tenant = relaunched(here, scope=scope)
    answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
    assert (answer.code, asked(tenant)) == ("patient_denied", [])


def test_an_included_resource_that_no_scope_covers_is_not_released(here: InProcess) -> None:
    launch, tenant = relaunched(here, scope="patient/Observation.rs patient/Patient.r")
    found = about("Observation", "o1", "p1"), about("Encounter", "e1", "p1")
    tenant.on("/Observation", as_fhir(searchset(*found)))
    url = f"{launch.fhir_base}/Observation?_include=Observation:subject"
    answer = launch.browser.fetch(url)
    assert (answer.status, answer.code) == (502, "upstream_invalid")


@each("scope", ["patient/*.rs", "patient/*.r patient/*.s", "patient/*.read"])
def test_scopes_for_all_types_allow_it(here: InProcess, scope: str) -> None:
    launch, tenant = relaunched(here, scope=scope)
    observation = about("Observation", "o1", "p1")
    tenant.on("/Observation", as_fhir(searchset(observation, tenant.resources["Patient/p1"])))
    url = f"{launch.fhir_base}/Observation?patient=p1&_include=Observation:subject"
    assert launch.browser.fetch(url).status == 200
    assert asked(tenant)[0].query == "patient=p1&_include=Observation%3Asubject"


ASKING = [
    "Observation?subject.name=x",
    "Observation?patient.name=x",
    "Observation?subject:Patient.name=x",
    "Observation?performer:Practitioner.name=x",
    "Observation?_has:DiagnosticReport:result:status=final",
    "Observation?_HAS:DiagnosticReport:result:status=final",
    "Observation?_filter=name%20eq%20x",
    "Patient?general-practitioner:Practitioner._has:Patient:general-practitioner:name=x",
    "Patient?_has:Observation:patient:code=x",
    "Practitioner?_has:Patient:general-practitioner:_id=p2",
]


@each("path", ASKING)
@each("scope", ["patient/*.rs", "patient/*.cruds user/Practitioner.rs"])
def test_what_asks_about_other_resources_needs_user_scopes_for_all(
    here: InProcess, path: str, scope: str
) -> None:
    launch, tenant = relaunched(here, scope=scope)
    resource_type, _, query = path.partition("?")
    answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
    posted = post_search(launch, resource_type, query.encode())
    for one in (answer, posted):
        assert (one.status, one.code) == (403, "scope_denied")
        assert "user/*.rs" in one.text
    assert asked(tenant) == []


@each("path", ASKING)
def test_user_scopes_for_all_types_may_ask(here: InProcess, path: str) -> None:
    launch, tenant = relaunched(here, "u", scope="user/*.r user/*.s")
    for resource_type in ("Observation", "Practitioner", "Patient"):
        tenant.on(f"/{resource_type}", as_fhir(searchset()))
    assert launch.browser.fetch(f"{launch.fhir_base}/{path}").status == 200
    assert len(asked(tenant)) == 1


@each("name", ["_query", "_QUERY", "_query:x"])
def test_the_parameter_query_is_refused_whatever_the_scopes(here: InProcess, name: str) -> None:
    launch, tenant = relaunched(here, "u", scope="user/*.rs")
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation?{name}=everything")
    assert (answer.status, answer.code, asked(tenant)) == (403, "scope_denied", [])


@each("name", ["_has%20", "%20_has:x", "_h%2561s", "pati%00ent", "a%5Cb", ""])
def test_a_name_that_a_server_might_read_as_another_is_refused(here: InProcess, name: str) -> None:
    launch, tenant = relaunched(here, "u", scope="user/*.rs")
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation?{name}=x")
    assert (answer.status, answer.code, asked(tenant)) == (400, "parameter_invalid", [])


OUTSIDE = [
    "Practitioner?_revinclude=Observation:performer",
    "Practitioner?_has:Observation:performer:patient=p2",
    "Practitioner?name=x&_include=*",
]


@each("path", OUTSIDE)
@each("scope", ["patient/*.rs", "patient/*.rs user/Practitioner.rs"])
def test_a_search_that_is_held_to_no_patient_reaches_none(
    here: InProcess, path: str, scope: str
) -> None:
    launch, tenant = relaunched(here, scope=scope)
    answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
    assert (answer.status, answer.code, asked(tenant)) == (403, "scope_denied", [])
    assert "require user/" in answer.text or "user/*.rs" in answer.text


@each("path", OUTSIDE)
def test_user_scopes_for_all_types_reach_every_patient(here: InProcess, path: str) -> None:
    launch, tenant = relaunched(here, "u", scope="user/*.rs")
    practitioner = {"resourceType": "Practitioner", "id": "d1"}
    tenant.on("/Practitioner", as_fhir(searchset(practitioner, about("Observation", "o", "p2"))))
    assert launch.browser.fetch(f"{launch.fhir_base}/{path}").status == 200
