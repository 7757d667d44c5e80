"""The functions on Firestore: whole launches, what they cost, and what happens when it fails."""

import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from grpc import StatusCode  # type: ignore[import-untyped]

from infra.stage import FUNCTIONS
from tests.support.app.app import App, Launched, ehr_tables
from tests.support.app.servers import free_port, serve_app
from tests.support.browser.browser import NAVIGATION, Answer, Browser
from tests.support.cloud import firestore_emulator
from tests.support.cloud.firestore_stand_in import Fault, StandIn
from tests.support.ehr.scripted_ehr import ScriptedEhr, Tenant

NO_EHR = "http://127.0.0.1:9"
LONGEST_SECONDS = 15.0
IDLE_MINUTES = 0.2
TOUCH_SECONDS = 60 * IDLE_MINUTES / 6
HOSTS = ["stand_in", "emulator"] if firestore_emulator.how() else ["stand_in"]
LOST = Fault(StatusCode.UNAVAILABLE, applied=True)
AWAY = Fault(StatusCode.UNAVAILABLE)


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    stand_in = StandIn()
    yield stand_in
    stand_in.close()


@pytest.fixture(scope="module")
def one(
    tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr, server: StandIn
) -> Iterator[App]:
    """Run the functions on a separate Firestore fake."""
    folder = tmp_path_factory.mktemp("firestore")
    top = f"session_idle_minutes = {IDLE_MINUTES}\nsession_cache_seconds = 60"
    with serve_app(folder, ehr_tables(NO_EHR, scripted), top=top, firestore=server.host) as app:
        yield App(app.origin, app, NO_EHR, scripted)


@pytest.fixture
def counted(one: App, server: StandIn) -> StandIn:
    """The stand-in below `one`, without counts and faults of earlier tests."""
    server.reset()
    return server


@pytest.fixture(scope="module")
def down(tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr) -> Iterator[App]:
    """Run the functions with no server at Firestore's host and port."""
    folder = tmp_path_factory.mktemp("firestore-down")
    host = f"127.0.0.1:{free_port()}"
    with serve_app(folder, ehr_tables(NO_EHR, scripted), firestore=host) as app:
        yield App(app.origin, app, NO_EHR, scripted)


@pytest.fixture(params=HOSTS)
def pair(
    request: pytest.FixtureRequest, tmp_path: Path, scripted: ScriptedEhr
) -> Iterator[tuple[App, str]]:
    """Two instances of one deployment: the first, and the origin of the second."""
    if request.param == "stand_in":
        host = request.getfixturevalue("stand_in").host
    else:
        host = request.getfixturevalue("firestore_emulator")
    ehrs, key = ehr_tables(NO_EHR, scripted), secrets.token_urlsafe(32)
    port, bind = free_port(), free_port()
    with (
        serve_app(tmp_path, ehrs, port=port, firestore=host, sealing_key=key) as first,
        serve_app(tmp_path, ehrs, port=port, bind=bind, firestore=host, sealing_key=key) as second,
    ):
        yield App(first.origin, first, NO_EHR, scripted), second.origin


def _callback(begun: Answer, origin: str) -> str:
    return f"{origin}/callback?code=c1&state={begun.query['state']}"


def _refused(answer: Callable[[], Answer]) -> Answer:
    """A refusal because of the store, which must come in time."""
    started = time.monotonic()
    refusal = answer()
    assert time.monotonic() - started < LONGEST_SECONDS
    assert (refusal.status, refusal.code) == (503, "store_unavailable")
    return refusal


def _read_patient(launched: Launched, times: int = 1) -> None:
    for _ in range(times):
        answer = launched.browser.fetch(f"{launched.fhir_base}/Patient/p1")
        assert (answer.status, answer.json()["id"]) == (200, "p1")


def test_a_whole_launch_and_a_race_of_twenty_callbacks_over_two_instances(
    pair: tuple[App, str],
) -> None:
    app, second = pair
    tenant = app.scripted.tenant()
    launched = app.launch(tenant)
    for proxy in (launched.fhir_base, f"{second}/fhir_proxy/{launched.handle}"):
        read = launched.browser.fetch(f"{proxy}/Patient/p1")
        assert (read.status, read.json()["id"]) == (200, "p1")

    browser = Browser()
    begun = app.begin(tenant, browser)
    tenant.received.clear()
    jar = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())

    def call_back(number: int) -> Answer:
        origin = (app.origin, second)[number % 2]
        return Browser().get(_callback(begun, origin), {"Cookie": jar})

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(call_back, range(20)))
    lost = [answer for answer in answers if answer.status != 303]
    assert [(answer.status, answer.code) for answer in lost] == [(400, "state_unknown")] * 19
    assert len(tenant.hits("/auth/token")) == 1


def test_a_launch_costs_one_write(one: App, counted: StandIn, browser: Browser) -> None:
    assert one.begin(one.scripted.tenant(), browser).status == 302
    assert counted.counts == {"create": 1}


def test_health_costs_nothing(one: App, counted: StandIn) -> None:
    for function in FUNCTIONS:
        assert Browser().get(f"{one.origin}/{function}/health").status == 200
    assert counted.counts == {}


def test_the_store_is_warmed_by_the_process_that_serves(one: App, server: StandIn) -> None:
    assert server.warmed.wait(60)


def test_a_callback_costs_a_read_a_conditional_delete_and_a_write(
    one: App, counted: StandIn, browser: Browser
) -> None:
    tenant = one.scripted.tenant()
    begun = one.begin(tenant, browser)
    counted.reset()
    assert one.answer(begun, tenant, browser).status == 303
    assert counted.counts == {"read": 1, "conditional delete": 1, "create": 1}


def test_a_proxied_request_costs_one_read_or_none_and_a_touch_in_a_sixth_of_the_idle_time(
    one: App, counted: StandIn
) -> None:
    started = time.monotonic()
    launched = one.launch(one.scripted.tenant())
    counted.reset()
    _read_patient(launched, 5)
    touches = counted.counts.pop("replace", 0)
    assert touches <= (time.monotonic() - started) / TOUCH_SECONDS
    assert counted.counts == {"read": 1}

    time.sleep(TOUCH_SECONDS)
    counted.reset()
    started = time.monotonic()
    _read_patient(launched, 5)
    touches = counted.counts.pop("replace", 0)
    assert 1 <= touches <= 1 + (time.monotonic() - started) / TOUCH_SECONDS
    assert counted.counts == {}


def test_a_launch_whose_record_may_not_be_stored_redirects_nobody(
    one: App, counted: StandIn, browser: Browser
) -> None:
    tenant = one.scripted.tenant()
    counted.fail("create", LOST, LOST)
    refusal = _refused(lambda: one.begin(tenant, browser))
    assert refusal.all("Location") == []
    assert browser.cookies() == {}
    assert counted.counts == {"create": 2}
    assert tenant.outside_of_discovery() == []


@pytest.mark.parametrize("fault", [LOST, AWAY, Fault(delay=5)], ids=["lost", "away", "slow"])
def test_a_launch_whose_first_write_fails_is_stored_under_another_state(
    one: App, counted: StandIn, browser: Browser, fault: Fault
) -> None:
    tenant = one.scripted.tenant()
    counted.fail("create", fault)
    begun = one.begin(tenant, browser)
    assert begun.status == 302
    assert counted.counts == {"create": 2}
    assert len(browser.cookies()) == 1
    assert one.answer(begun, tenant, browser).status == 303


@pytest.mark.parametrize("fault", [Fault(StatusCode.PERMISSION_DENIED), Fault(delay=60)])
def test_a_store_that_cannot_be_warmed_holds_no_click_up(
    tmp_path: Path, scripted: ScriptedEhr, browser: Browser, fault: Fault
) -> None:
    stand_in = StandIn()
    # Each function of the gateway has its own.
    stand_in.fail("warm", *[fault] * 10)
    ehrs = ehr_tables(NO_EHR, scripted)
    with serve_app(tmp_path, ehrs, firestore=stand_in.host) as server:
        app = App(server.origin, server, NO_EHR, scripted)
        tenant = scripted.tenant()
        assert app.answer(app.begin(tenant, browser), tenant, browser).status == 303
    stand_in.close()
    failed = [one for one in app.log_lines() if one["event"] == "store_not_warmed"]
    if fault.code is None:
        assert failed == []
    else:
        assert {one["store"] for one in failed} == {"PermissionDenied"}


@pytest.mark.parametrize(
    ("kind", "fault", "after"),
    [
        ("read", Fault(StatusCode.PERMISSION_DENIED), 303),
        ("conditional delete", AWAY, 303),
        ("conditional delete", Fault(StatusCode.ABORTED), 303),
        ("conditional delete", LOST, 400),
        ("conditional delete", Fault(StatusCode.DEADLINE_EXCEEDED, applied=True), 400),
        ("conditional delete", Fault(delay=5), 303),
    ],
)
def test_a_callback_that_cannot_take_its_launch_for_sure_sends_no_code(
    one: App, counted: StandIn, browser: Browser, kind: str, fault: Fault, after: int
) -> None:
    tenant = one.scripted.tenant()
    begun = one.begin(tenant, browser)
    counted.fail(kind, fault)
    _refused(lambda: one.answer(begun, tenant, browser))
    assert tenant.outside_of_discovery() == []
    # A second click finds the launch already used if the lost reply was a success.
    assert one.answer(begun, tenant, browser).status == after
    assert len(tenant.hits("/auth/token")) == (after == 303)


def test_a_callback_whose_session_may_not_be_stored_opens_none(
    one: App, counted: StandIn, browser: Browser
) -> None:
    tenant = one.scripted.tenant()
    begun = one.begin(tenant, browser)
    counted.fail("create", LOST)
    refusal = _refused(lambda: one.answer(begun, tenant, browser))
    assert refusal.all("Location") == []
    assert browser.cookies() == {}


def test_a_touch_that_fails_does_not_disturb_the_request(one: App, counted: StandIn) -> None:
    faults = (LOST, AWAY, Fault(StatusCode.FAILED_PRECONDITION))
    sessions = [one.launch(one.scripted.tenant()) for _ in faults]
    time.sleep(TOUCH_SECONDS)
    for launched, fault in zip(sessions, faults, strict=True):
        counted.reset()
        counted.fail("replace", fault)
        _read_patient(launched)
        assert counted.counts["replace"] == 1


def _addresses(app: App, tenant: Tenant) -> dict[str, str]:
    """A well-formed address of each function, and the session that two of them name."""
    handle, state = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
    return {
        "launch": f"{app.origin}/launch?iss={quote(tenant.base, safe='')}&launch=l1",
        "callback": f"{app.origin}/callback?code=c1&state={state}",
        "fhir_proxy": f"{app.origin}/fhir_proxy/{handle}/Patient/p1",
        "smart_calc": f"{app.origin}/smart_calc/{handle}/",
        "cookie": f"__Host-smart-{handle}=0.-.{secrets.token_urlsafe(32)}",
    }


def test_with_the_store_down_every_function_refuses_in_time_and_the_ehr_hears_nothing(
    down: App,
) -> None:
    """But it is as well as before: an instance that were ended would be cold when the store is
    back. People get a page.
    """
    tenant = down.scripted.tenant()
    addresses = _addresses(down, tenant)
    cookie = {"Cookie": addresses["cookie"]}
    with_pages = [one for one in ("launch", "callback", "smart_calc") if one in FUNCTIONS]

    def ask(function: str) -> Answer:
        navigation = {"Sec-Fetch-Dest": "document"} if function == "launch" else {}
        browser = Browser()
        refusal = _refused(lambda: browser.fetch(addresses[function], cookie | navigation))
        assert browser.cookies() == {}, function
        return refusal

    def look(function: str) -> Answer:
        return Browser().send("GET", addresses[function], NAVIGATION | cookie)

    with ThreadPoolExecutor(8) as pool:
        asked = pool.map(ask, ["fhir_proxy", *with_pages])
        pages = list(pool.map(look, with_pages))
        list(asked)
    assert tenant.outside_of_discovery() == []
    for page in pages:
        assert page.status == 503
        assert page.header("Content-Type") == "text/html; charset=utf-8"
        assert "reach its own database" in page.text
    for function in FUNCTIONS:
        assert Browser().get(f"{down.origin}/{function}/health").status == 200
