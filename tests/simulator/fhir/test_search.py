from urllib.parse import quote

from tests.simulator.app_under_test import ALMA, BRUNO, FHIR, App, ids, issue_of, json_of, links
from tests.support.tables import each

CREATININE = quote("http://loinc.org|2160-0")


def total(app: App, address: str) -> int:
    response = app.get(app.token(), address)
    assert response.status_code == 200, response.text
    return int(json_of(response)["total"])


def test_a_search_gives_a_valid_bundle_with_total_and_self_link(app: App) -> None:
    from fhir.resources.R4B.bundle import Bundle

    response = app.get(app.token(), f"/Observation?patient={ALMA}&code={CREATININE}")
    bundle = json_of(response)
    assert bundle["total"] == 14
    assert links(bundle)["self"] == (
        f"{FHIR}/Observation?patient={ALMA}&code=http%3A%2F%2Floinc.org%7C2160-0"
    )
    entry = bundle["entry"][0]
    assert entry["fullUrl"] == f"{FHIR}/Observation/{entry['resource']['id']}"
    Bundle.model_validate_json(response.data)


def test_a_search_by_post_is_the_same_search(app: App) -> None:
    token = app.token()
    by_get = app.get(token, f"/Observation?patient={ALMA}&_count=5")
    by_post = app.http.post(
        "/generic/fhir/Observation/_search?_count=5",
        data={"patient": ALMA},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert ids(json_of(by_post)) == ids(json_of(by_get))


@each(
    ("address", "count"),
    [
        (f"/Patient?_id={ALMA}", 1),
        (f"/Patient?_id={ALMA},{BRUNO}", 1),
        (f"/Observation?patient={ALMA}", 193),
        (f"/Observation?patient=Patient/{ALMA}", 193),
        (f"/Observation?subject=Patient/{ALMA}", 193),
        (f"/Observation?subject={FHIR}/Patient/{ALMA}", 193),
        (f"/Observation?patient={BRUNO}", 0),
        (f"/Observation?patient={ALMA}&patient={BRUNO}", 0),
        (f"/Observation?code={CREATININE}", 14),
        ("/Observation?code=2160-0", 14),
        ("/Observation?code=2160-0,2951-2", 27),
        ("/Observation?code=2160-0&code=2951-2", 0),
        (f"/Observation?code={quote('http://loinc.org|2160-0,http://loinc.org|2951-2')}", 27),
        (f"/Observation?code={quote('http://other.test|2160-0')}", 0),
        (f"/Observation?code={quote('|2160-0')}", 0),
        (f"/Observation?code={quote('http://loinc.org|')}", 193),
        ("/Observation?category=social-history", 1),
        ("/Observation?category=vital-signs&code=85354-9", 13),
        ("/Observation?_id=synthetic-alma-obs-1,synthetic-alma-obs-2", 2),
        ("/Observation?code=2160-0&date=2026-11-20", 2),
        ("/Observation?code=2160-0&date=eq2026", 5),
        ("/Observation?code=2160-0&date=ge2026-08-21", 3),
        ("/Observation?code=2160-0&date=gt2026-08-21", 2),
        ("/Observation?code=2160-0&date=lt2026-08-21", 11),
        ("/Observation?code=2160-0&date=le2026-08-21", 12),
        ("/Observation?code=2160-0&date=ge2026-01-01&date=lt2026-11", 3),
        ("/Observation?code=2160-0&date=gt2026-11-20T15:00:00Z", 1),
        ("/Observation?code=2160-0&date=2026-11-20T09:00:00-06:00", 1),
        ("/Condition?patient=" + ALMA, 6),
        ("/Condition?category=problem-list-item", 6),
        ("/Condition?code=N18.32", 1),
        ("/MedicationRequest?status=active", 3),
        ("/MedicationRequest?status=active,stopped", 4),
        ("/MedicationRequest?code=314077", 1),
        ("/Encounter?date=ge2026-11-20", 1),
        ("/Encounter?date=lt2026-11-20", 0),
    ],
)
def test_each_parameter_selects_what_matches_it(app: App, address: str, count: int) -> None:
    assert total(app, address) == count


@each(
    "query",
    [
        "status=final",
        "patient:Patient=" + ALMA,
        "subject.name=Alma",
        "_include=Observation:performer",
        "_include=Condition:subject",
        "_revinclude=Provenance:target",
        "_has:Observation:patient:code=1",
        "_profile=x",
        "_summary=true",
        "_format=json",
        "Patient=" + ALMA,
        "patient=",
        "patient=Group/1",
        "patient=http://other.test/Patient/" + ALMA,
        "code=",
        "code=2160-0,",
        "code=%7C",
        "code=a%7Cb%7Cc",
        "date=yesterday",
        "date=ne2026",
        "date=ap2026",
        "date=2026-13",
        "date=2026-02-30",
        "date=2026-11-20T09:00:00",
        "date=2026-11-20T09:00:00+06:00",  # a plus that was not encoded
        "date=ge2024&date=lt2026&date=lt2025",
        "_count=-1",
        "_count=ten",
        "_count=",
        "_count=1&_count=2",
        "_sort=code",
        "_sort=date&_sort=-date",
    ],
)
def test_what_is_not_understood_is_refused_not_ignored(app: App, query: str) -> None:
    response = app.get(app.token(), f"/Observation?{query}")
    assert (response.status_code, issue_of(response)) == (400, "invalid")


@each("fhir_type", ["Condition", "MedicationRequest", "Patient"])
def test_a_date_is_no_parameter_where_there_is_none(app: App, fhir_type: str) -> None:
    for query in ("date=2026", "_sort=date"):
        assert app.get(app.token(), f"/{fhir_type}?{query}").status_code == 400


def dates(app: App, query: str) -> list[str]:
    bundle = json_of(app.get(app.token(), f"/Observation?code=2160-0&{query}"))
    return [entry["resource"]["effectiveDateTime"] for entry in bundle["entry"]]


def test_observations_come_newest_first_unless_asked_otherwise(app: App) -> None:
    newest_first = dates(app, "_count=50")
    assert newest_first == sorted(newest_first, reverse=True)
    assert newest_first[0] == "2026-11-20T10:30:00-06:00"
    assert dates(app, "_sort=-date") == newest_first
    assert dates(app, "_sort=date") == newest_first[::-1]


@each(("count", "shown"), [("", 20), ("&_count=7", 7), ("&_count=100", 100), ("&_count=200", 100)])
def test_count_is_20_unless_asked_and_at_most_100(app: App, count: str, shown: int) -> None:
    bundle = json_of(app.get(app.token(), f"/Observation?patient={ALMA}{count}"))
    assert len(bundle["entry"]) == shown


@each(
    ("scope", "includes", "added"),
    [
        ("patient/*.rs", "&_include=Observation:subject", ["Patient"]),
        ("patient/*.rs", "&_include=Observation:encounter", ["Encounter"]),
        ("patient/*.rs", "&_include=Observation:patient&_include=Observation:subject", ["Patient"]),
        ("patient/Observation.rs", "&_include=Observation:subject", []),
    ],
)
def test_what_matches_refer_to_comes_along_where_a_scope_covers_it(
    app: App, scope: str, includes: str, added: list[str]
) -> None:
    bundle = json_of(
        app.get(app.token(scope=f"launch {scope}"), f"/Observation?_count=3{includes}")
    )
    modes = {"match": ["Observation"] * 3, "include": added}
    for mode, expected in modes.items():
        entries = [one for one in bundle["entry"] if one["search"]["mode"] == mode]
        assert [one["resource"]["resourceType"] for one in entries] == expected


def test_elements_leave_out_all_others_and_say_so(app: App) -> None:
    # As HAPI FHIR JPA 8.8.0 does, for `_elements=code` also without the status.
    response = app.get(app.token(), "/Observation?_elements=code,valueQuantity&_count=1")
    resource = json_of(response)["entry"][0]["resource"]
    assert set(resource) - {"valueQuantity"} == {"resourceType", "id", "meta", "code"}
    assert resource["meta"]["tag"][-1]["code"] == "SUBSETTED"


@each("query", ["_count=0", "_summary=count"])
def test_a_count_of_zero_gives_the_total_alone(app: App, query: str) -> None:
    bundle = json_of(app.get(app.token(), f"/Observation?{query}"))
    assert (bundle["total"], "entry" in bundle, list(links(bundle))) == (193, False, ["self"])


@each("fhir_type", ["Patient", "Observation", "Condition", "MedicationRequest", "Encounter"])
def test_a_search_never_leaves_the_patients_compartment(app: App, fhir_type: str) -> None:
    for patient, other in ((ALMA, BRUNO), (BRUNO, ALMA)):
        token = app.token(patient)
        for bundle in app.pages(token, f"/{fhir_type}?_count=100"):
            assert not [one for one in ids(bundle) if not one.startswith(patient)]
        if fhir_type != "Patient":
            assert json_of(app.get(token, f"/{fhir_type}?patient={other}"))["total"] == 0
