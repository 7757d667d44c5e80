"""The launch context as the app sees it (contract, section 5)."""

import re
from datetime import UTC, datetime
from typing import Any

from tests.support.app.app import App
from tests.support.app.proxy import asked, launched

MEMBERS = {
    "ehr",
    "iss",
    "patient",
    "encounter",
    "user",
    "need_patient_banner",
    "smart_style_url",
    "tenant",
    "intent",
    "fhirContext",
    "app_context",
    "scope",
    "access_expires_at",
    "session_expires_at",
    "fhir_base",
}
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


def test_what_the_ehr_gave_is_told(app: App) -> None:
    given: dict[str, Any] = {
        "patient": "p1",
        "encounter": "e1",
        "need_patient_banner": False,
        "smart_style_url": "https://ehr.example/style.json",
        "tenant": "t1",
        "intent": "reconcile-medications",
        "fhirContext": [{"reference": "ImagingStudy/1", "role": "https://x.example/r"}],
    }
    granted = "launch patient/Patient.rs patient/Observation.read"
    launch, tenant = launched(app, scope=granted, appContext='{"tab":"history"}', **given)
    answer = launch.browser.fetch(f"{launch.fhir_base}/session")
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    document = answer.json()
    assert document.keys() == MEMBERS
    assert {name: document[name] for name in given} == given
    assert document["app_context"] == '{"tab":"history"}'
    assert document["ehr"] == "scripted"
    assert document["iss"] == tenant.base
    assert document["fhir_base"] == launch.fhir_base
    assert document["user"] is None
    assert document["scope"] == {
        "requested": ["launch", "patient/*.rs", "user/Practitioner.rs"],
        "granted": granted.split(),
        "missing": ["patient/*.rs", "user/Practitioner.rs"],
        "causes": {
            "patient/*.rs": "scope_not_registered",
            "user/Practitioner.rs": "scope_not_registered",
        },
    }
    assert asked(tenant) == []


def test_what_the_ehr_did_not_give_is_null(app: App) -> None:
    launch, _ = launched(app, patient=None, scope=None)
    document = launch.browser.fetch(f"{launch.fhir_base}/session").json()
    assert document.keys() == MEMBERS
    ours = {"ehr", "iss", "scope", "access_expires_at", "session_expires_at", "fhir_base"}
    assert {name for name, value in document.items() if value is None} == MEMBERS - ours
    assert document["scope"].keys() == {"requested", "granted", "missing", "causes"}
    assert document["scope"]["missing"] == []


def test_times_are_rfc_3339_in_utc(app: App) -> None:
    before = datetime.now(UTC).timestamp()
    launch, _ = launched(app, expires_in=3600)
    after = datetime.now(UTC).timestamp()
    document = launch.browser.fetch(f"{launch.fhir_base}/session").json()
    for name, seconds in (("access_expires_at", 3600), ("session_expires_at", 8 * 3600)):
        assert RFC_3339.fullmatch(document[name]), document[name]
        at = datetime.fromisoformat(document[name]).timestamp()
        assert before + seconds - 1 <= at <= after + seconds + 1


def test_no_token_is_told(app: App) -> None:
    launch, tenant = launched(app, refresh_token="sentinel-refresh", id_token="sentinel.id.token")
    text = launch.browser.fetch(f"{launch.fhir_base}/session").text
    assert tenant.access_token not in text
    assert "sentinel" not in text
    assert next(iter(launch.browser.cookies().values())).rpartition(".")[2] not in text


def test_query_and_accept_change_nothing(app: App) -> None:
    launch, _ = launched(app)
    url = f"{launch.fhir_base}/session"
    plain = launch.browser.fetch(url)
    assert launch.browser.fetch(f"{url}?_format=xml&patient=p2").body == plain.body
    assert launch.browser.fetch(url, {"Accept": "application/json"}).body == plain.body
