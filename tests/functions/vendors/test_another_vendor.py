"""A vendor is one profile: with it, its EHRs can be configured, launched, shown and proxied."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app.app import App
from tests.support.app.servers import free_port, serve_app
from tests.support.browser.browser import OWN_FETCH
from tests.support.charts.app_chart import (
    SEARCHES,
    answering,
    asked_for,
    open_page,
    section,
    tenant_of,
)
from tests.support.ehr.scripted_ehr import ScriptedEhr

SECRET = "a+/:%"
NO_EHR = "http://localhost:9"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr) -> Iterator[App]:
    folder: Path = tmp_path_factory.mktemp("vendors")
    (folder / "secret").write_text(SECRET, encoding="utf-8")
    tables = "".join(
        f"""
[[ehr]]
key = "{vendor}"
redirect_path = "/callback/{vendor}"
vendor = "{vendor}"
iss = ["{scripted.origin}/{vendor}/*"]
client_id = "client"
client_auth = "client_secret_basic"
client_secret = "file:{folder / "secret"}"
scopes = "patient/*.rs"
"""
        for vendor in ("another", "peculiar")
    )
    target = "tests.support.app.app_with_more_vendors:application"
    port = free_port()
    with serve_app(folder, tables, port=port, target=target) as server:
        yield App(server.origin, server, NO_EHR, scripted)


def _credentials(header: str) -> str:
    return base64.b64decode(header.removeprefix("Basic ")).decode()


def test_a_vendor_that_is_only_named_goes_through_launch_callback_page_and_proxy(app: App) -> None:
    tenant = tenant_of(app, "another")
    launched = app.launch(tenant)
    (exchange,) = tenant.hits("/auth/token")
    assert _credentials(exchange.headers["Authorization"]) == "client:a%2B%2F%3A%25"
    tenant.received.clear()
    page = open_page(app, launched)
    assert page.status == 200
    assert "Sodium" in section(page.text, "laboratory")
    assert "_sort=-date" in section(page.text, "laboratory")
    searched = [one for one in tenant.received if one.path != "/Patient/p1"]
    assert sorted(map(asked_for, searched)) == sorted(SEARCHES)
    assert all("_sort=-date" in one.query for one in searched if one.path == "/Observation")
    address = f"{launched.fhir_base}/Patient/p1"
    assert launched.browser.send("GET", address, OWN_FETCH).status == 200


def test_what_is_in_a_profile_is_what_its_ehrs_get(app: App) -> None:
    tenant = answering(app.scripted.tenant("peculiar"))
    tenant.token |= {
        "scope": "launch patient/Patient.rs patient/Observation.rs "
        "patient/Condition.rs patient/MedicationRequest.rs patient/Medication.rs"
    }
    launched = app.launch(tenant)
    (exchange,) = tenant.hits("/auth/token")
    assert _credentials(exchange.headers["Authorization"]) == f"client:{SECRET}"
    tenant.received.clear()
    page = open_page(app, launched)
    assert page.status == 200
    assert "_sort" not in page.text
    assert not any("_sort" in one.query for one in tenant.received)
    (conditions,) = tenant.hits("/Condition")
    assert "category=problem-list-item" in conditions.query
    (drugs,) = tenant.hits("/MedicationRequest")
    assert "_include=MedicationRequest%3Amedication" in drugs.query
    session = launched.browser.fetch(f"{launched.fhir_base}/session").json()
    assert session["scope"]["causes"] == {"patient/*.rs": "scope_syntax"}
    denied = launched.browser.fetch(f"{launched.fhir_base}/Procedure")
    assert denied.status == 403
    assert "Peculiar EHR takes no wildcard." in denied.text
    assert "Ask Peculiar." in denied.text
