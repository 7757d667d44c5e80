"""Which browser scripts may read the EHR's responses."""

import pytest
from werkzeug.test import TestResponse

from simulator.common.addresses import path_of
from simulator.ehr import VENDOR_PROFILES
from simulator.vendors.profile import VendorProfile
from tests.simulator.app_under_test import ALMA, json_of
from tests.simulator.token_client import registration
from tests.simulator.vendor_app import VendorApp
from tests.support.tables import each

OWN = "https://app.test"
STRANGER = "https://stranger.test"


@pytest.fixture(scope="module")
def app() -> VendorApp:
    return VendorApp()


def allowed(response: TestResponse) -> str | None:
    return response.headers.get("Access-Control-Allow-Origin")


def call(app: VendorApp, url: str, origin: str | None, method: str = "GET") -> TestResponse:
    headers = {} if origin is None else {"Origin": origin}
    return app.http.open(path_of(url), method=method, headers=headers)


@each("profile", VENDOR_PROFILES, ids=lambda one: one.key)
def test_discovery_and_keys_are_for_scripts_of_any_origin(profile: VendorProfile) -> None:
    app = VendorApp(profile=profile)
    base = app.at.fhir_base
    for url in (f"{base}/.well-known/smart-configuration", f"{base}/metadata", app.at.jwks):
        assert allowed(call(app, url, STRANGER)) == "*"


@each("profile", VENDOR_PROFILES, ids=lambda one: one.key)
def test_tokens_and_data_are_for_the_origins_of_registered_apps(profile: VendorProfile) -> None:
    app = VendorApp(profile=profile)
    places = [(app.at.token, "POST"), (app.at.revocation, "POST")]
    places.append((f"{app.at.fhir_base}/Patient/{ALMA}", "GET"))
    for url, method in places:
        assert allowed(call(app, url, OWN, method)) == OWN
        assert allowed(call(app, url, STRANGER, method)) is None
        assert allowed(call(app, url, "null", method)) is None
        assert allowed(call(app, url, f"{OWN}.stranger.test", method)) is None
        assert allowed(call(app, url, None, method)) is None


def test_an_app_of_one_ehr_reads_nothing_of_another_one() -> None:
    app = VendorApp(registration(ehrs=("generic",)))
    assert allowed(call(app, f"{app.at.fhir_base}/Patient/{ALMA}", OWN)) == OWN
    assert allowed(call(app, f"http://ehr.test/epic/api/FHIR/R4/Patient/{ALMA}", OWN)) is None


def test_redirect_addresses_count_as_well_as_the_launch_address() -> None:
    app = VendorApp(registration(redirect_uris=("https://other.test/callback",)))
    for origin in (OWN, "https://other.test"):
        assert allowed(call(app, app.at.token, origin, "POST")) == origin


def test_pages_of_the_ehr_are_for_no_script(app: VendorApp) -> None:
    for path in ("/", "/trace", "/_trace", "/_recorded", "/generic/authorize", "/generic/start"):
        response = app.http.get(path, headers={"Origin": OWN})
        assert allowed(response) is None


def test_a_preflight_allows_what_apps_send(app: VendorApp) -> None:
    asked = {
        "Origin": OWN,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization, if-match",
    }
    path = f"{path_of(app.at.fhir_base)}/Observation/x"
    response = app.http.options(path, headers=asked)
    assert (response.status_code, allowed(response)) == (204, OWN)
    assert "PUT" in response.headers["Access-Control-Allow-Methods"].split(", ")
    names = response.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"authorization", "if-match", "content-type", "accept"} <= set(names)
    stranger = app.http.options(path, headers={**asked, "Origin": STRANGER})
    assert allowed(stranger) is None


@each("left_out", ["Origin", "Access-Control-Request-Method"])
def test_an_options_request_that_is_no_preflight_is_refused(app: VendorApp, left_out: str) -> None:
    asked = {"Origin": OWN, "Access-Control-Request-Method": "PUT"}
    del asked[left_out]
    assert app.http.options("/generic/token", headers=asked).status_code == 405


def test_an_error_can_be_read_too_and_no_answer_allows_credentials(app: VendorApp) -> None:
    response = call(app, app.at.token, OWN, "POST")
    assert (response.status_code, allowed(response)) == (400, OWN)
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert "Origin" in response.headers["Vary"]


def test_the_headers_that_apps_need_are_exposed(app: VendorApp) -> None:
    answer = app.tokens()
    response = app.http.get(
        f"{path_of(app.at.fhir_base)}/Patient/{ALMA}",
        headers={"Origin": OWN, "Authorization": f"Bearer {answer['access_token']}"},
    )
    exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"ETag", "Location", "Retry-After", "WWW-Authenticate"} <= set(exposed)
    assert json_of(response)["id"] == ALMA
