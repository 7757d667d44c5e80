"""The cookie that binds a pending launch to its browser (COOKIE-01, 02, 06, 07, 09)."""

import base64
import hashlib
import re
import time

from tests.support.app.app import App
from tests.support.browser.browser import Answer, Browser

PREFIX = "__Host-launch-"


def _name(state: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(state.encode()).digest())
    return PREFIX + digest.decode()[:16]


def _cleared(answer: Answer) -> set[str]:
    lines = [line for line in answer.all("Set-Cookie") if "; Max-Age=0;" in line]
    return {line.partition("=")[0] for line in lines}


def test_a_launch_sets_one_cookie_named_after_its_state(app: App, browser: Browser) -> None:
    begun = app.begin(app.scripted.tenant(), browser)
    (line,) = begun.all("Set-Cookie")
    pair, *attributes = line.split("; ")
    assert pair.partition("=")[0] == _name(begun.query["state"])
    assert sorted(attributes) == sorted(
        ["Max-Age=600", "Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"]
    )
    assert len(line) < 4096


def test_its_value_is_the_time_and_256_random_bits(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    for _ in range(5):
        app.begin(tenant, browser)
    values = [value.partition(".") for value in browser.cookies().values()]
    assert all(abs(int(stamp, 36) - time.time()) < 60 for stamp, _, _ in values)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) for _, _, secret in values)
    assert len({secret for _, _, secret in values}) == 5


def test_the_callback_takes_the_cookie_away_and_only_this_one(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    one, two = app.begin(tenant, browser), app.begin(tenant, browser)
    answer = app.answer(one, tenant, browser)
    assert _cleared(answer) == {_name(one.query["state"])}
    assert [name for name in browser.cookies() if name.startswith(PREFIX)] == [
        _name(two.query["state"])
    ]


def test_a_hundred_unfinished_launches_leave_the_ten_latest_cookies(
    app: App, browser: Browser
) -> None:
    tenant = app.scripted.tenant()
    names = [_name(app.begin(tenant, browser).query["state"]) for _ in range(100)]
    assert list(browser.cookies()) == names[-10:]


def test_cookies_of_others_and_sessions_are_left_alone(app: App, browser: Browser) -> None:
    others = [f"other-{index}=1" for index in range(30)]
    sessions = [f"__Host-smart-{index:022}=1.-.x" for index in range(15)]
    begun = _begin(app, browser, "; ".join([*others, *sessions]))
    assert len(begun.all("Set-Cookie")) == 1


def _begin(app: App, browser: Browser, cookies: str) -> Answer:
    base = app.scripted.tenant().base
    return browser.get(f"{app.origin}/launch?iss={base}&launch=1", {"Cookie": cookies})
