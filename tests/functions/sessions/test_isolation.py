"""One session is not another: fixation, tossing, swaps, limits, and how many there may be."""

import secrets
import time
from collections.abc import Iterator

import pytest

from tests.support.app import App, Launched, ehr_tables
from tests.support.browser import Answer, Browser
from tests.support.clusters import NO_EHR, Pair, launch
from tests.support.rotating_ehr import RotatingEhr
from tests.support.scripted_ehr import ScriptedEhr
from tests.support.servers import serve_app

IDLE, LONGEST = 2.4, 4.8


def _cookie(launched: Launched) -> tuple[str, str]:
    name = f"__Host-smart-{launched.handle}"
    return name, launched.browser.cookies()[name]


def _fetch(launched: Launched, cookie: str) -> Answer:
    return Browser().fetch(f"{launched.fhir_base}/Patient/p1", {"Cookie": cookie})


def test_what_was_planted_in_the_browser_is_never_adopted(pair: Pair, ehr: RotatingEhr) -> None:
    browser = Browser()
    handle, secret = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
    planted = {f"__Host-smart-{handle}": f"tg0000.-.{secret}", "__Host-launch-" + "a" * 16: "0.x"}
    browser.jar["localhost"] = dict(planted)
    launched = launch(pair.first, ehr.tenant, browser)
    name, value = _cookie(launched)
    assert handle not in name
    assert secret not in value
    ehr.tenant.received.clear()
    for target in (handle, launched.handle):
        url = f"{pair.first.origin}/fhir_proxy/{target}/Patient/p1"
        cookie = f"__Host-smart-{target}=tg0000.-.{secret}"
        answer = Browser().fetch(url, {"Cookie": cookie})
        assert answer.status == 401
    assert ehr.tenant.received == []


def test_handles_and_secrets_of_two_sessions_cannot_be_swapped(
    pair: Pair, ehr: RotatingEhr
) -> None:
    """The other one's cookie is there too, under its own name."""
    one, other = (launch(pair.first, ehr.tenant) for _ in range(2))
    (name, value), (other_name, other_value) = _cookie(one), _cookie(other)
    ehr.tenant.received.clear()
    swapped = f"{name}={other_value}; {other_name}={value}"
    for launched in (one, other):
        for origin in (pair.first.origin, pair.second):
            url = f"{origin}/fhir_proxy/{launched.handle}/Patient/p1"
            answer = Browser().fetch(url, {"Cookie": swapped})
            assert (answer.status, answer.code) == (401, "session_missing")
    assert ehr.tenant.received == []


def test_nothing_in_a_request_chooses_another_ehr(pair: Pair, ehr: RotatingEhr) -> None:
    launched, other = launch(pair.first, ehr.tenant), RotatingEhr(pair.first.scripted.tenant())
    base = other.tenant.base
    headers = {"X-FHIR-Base": base, "X-Iss": base, "X-Forwarded-Host": base.split("/")[2]}
    url = f"{launched.fhir_base}/Patient/p1"
    assert launched.browser.fetch(url, headers).json()["id"] == "p1"
    for name in ("iss", "base", "fhir_base", "server", "aud"):
        launched.browser.fetch(f"{url}?{name}={base}", headers)
        launched.browser.fetch(f"{launched.fhir_base}/Observation?{name}={base}", headers)
    context = launched.browser.fetch(f"{launched.fhir_base}/session?iss={base}", headers).json()
    assert context["iss"] == ehr.tenant.base
    assert other.tenant.received == []


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr) -> Iterator[Pair]:
    """A deployment whose sessions last for seconds."""
    folder = tmp_path_factory.mktemp("brief")
    top = f"session_idle_minutes = {IDLE / 60}\nsession_max_hours = {LONGEST / 3600}"
    store, key, ehrs = folder / "smart.db", secrets.token_urlsafe(32), ehr_tables(NO_EHR, scripted)
    with serve_app(folder, ehrs, top=top, store=store, sealing_key=key) as server:
        yield Pair(App(server.origin, server, NO_EHR, scripted), server.origin, store, key)


def test_sessions_end_by_their_limits_though_the_store_still_holds_them(brief: Pair) -> None:
    ehr = RotatingEhr(brief.first.scripted.tenant())
    busy = launch(brief.first, ehr.tenant)
    idle = launch(brief.first, ehr.tenant)
    started = time.monotonic()
    cookies = {launched.handle: "=".join(_cookie(launched)) for launched in (busy, idle)}
    accepted = used = 0.0
    while (answer := _fetch(busy, cookies[busy.handle])).status == 200:
        assert used < LONGEST + 60
        time.sleep(IDLE / 6)
        accepted, used = used, time.monotonic() - started
    # Its uses outlived the idle limit, unless a busy machine had no time for one before that.
    assert accepted > IDLE or time.monotonic() - started - accepted > IDLE / 2
    assert (answer.status, answer.code) == (401, "session_expired")
    assert not brief.holds(busy)

    ehr.tenant.received.clear()
    # An expired record stays until a request uses it, because TTL cleanup is slow.
    assert _fetch(idle, cookies[idle.handle]).code == "session_expired"
    assert _fetch(busy, cookies[busy.handle]).code == "session_expired"
    assert ehr.tenant.received == []


def test_an_idle_session_is_refused_and_wiped_while_its_record_is_alive(brief: Pair) -> None:
    ehr = RotatingEhr(brief.first.scripted.tenant())
    launched = launch(brief.first, ehr.tenant)
    cookie = "=".join(_cookie(launched))
    time.sleep(IDLE)
    assert brief.holds(launched)
    ehr.tenant.received.clear()
    answer = _fetch(launched, cookie)
    assert (answer.status, answer.code) == (401, "session_expired")
    assert "session_idle_minutes" in answer.text
    assert not brief.holds(launched)
    assert ehr.tenant.received == []
