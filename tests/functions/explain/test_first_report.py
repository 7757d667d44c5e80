"""Reproduces the first bug report: the app explains each of its author's mistakes in one line.

A launch on Oracle Health that asked for `launch/patient`, sent no launch value, and went out under
another client id than its author believed.
"""

import os
from pathlib import Path
from urllib.parse import quote

from tests.functions.explain.walking import sentences
from tests.support.app.servers import run
from tests.support.browser.browser import NAVIGATION, Browser
from tests.support.ehr.three_ehrs import ThreeEhrs, in_words
from tests.support.tables import each

# Both are the report's: what its author configured, and what the EHR saw.
CONFIGURED = "f010a897-b662-4152-bb22-b87bcd3cba54"
SEEN = "908d5cee-a54b-434d-847a-9765a9df9c53"
SCOPES = (
    "launch/patient openid fhirUser profile patient/Patient.read patient/Observation.read "
    "patient/Condition.read patient/MedicationRequest.read online_access"
)


def test_launch_patient_in_the_configuration_ends_the_process_and_says_why(tmp_path: Path) -> None:
    config = tmp_path / "smart.toml"
    config.write_text(
        f"""
public_url = "https://smart.example.org"
sealing_keys = ["env:SEALING_KEY"]
[store]
kind = "sqlite"
path = "{tmp_path}/smart.db"
[[ehr]]
key = "oracle-sandbox"
vendor = "oracle"
iss = ["https://fhir-ehr-code.cerner.com/r4/ec2458f2-1e24-41c8-b71b-0e701af7583d"]
client_id = "{CONFIGURED}"
scopes = "{SCOPES}"
""",
        encoding="utf-8",
    )
    environment = os.environ | {"SMART_CONFIG": str(config), "SEALING_KEY": "A" * 43}
    log = tmp_path / "log"
    assert run("functions.launch.main", environment=environment, log=log) == 1
    said = log.read_text("utf-8")
    assert "launch_scope_configured" in said
    assert "launch/patient" in said


def test_the_launch_address_opened_directly_names_the_cause_and_the_fix(either: ThreeEhrs) -> None:
    app = either
    iss = f"{app.ehr_origin}/oracle/r4/00000000-51a0-4000-8000-000000000001"
    for query in ("", f"?iss={quote(iss, safe='')}", f"?iss={quote(iss, safe='')}&launch="):
        page = Browser().send("GET", f"{app.origin}/launch{query}", NAVIGATION)
        said = in_words(page.text)
        assert page.status == 400
        (line,) = app.log_of(page)
        assert line["causes"] == ["launch_parameter_missing"]
        assert "which only the EHR can provide" in said or "wasn't opened from a chart" in said
        assert "Open the app from the patient's chart" in said
        assert "A bookmark or a pasted address can't work" in said
        assert "without a fragment and without a redirect" in said
        assert all(one in said for one in sentences(line["fix"]))


@each(
    ("query", "told"),
    [
        ("fhirServiceUrl=https://a.example&patientId=1", "make sure Authorized is set to Yes"),
        (
            "PAT_PersonId=1&VIS_EncntrId=2&USR_PersonId=3",
            "ask the site to configure the app as a",
        ),
    ],
)
def test_a_link_that_is_no_smart_launch_says_what_came_and_what_to_register(
    full: ThreeEhrs, query: str, told: str
) -> None:
    page = Browser().send("GET", f"{full.origin}/launch?{query}", NAVIGATION)
    said = in_words(page.text)
    assert f"opened with {query.partition('=')[0]}" in said
    assert "this wasn't a SMART launch" in said
    assert told in said
    (line,) = full.log_of(page)
    assert (line["code"], line["causes"]) == (
        "launch_parameter_missing",
        ["launch_parameter_missing"],
    )


def test_the_ehrs_answer_shows_both_client_ids_side_by_side(full: ThreeEhrs) -> None:
    """The report's own error, with the client id that its author did not look at."""
    urn = "urn%3Acerner%3Aerror%3Aauthorization-server%3Asmart-v1%3Agrant%3Alaunch%3Acode-required"
    instance = "847e48ff-956f-4f96-8585-2d0ccb19d40a"
    error_uri = (
        f"{full.ehr_origin}/errors/{urn}/instances/{instance}?persona=provider&client={SEEN}"
        "&tenant=00000000-51a0-4000-8000-000000000001"
    )
    browser = Browser()
    iss = quote(f"{full.ehr_origin}/oracle/r4/00000000-51a0-4000-8000-000000000001", safe="")
    begun = browser.get(f"{full.origin}/launch?iss={iss}&launch=x1")
    answered = f"{begun.query['redirect_uri']}?state={begun.query['state']}&error=invalid_request"
    page = browser.send("GET", f"{answered}&error_uri={quote(error_uri, safe='')}", NAVIGATION)
    said = in_words(page.text)
    assert f"client_id that the EHR saw: {SEEN}" in said
    assert "client_id that this app sent: smart-calc-oracle" in said
    assert f"The EHR saw client ID {SEEN}. The one that should be used is smart-calc-oracle" in said
    (line,) = full.log_of(page)
    # This app did send a launch value, so another deployment answered: that is now the cause.
    assert line["causes"][0] == "client_id_mismatch"
    assert line["ehr_correlation_id"] == instance
    assert SEEN in line["cause"]
