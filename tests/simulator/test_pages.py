import re

import pytest

from tests.simulator.app_under_test import ALMA, FHIR, WARD, App, query_of


def test_the_start_page_names_patients_and_what_to_register(app: App) -> None:
    page = app.http.get("/").text
    for text in (
        "Alma Testpatient",
        "1968-03-14",
        "Bruno Testpatient",
        "Registered app: App",
        "https://app.test/launch",
        "https://app.test/callback",
        FHIR,
    ):
        assert text in page


def test_the_start_page_links_every_patient_and_client_in_both_ways(app: App) -> None:
    addresses = re.findall(r'href="(/generic/start[^"]+)"', app.http.get("/").text)
    assert len(addresses) == 8
    statuses = [app.http.get(one.replace("&amp;", "&")).status_code for one in addresses]
    assert sorted(statuses) == [200] * 4 + [302] * 4


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
    launched = app.http.get(frame[2].replace("&amp;", "&"))
    assert launched.headers["Location"].startswith("https://app.test/launch?iss=")
    assert "frame-src 'self' https://app.test;" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("patient=nobody&client=app&in=tab", 404),
        (f"patient={ALMA}&client=nobody&in=tab", 404),
        (f"patient={ALMA}&client=app", 400),
        (f"patient={ALMA}&client=app&in=window", 400),
    ],
)
def test_what_cannot_be_launched_is_a_page_that_says_so(app: App, query: str, status: int) -> None:
    response = app.http.get(f"/generic/start?{query}")
    assert (response.status_code, response.mimetype) == (status, "text/html")


@pytest.mark.parametrize(
    "address", ["/", f"/generic/start?patient={ALMA}&client=app&in=frame", "/nowhere"]
)
def test_a_page_runs_no_script_and_loads_nothing_from_elsewhere(app: App, address: str) -> None:
    response = app.http.get(address)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "script" not in response.text
    assert not re.search(r'(?:src|href)="(?!/|data:,)', response.text)
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_page_has_landmarks_one_heading_and_a_language(app: App) -> None:
    for address in ("/", f"/generic/start?patient={ALMA}&client=app&in=frame", "/nowhere"):
        page = app.http.get(address).text
        assert '<html lang="en">' in page
        assert [page.count(tag) for tag in ("<header", "<main>", "<h1", "<title>")] == [1] * 4
