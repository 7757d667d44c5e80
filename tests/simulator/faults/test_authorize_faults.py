import re

from simulator.ehr import VENDOR_PROFILES
from simulator.vendors.epic import EPIC
from simulator.vendors.generic import GENERIC
from simulator.vendors.oracle import ORACLE
from simulator.vendors.profile import VendorProfile
from tests.simulator.app_under_test import json_of, query_of
from tests.simulator.token_client import SCOPE
from tests.simulator.vendor_app import VendorApp
from tests.support.tables import each

STARTING = [one for one in VENDOR_PROFILES if one.key != "oracle-patient"]


def triggered(name: str, profile: VendorProfile) -> str:
    """Launch with a fault; the address that the authorization endpoint redirects to."""
    app = VendorApp(profile=profile)
    response = app.authorize(app.launch(fault=name))
    return str(response.headers["Location"])


def test_the_list_names_every_fault_and_the_ehrs_that_can_have_it() -> None:
    listed = json_of(VendorApp().http.get("/_faults"))["faults"]
    names = {one["name"]: one for one in listed}
    assert names["oracle-mismatched-identity"]["ehrs"] == ["oracle", "oracle-patient"]
    assert names["answer-wrong-iss"]["ehrs"] == ["generic"]
    assert "token-500" in names
    assert all(one.keys() == {"name", "place", "title", "ehrs"} for one in listed)
    assert len(names) == len(listed)


def test_an_error_can_come_without_its_state() -> None:
    for profile, name in ((GENERIC, "access-denied"), (ORACLE, "oracle-denied-by-user")):
        answer = query_of(triggered(f"{name},answer-without-state", profile))
        assert "error" in answer
        assert "state" not in answer


@each("profile", STARTING)
@each(
    ("name", "gone"),
    [
        ("grant-without-resources", {"Patient", "Observation"}),
        ("grant-without-observation", {"Observation"}),
        ("grant-without-openid", {"openid", "fhirUser"}),
    ],
)
def test_less_is_granted_than_was_asked(profile: VendorProfile, name: str, gone: set[str]) -> None:
    app = VendorApp(profile=profile)
    body = app.tokens(fault=name)
    granted = {one.partition("/")[2].partition(".")[0] or one for one in body["scope"].split(" ")}
    asked = {one.partition("/")[2].partition(".")[0] or one for one in SCOPE.split(" ")}
    assert granted == asked - gone
    assert ("id_token" in body) == ("openid" not in gone)


@each("profile", [GENERIC, EPIC])
def test_a_launch_without_a_patient_gives_a_token_without_one(profile: VendorProfile) -> None:
    body = VendorApp(profile=profile).tokens(fault="grant-without-patient")
    assert not {"patient", "encounter"} & body.keys()


def test_a_launch_without_a_patient_is_refused_at_oracle() -> None:
    answer = query_of(triggered("grant-without-patient", ORACLE))
    assert answer["error"] == "access_denied"
    assert "missing-patient" in answer["error_uri"]


def test_a_fault_for_every_request_is_triggered_by_a_standalone_launch_as_well() -> None:
    app = VendorApp(profile=ORACLE)
    app.control(faults="oracle-csrf-security-failure")
    assert app.answer(None)["error"] == "access_denied"
    app.control(faults="")
    assert app.answer(None)["error"] == "invalid_request"


def test_a_fault_of_another_vendor_is_never_triggered() -> None:
    app = VendorApp(profile=GENERIC)
    app.control(faults="oracle-csrf-security-failure,epic-unknown-client")
    assert "code" in app.answer(app.launch())


def test_a_fault_goes_through_the_frame() -> None:
    app = VendorApp(profile=EPIC)
    query = {"fault": "epic-unknown-client", "user": "conrad", "in": "frame"}
    frame = re.search(r'<iframe [^>]*src="([^"]+)"', app.start(**query).text)
    assert frame is not None
    launched = app.http.get(frame[1].replace("&amp;", "&"))
    launch = query_of(launched.headers["Location"])["launch"]
    assert "<title>OAuth2 Error</title>" in app.authorize(launch).text
