"""The staged functions together: on one origin they complete a launch on one store."""

import contextlib
import itertools
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infra.stage import FUNCTIONS
from tests.support import firestore_emulator
from tests.support.app import App, ehr_tables, simulated_ehr
from tests.support.browser import Browser
from tests.support.router import Router
from tests.support.scripted_ehr import ScriptedEhr, as_fhir
from tests.support.servers import Server
from tests.support.staged import Copy, running
from tests.support.stores import IN_FILES

ALMA, BRUNO = "synthetic-alma", "synthetic-bruno"
STORES: list[str] = [*IN_FILES, "stand_in"]
if firestore_emulator.how():
    STORES.append("emulator")


@dataclass(frozen=True)
class Deployment:
    """Two copies of every function on one store. `operations` counts those of the stand-in."""

    ports: Mapping[str, tuple[int, int]]
    operations: Counter[str] = field(default_factory=Counter)


@pytest.fixture(scope="module")
def ehr(router: Router, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with simulated_ehr(tmp_path_factory.mktemp("ehr"), router.port) as server:
        yield server


@pytest.fixture(scope="module", params=STORES)
def deployment(
    request: pytest.FixtureRequest,
    staged: Path,
    programs: Mapping[str, Path],
    router: Router,
    ehr: Server,
    scripted: ScriptedEhr,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp(request.param)
    with contextlib.ExitStack() as stack:
        operations: Counter[str] = Counter()
        variables = {"SMART_CONFIG": str(folder / "smart.toml"), "THREADS": "8"}
        store = f'kind = "firestore"\nproject = "test-{secrets.token_hex(6)}"\ndatabase = "smart"'
        if request.param in IN_FILES:
            store = f'kind = "{request.param}"\npath = "{folder}/smart.db"'
        elif request.param == "stand_in":
            from tests.support.firestore_stand_in import StandIn

            stand_in = StandIn()
            stack.callback(stand_in.close)
            operations = stand_in.counts
            variables[firestore_emulator.VARIABLE] = stand_in.host
        else:
            host = request.getfixturevalue("firestore_emulator")
            variables[firestore_emulator.VARIABLE] = host
        Path(variables["SMART_CONFIG"]).write_text(
            f'public_url = "{router.origin}"\nsealing_keys = ["env:SEALING_KEY"]\n'
            f"[store]\n{store}\n{ehr_tables(ehr.origin, scripted)}\n"
        )
        key = {"SEALING_KEY": secrets.token_urlsafe(32)}
        copies = [
            Copy(name, variables | (key if name != "launch" else {}))
            for name in FUNCTIONS
            for _ in range(2)
        ]
        stack.enter_context(running(staged, programs, copies, folder))
        ports = {
            one.function: (one.port, two.port)
            for one, two in zip(copies[::2], copies[1::2], strict=True)
        }
        yield Deployment(ports, operations)


@pytest.fixture
def route(
    deployment: Deployment, router: Router, ehr: Server, scripted: ScriptedEhr
) -> Callable[[bool, int], App]:
    """The app behind the router, with the functions' names stripped or not, with 1 or 2 copies."""

    def set_up(strip: bool, copies: int) -> App:
        router.strip = strip
        router.ports = {
            name: itertools.cycle(ports[:copies]) for name, ports in deployment.ports.items()
        }
        server = Server(router.origin, Path(), ehr.process)
        return App(router.origin, server, ehr.origin, scripted)

    return set_up


@pytest.mark.calculators
@pytest.mark.parametrize("copies", [1, 2], ids=["one_copy", "two_copies"])
@pytest.mark.parametrize("strip", [True, False], ids=["stripped", "whole"])
def test_a_launch_shows_the_patient_and_reads_the_chart(
    route: Callable[[bool, int], App], strip: bool, copies: int
) -> None:
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


def test_two_patients_never_mix_across_copies(route: Callable[[bool, int], App]) -> None:
    app = route(True, 2)
    alma = app.launch_simulated(ALMA)
    bruno = app.launch_simulated(BRUNO, alma.browser)
    for _ in range(4):
        for launched, patient in ((alma, ALMA), (bruno, BRUNO)):
            context = launched.browser.fetch(f"{launched.fhir_base}/session").json()
            assert context["patient"] == patient


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
@pytest.mark.parametrize("deployment", ["stand_in"], indirect=True)
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
