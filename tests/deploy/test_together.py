"""The staged functions together: on one origin they complete a launch on one store."""

import contextlib
import itertools
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.deploy.whole_deployment import Deployment, Staged
from tests.support import firestore_emulator
from tests.support.app import App
from tests.support.browser import Browser
from tests.support.router import Router
from tests.support.scripted_ehr import ScriptedEhr, as_fhir
from tests.support.servers import Server
from tests.support.stores import IN_FILES

ALMA, BRUNO = "synthetic-alma", "synthetic-bruno"
STORES = [*IN_FILES, "stand_in", *(["emulator"] if firestore_emulator.how() else [])]
# On the store of which there are two of every function, behind one address.
TWICE = pytest.mark.parametrize("deployment", ["stand_in"], indirect=True)


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
        operations: Counter[str] = Counter()
        host, copies = "", 1
        if request.param in IN_FILES:
            store = f'kind = "{request.param}"\npath = "{folder}/smart.db"'
        elif request.param == "stand_in":
            from tests.support.firestore_stand_in import StandIn

            stand_in = StandIn()
            stack.callback(stand_in.close)
            operations, host, copies = stand_in.counts, stand_in.host, 2
        else:
            host = request.getfixturevalue("firestore_emulator")
        variables = {"THREADS": "8", firestore_emulator.VARIABLE: host}
        ports = stack.enter_context(whole.deployed(folder, store, variables, copies))
        yield Deployment(ports, folder, operations)


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


@TWICE
def test_two_patients_never_mix_across_copies(route: Callable[[bool, int], App]) -> None:
    app = route(True, 2)
    alma = app.launch_simulated(ALMA)
    bruno = app.launch_simulated(BRUNO, alma.browser)
    for _ in range(4):
        for launched, patient in ((alma, ALMA), (bruno, BRUNO)):
            context = launched.browser.fetch(f"{launched.fhir_base}/session").json()
            assert context["patient"] == patient


@TWICE
def test_a_callback_sent_to_both_copies_at_once_opens_one_session(
    route: Callable[[bool, int], App],
) -> None:
    app = route(True, 2)
    for _ in range(5):
        tenant = app.scripted.tenant()
        browser = Browser()
        begun = app.begin(tenant, browser)
        with ThreadPoolExecutor(4) as pool:
            tabs = [
                pool.submit(app.answer, begun, tenant, Browser(dict(browser.jar))) for _ in range(4)
            ]
            assert sorted(tab.result().status for tab in tabs) == [303, 400, 400, 400]
        assert len(tenant.hits("/auth/token")) == 1


@pytest.mark.calculators
@TWICE
def test_a_launch_costs_the_store_operations_that_docs_deploy_counts(
    route: Callable[[bool, int], App], deployment: Deployment
) -> None:
    """What the monthly cost there is reckoned from."""
    app = route(True, 1)
    tenant, browser, counts = app.scripted.tenant(), Browser(), deployment.operations
    counts.clear()
    begun = app.begin(tenant, browser)
    assert counts == {"create": 1}
    counts.clear()
    callback = app.answer(begun, tenant, browser)
    assert counts == {"read": 1, "conditional delete": 1, "create": 1}
    counts.clear()
    assert browser.open(callback.location).status == 200
    assert counts.keys() <= {"read"}
    assert counts["read"] <= 1
    counts.clear()
    handle = callback.location.rstrip("/").rpartition("/")[2]
    for _ in range(10):
        answer = browser.fetch(f"{app.origin}/fhir_proxy/{handle}/Patient/p1")
        assert answer.status == 200
    assert counts.keys() == {"read"}
    assert counts["read"] <= 10
