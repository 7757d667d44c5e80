from typing import Any

from simulator.vendors.epic import EPIC
from simulator.vendors.generic import GENERIC
from simulator.vendors.oracle import ORACLE
from simulator.vendors.profile import VendorProfile
from tests.simulator.app_under_test import json_of
from tests.simulator.token_client import registration
from tests.simulator.vendor_app import VendorApp
from tests.support.tables import each

JSON = "application/fhir+json"
CLARA, CONRAD = "/Practitioner/synthetic-clara", "/Practitioner/synthetic-conrad"


def launched(profile: VendorProfile, scope: str, **start: str) -> tuple[VendorApp, str]:
    client = registration(scopes=tuple(scope.split()))
    app = VendorApp(client, profile=profile)
    return app, str(app.tokens(scope, **start)["access_token"])


@each("profile", [GENERIC, ORACLE, EPIC], ids=lambda one: one.key)
@each(("user", "own", "other"), [("clara", CLARA, CONRAD), ("conrad", CONRAD, CLARA)])
def test_scope_fhiruser_reads_whoever_signed_in_and_no_one_else(
    profile: VendorProfile, user: str, own: str, other: str
) -> None:
    scope = "launch openid fhirUser patient/Patient.rs"
    app, token = launched(profile, scope, user=user)
    practitioner: dict[str, Any] = json_of(app.get(token, own, JSON))
    assert practitioner["name"][0]["text"] == f"{user.title()} Testclinician"
    assert app.get(token, other, JSON).status_code == 404


@each("scope", ["patient/Practitioner.r", "user/Practitioner.rs"])
def test_a_scope_for_practitioners_reads_all_of_them(scope: str) -> None:
    app, token = launched(GENERIC, f"launch {scope}")
    assert [app.get(token, one, JSON).status_code for one in (CLARA, CONRAD)] == [200, 200]


def test_without_either_scope_there_is_nothing_to_read() -> None:
    app, token = launched(GENERIC, "launch openid patient/Patient.rs")
    assert app.get(token, CLARA, JSON).status_code == 403
