"""What is particular to Epic, at its simulated EHR (docs/epic.md): launch, tokens, FHIR calls."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app.clinics import ALMA, Practice, practice
from tests.support.app.registered import Registration

SECRET = "a+/:%é"
WIDE = "openid fhirUser patient/*.rs"


def _secret(folder: Path) -> str:
    (folder / "secret").write_text(SECRET, encoding="utf-8")
    return f'client_auth = "client_secret_basic"\nclient_secret = "file:{folder}/secret"\n'


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    folder = tmp_path_factory.mktemp("epic")
    at_ehr = {"client_auth": "client_secret_basic", "client_secret": SECRET}
    client = Registration("epic", "epic-client", WIDE, WIDE, _secret(folder), at_ehr)
    with practice(folder, client) as running:
        yield running


def test_scopes_that_are_granted_letter_by_letter_miss_nothing(app: Practice) -> None:
    scope = app.launch("epic").context()["scope"]
    assert scope["requested"] == ["launch", *WIDE.split()]
    assert {"patient/*.r", "patient/*.s"} <= set(scope["granted"])
    assert (scope["missing"], scope["causes"]) == ([], {})


@pytest.mark.calculators
def test_json_is_named_in_every_call_so_nothing_comes_as_xml(app: Practice) -> None:
    before, opened = app.clinics.number(), app.launch("epic")
    opened.browser.open(opened.callback.location)
    for path in (f"Patient/{ALMA}", "Observation?category=laboratory", "metadata"):
        answer = opened.read(path)
        assert (answer.status, answer.header("Content-Type")) == (200, "application/fhir+json")
    base = app.clinics.addresses("epic").fhir_base
    calls = app.clinics.requests(base, before, below=True)
    assert len(calls) > 4
    fhir = {one.headers["Accept"] for one in calls if "/.well-known/" not in one.path}
    assert fhir == {"application/fhir+json"}
    (token,) = app.clinics.requests(app.clinics.addresses("epic").token, before)
    assert token.headers["Accept"] == "application/json"


def test_discovery_and_metadata_alone_carry_epics_header_with_the_client_id(app: Practice) -> None:
    opened = app.launch("epic")
    assert (opened.read("metadata").status, opened.read(f"Patient/{ALMA}").status) == (200, 200)
    base = app.clinics.addresses("epic").fhir_base
    calls = app.clinics.requests(base, 0, below=True)
    named = {
        (one.path.rpartition("/")[2], one.headers["Epic-Client-Id"])
        for one in calls
        if "Epic-Client-Id" in one.headers
    }
    assert named == {("smart-configuration", "epic-client"), ("metadata", "epic-client")}
