import re
from dataclasses import replace

import pytest

from simulator.charts.generated import load_charts
from simulator.ehr import create_app
from simulator.faults.named import FAULTS
from simulator.vendors.oracle_addresses import TENANT
from tests.simulator.app_under_test import ALMA, APP, BRUNO, FHIR, ORIGIN, WARD, App, query_of
from tests.support.tables import each

GRETA = "synthetic-greta"


@pytest.fixture
def app(beside_others: App) -> App:
    return beside_others


def test_the_start_page_links_every_patient_and_client_in_both_ways(app: App) -> None:
    addresses = re.findall(r'href="(/generic/start[^"]+)"', app.http.get("/").text)
    assert len(addresses) == 2 * 2 * len(load_charts().patients())
    assert all("user=clara" in one for one in addresses)
    statuses = [app.http.get(one.replace("&amp;", "&")).status_code for one in addresses[:8]]
    assert sorted(statuses) == [200] * 4 + [302] * 4


@each(
    ("ehr", "texts"),
    [
        ("generic", ["/generic/start?", "/generic/fhir<", "<dd><code>generic<"]),
        ("oracle", ["/oracle/start?", f"/oracle/r4/{TENANT}<", f"/oracle/myrecord/r4/{TENANT}<"]),
        ("epic", ["/epic/start?", "/epic/api/FHIR/R4<", "<dd><code>epic<"]),
    ],
)
def test_each_ehr_has_its_tab_with_the_values_to_enter(
    app: App, ehr: str, texts: list[str]
) -> None:
    page = app.http.get(f"/?ehr={ehr}").text
    assert re.search(rf'href="/\?ehr={ehr}&amp;user=clara" aria-current="page"', page)
    assert [text for text in texts if text not in page] == []


def test_the_choices_go_with_the_launch_links(app: App) -> None:
    page = app.http.get("/?ehr=epic&user=conrad&fault=epic-unknown-client").text
    addresses = re.findall(r'href="(/epic/start[^"]+)"', page)
    # For each patient and client a tab and a frame, and in the notice the first patient.
    assert len(addresses) == 1 + 2 * 2 * len(load_charts().patients())
    assert "Launch with it, for Alma Testpatient" in page
    assert all("user=conrad&amp;fault=epic-unknown-client" in one for one in addresses)
    assert '<option value="epic-unknown-client" selected>' in page


@each(
    "query", ["ehr=nothing&user=nobody&fault=nothing", "fault=epic-unknown-client", "ehr=<script>"]
)
def test_a_choice_that_is_none_is_the_first_one(app: App, query: str) -> None:
    page = app.http.get(f"/?{query}").text
    assert 'href="/?ehr=generic&amp;user=clara" aria-current="page"' in page
    chosen = re.findall(r'<option value="([^"]*)" selected', page)
    assert chosen == [load_charts().patients()[1].id]


def test_an_app_of_patients_is_not_offered_in_a_chart() -> None:
    client = replace(APP, type="patient", ehrs=("oracle", "oracle-patient"))
    page = create_app([client], base_url=ORIGIN).test_client().get("/?ehr=oracle").text
    assert "/oracle/start?" not in page
    assert page.count("Registered app: App") == 1


def test_a_launch_in_a_tab_goes_to_the_registered_launch_url(app: App) -> None:
    app.client = WARD
    response = app.http.get(f"/generic/start?patient={ALMA}&client=ward&in=tab")
    location = response.headers["Location"]
    assert location.startswith("https://ward.test/launch?site=1&iss=")
    assert query_of(location).keys() == {"site", "iss", "launch"}
    assert query_of(location)["iss"] == FHIR


def test_a_launch_in_a_frame_shows_the_patient_above_the_app(app: App) -> None:
    response = app.http.get(f"/generic/start?patient={ALMA}&client=app&in=frame")
    frame = re.search(r'<iframe [^>]*title="([^"]+)" src="([^"]+)"', response.text)
    assert frame is not None
    assert frame[1] == "App for Alma Testpatient"
    assert "Born 1968-03-14" in response.text
    assert "signed in as Clara Testclinician" in response.text
    launched = app.http.get(frame[2].replace("&amp;", "&"))
    assert launched.headers["Location"].startswith("https://app.test/launch?iss=")
    assert "frame-src 'self' https://app.test;" in response.headers["Content-Security-Policy"]


@each(
    ("query", "status"),
    [
        ("", 404),
        ("patient=nobody&client=app&in=tab", 404),
        (f"patient={ALMA}&client=nobody&in=tab", 404),
        (f"patient={ALMA}&client=app&in=tab&user=nobody", 404),
        (f"patient={ALMA}&client=app&in=tab&fault=nothing", 400),
        (f"patient={ALMA}&client=app&in=tab&fault=epic-unknown-client", 400),
        (f"patient={ALMA}&client=app", 400),
        (f"patient={ALMA}&client=app&in=window", 400),
    ],
)
def test_what_cannot_be_launched_is_a_page_that_says_so(app: App, query: str, status: int) -> None:
    response = app.http.get(f"/generic/start?{query}")
    assert (response.status_code, response.mimetype) == (status, "text/html")


@each("address", ["/", f"/generic/start?patient={ALMA}&client=app&in=frame", "/nowhere"])
def test_a_page_runs_no_script_and_loads_nothing_from_elsewhere(app: App, address: str) -> None:
    response = app.http.get(address)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "<script" not in response.text
    assert not re.search(r'(?:src|href)="(?!/|data:,)', response.text)
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_two_charts_stand_side_by_side_each_with_a_launch_of_its_own(app: App) -> None:
    query = f"patient={ALMA}&patient={BRUNO}&client=app&user=conrad&fault=fhir-500"
    response = app.http.get(f"/generic/side-by-side?{query}")
    frames = re.findall(r'<iframe [^>]*title="([^"]+)" src="([^"]+)"', response.text)
    assert [title for title, _ in frames] == [
        "App for Alma Testpatient",
        "App for Bruno Testpatient",
    ]
    assert "frame-src 'self' https://app.test;" in response.headers["Content-Security-Policy"]
    launches = [app.http.get(source.replace("&amp;", "&")) for _, source in frames]
    values = [query_of(launch.headers["Location"])["launch"] for launch in launches]
    assert len(set(values)) == 2
    assert all("user=conrad&amp;fault=fhir-500" in source for _, source in frames)


def test_two_frames_of_one_patient_have_titles_of_their_own(app: App) -> None:
    page = app.http.get(f"/generic/side-by-side?patient={ALMA}&patient={ALMA}&client=app").text
    titles = re.findall(r'<iframe [^>]*title="([^"]+)"', page)
    assert len(set(titles)) == 2


@each(
    ("query", "status"),
    [
        (f"patient={ALMA}&client=app", 400),
        (f"patient={ALMA}&patient={ALMA}&patient={ALMA}&client=app", 400),
        (f"patient={ALMA}&patient=nobody&client=app", 404),
        (f"patient={ALMA}&patient={ALMA}&client=nobody", 404),
        (f"patient={ALMA}&patient={ALMA}&client=app&fault=nothing", 400),
    ],
)
def test_what_cannot_stand_side_by_side_is_a_page_that_says_so(
    app: App, query: str, status: int
) -> None:
    response = app.http.get(f"/generic/side-by-side?{query}")
    assert (response.status_code, response.mimetype) == (status, "text/html")


def test_the_start_page_puts_a_fault_in_force_for_one_ehr_and_takes_it_away(app: App) -> None:
    def put(fault: str) -> str:
        answer = app.http.post("/faults", data={"ehr": "epic", "user": "conrad", "faults": fault})
        assert answer.status_code == 303
        return app.http.get(answer.headers["Location"]).text

    configuration = "/epic/api/FHIR/R4/.well-known/smart-configuration"
    page = put("discovery-404")
    assert "Active for all requests to this EHR: <code>discovery-404</code>" in page
    assert 'href="/?ehr=epic&amp;user=conrad" aria-current="page"' in page
    assert app.http.get(configuration).status_code == 404
    assert app.http.get("/generic/fhir/.well-known/smart-configuration").status_code == 200
    assert "Active for all requests" not in put("")
    assert app.http.get(configuration).status_code == 200


@each(
    "form",
    [
        {},
        {"ehr": "nothing", "faults": ""},
        {"ehr": "generic", "faults": "nothing"},
        {"ehr": "generic", "faults": "fhir-tenant-mismatch"},
    ],
)
def test_what_cannot_be_put_in_force_is_a_page_that_says_so(app: App, form: dict[str, str]) -> None:
    response = app.http.post("/faults", data=form)
    assert (response.status_code, response.mimetype) == (400, "text/html")


def menu(page: str, of: str) -> list[str]:
    """The faults of a menu, in order."""
    text = re.findall(rf'<select id="{of}".*?</select>', page, re.DOTALL)[0]
    return re.findall(r'value="([^"]+)"', text)


def test_the_menu_has_every_fault_that_the_ehr_can_have_under_a_heading(app: App) -> None:
    for key in ("generic", "oracle", "epic"):
        page = app.http.get(f"/?ehr={key}").text
        here = {one.name for one in FAULTS.values() if key in one.ehrs}
        before = {name for name in here if FAULTS[name].place in ("discovery", "jwks")}
        assert set(menu(page, "fault-of-all")) == here
        assert set(menu(page, "fault-name")) == here - before


@each(
    ("ehr", "find", "first", "among"),
    [
        ("oracle", "code", "oracle-code-required", "oracle-invalid-launch-code"),
        ("oracle", "code-required", "oracle-code-required", "oracle-launch-code-required"),
        (
            "oracle",
            "cerner redirect",
            "oracle-page-invalid-redirect-uri",
            "oracle-page-redirect-uri-not-registered",
        ),
        ("epic", "OAuth2 Error", "epic-unknown-client", "epic-unknown-client"),
        ("generic", "bad audience", "launcher-bad-audience", "launcher-bad-audience"),
        ("generic", "expired", "id-token-expired", "token-code-invalid-or-expired"),
    ],
)
def test_a_fault_is_found_by_error_text_vendor_and_cause(
    app: App, ehr: str, find: str, first: str, among: str
) -> None:
    page = app.http.get("/", query_string={"ehr": ehr, "find": find}).text
    matches = re.findall(r"<li>\s*<p><code>([^<]+)</code>", page)
    assert matches[0] == first
    assert among in matches
    assert len(matches) < len(FAULTS) / 2
    assert page.index("Inject a fault") < page.index(first) < page.index(">Patients<")


def test_the_search_covers_all_ehrs_and_each_match_launches_at_its_own(app: App) -> None:
    page = app.http.get("/?ehr=generic&find=aud").text
    assert "Faults found: 3 at Oracle Health, 8 here." in page
    here, oracle = page.index("<h3>Generic SMART EHR<"), page.index("<h3>Oracle Health, provider<")
    assert here < page.index("launcher-bad-audience</code>") < oracle
    assert oracle < page.index("oracle-audience-required</code>")
    (launch,) = re.findall(r'href="(/oracle/start[^"]+=oracle-audience-required[^"]*)"', page)
    started = app.http.get(launch.replace("&amp;", "&"))
    assert started.status_code == 302
    assert "/oracle/r4/" in query_of(started.headers["Location"])["iss"]
    page = app.http.get("/?find=discovery-404").text
    assert "Faults found: 1 here." in page
    assert re.search(r'<button [^>]*name="faults" value="discovery-404">Apply to all', page)
    page = app.http.get("/?find=cds-no-data").text
    chart = re.findall(r'href="(/generic/chart[^"]+)"', page)[0].replace("&amp;", "&")
    assert "fault=cds-no-data" in chart
    assert app.http.get(chart).status_code == 200
    assert "No EHR has a fault with “no such”" in app.http.get("/?find=no+such").text


def test_a_fault_of_another_ehr_says_where_it_exists_and_leads_there(app: App) -> None:
    fault = "oracle-denied-by-user"
    page = app.http.get(f"/generic/start?patient={ALMA}&client=app&in=tab&fault={fault}").text
    assert f"This EHR doesn&#39;t support the fault {fault}. It exists at: oracle, " in page
    (link,) = re.findall(rf'href="(/\?find={fault}#fault)"', page)
    assert "Faults found: 1 at Oracle Health." in app.http.get(link).text


def test_the_faults_of_the_vendor_itself_come_first_in_its_menu(app: App) -> None:
    names = menu(app.http.get("/?ehr=oracle").text, "fault-name")
    own = [FAULTS[name].ehrs == ("oracle", "oracle-patient") for name in names]
    assert own[0]
    assert own == sorted(own, reverse=True)


@each(
    ("patient", "name", "shown"),
    [
        # A newer one is preliminary.
        (ALMA, "Creatinine, serum or plasma", ["1.50 mg/dL"]),
        # By the text of its date the one before it would be the newest.
        (GRETA, "Creatinine, serum or plasma", ["124 µmol/L"]),
        # A newer one was withdrawn; this was corrected, in date and value.
        (GRETA, "Sodium, serum or plasma", ["137 meq/L"]),
        (GRETA, "Potassium, serum or plasma", ["4.4 mmol/L"]),
        # One is dated in the future.
        (GRETA, "Body weight", ["165 lb"]),
        # Neither of one moment can be preferred.
        (GRETA, "Heart rate", ["110 bpm", "72 bpm"]),
    ],
)
def test_a_chart_shows_of_each_test_the_value_that_counts(
    app: App, patient: str, name: str, shown: list[str]
) -> None:
    page = app.http.get(f"/generic/chart?patient={patient}").text
    rows = re.findall(rf'<th scope="row">{name}</th><td class="value">([^<]+)<', page)
    assert sorted(rows) == shown
