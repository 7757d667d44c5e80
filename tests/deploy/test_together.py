"""The staged functions together: on one origin they complete a launch on one store."""

import contextlib
import itertools
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.deploy.whole_deployment import Deployment, Staged
from tests.support.app.app import App
from tests.support.app.servers import Server
from tests.support.app.stores import IN_FILES
from tests.support.cloud import firestore_emulator
from tests.support.cloud.router import Router
from tests.support.ehr.scripted_ehr import ScriptedEhr, as_fhir

ALMA = "synthetic-alma"
STORES = [*IN_FILES, "stand_in", *(["emulator"] if firestore_emulator.how() else [])]


@pytest.fixture(scope="module", params=STORES)
def deployment(
    request: pytest.FixtureRequest, whole: Staged, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """Run every function on a store: two copies of each on the fake, otherwise one."""
    if request.param == "sqlite":
        yield request.getfixturevalue("on_sqlite")
        return
    folder = tmp_path_factory.mktemp(request.param)
    store = f'kind = "firestore"\nproject = "test-{secrets.token_hex(6)}"\ndatabase = "smart"'
    with contextlib.ExitStack() as stack:
        host, copies = "", 1
        if request.param in IN_FILES:
            store = f'kind = "{request.param}"\npath = "{folder}/smart.db"'
        elif request.param == "stand_in":
            from tests.support.cloud.firestore_stand_in import StandIn

            stand_in = StandIn()
            stack.callback(stand_in.close)
            host, copies = stand_in.host, 2
        else:
            host = request.getfixturevalue("firestore_emulator")
        variables = {"THREADS": "8", firestore_emulator.VARIABLE: host}
        ports = stack.enter_context(whole.deployed(folder, store, variables, copies))
        yield Deployment(ports, folder)


@pytest.fixture
def route(
    deployment: Deployment, router: Router, staged_ehr: Server, scripted: ScriptedEhr
) -> Callable[[bool, int], App]:
    """The app behind the router, with the functions' names stripped or not, with 1 or 2 copies."""

    def set_up(strip: bool, copies: int) -> App:
        router.strip = strip
        router.ports = {
            name: itertools.cycle(ports[:copies]) for name, ports in deployment.ports.items()
        }
        server = Server(router.origin, Path(), staged_ehr.process)
        return App(router.origin, server, staged_ehr.origin, scripted)

    return set_up


@pytest.mark.calculators
@pytest.mark.parametrize("strip", [True, False], ids=["stripped", "whole"])
def test_a_launch_shows_the_patient_and_reads_the_chart(
    route: Callable[[bool, int], App], deployment: Deployment, strip: bool
) -> None:
    copies = len(deployment.ports["launch"])
    app = route(strip, copies)
    launched = app.launch_simulated(ALMA)
    for _ in range(copies):
        page = launched.browser.open(launched.callback.location)
        assert page.status == 200
        assert "Alma Testpatient" in page.text
        context = launched.browser.fetch(f"{launched.fhir_base}/session").json()
        assert context["patient"] == ALMA
        assert context["fhir_base"] == launched.fhir_base
        read = launched.browser.fetch(f"{launched.fhir_base}/Patient/{ALMA}")
        assert (read.status, read.json()["id"]) == (200, ALMA)
    first = launched.browser.fetch(f"{launched.fhir_base}/Observation?_count=50").json()
    following = next(link["url"] for link in first["link"] if link["relation"] == "next")
    assert following.startswith(f"{launched.fhir_base}/Observation?")
    second = launched.browser.fetch(following)
    assert second.status == 200
    assert second.json()["entry"]


@pytest.mark.parametrize("strip", [True, False], ids=["stripped", "whole"])
def test_a_redirect_path_of_its_own_and_a_posted_search_arrive(
    route: Callable[[bool, int], App], strip: bool
) -> None:
    app = route(strip, 1)
    tenant = app.scripted.tenant("u")
    tenant.token["scope"] = "launch user/*.rs"
    tenant.on("/Patient/_search", as_fhir({"resourceType": "Bundle", "type": "searchset"}))
    launched = app.launch(tenant)
    answer = launched.browser.send(
        "POST",
        f"{launched.fhir_base}/Patient/_search",
        {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"},
        b"family=Test",
    )
    assert (answer.status, answer.json()["resourceType"]) == (200, "Bundle")
    assert tenant.hits("/Patient/_search")[0].form == {"family": "Test"}
