"""Two EHRs in one configuration can't be mixed up: one names itself in its responses (RFC 9207),
and the other is identified only by its redirect URI (RFC 9700 4.4.2).
"""

from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

from tests.support.app.clinics import Practice, practice
from tests.support.app.registered import Place, Registration
from tests.support.browser.browser import Answer, Browser
from tests.support.tables import each

PAIRS: list[tuple[Place, Place]] = [
    ("generic", "oracle"),
    ("oracle", "generic"),
    ("oracle", "epic"),
    ("epic", "oracle"),
]
pairs = each(("place", "other"), PAIRS)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    places: list[Place] = ["generic", "oracle", "epic"]
    clients = [Registration(place, f"{place}-client") for place in places]
    with practice(tmp_path_factory.mktemp("mix-up"), *clients) as running:
        yield running


def _answer_of(app: Practice, place: Place, browser: Browser) -> dict[str, str]:
    """What an EHR answers to a launch, before the browser delivers it."""
    begun = browser.get(browser.get(app.click(place)).location)
    assert begun.status == 302
    back = urlsplit(browser.get(begun.location).location)
    assert f"{back.scheme}://{back.netloc}{back.path}" == f"{app.origin}/callback/{place}"
    return dict(parse_qsl(back.query))


def _deliver(app: Practice, browser: Browser, path: str, given: dict[str, str]) -> Answer:
    return browser.get(f"{app.origin}{path}?{urlencode(given, quote_via=quote)}")


def _is_refused(app: Practice, answer: Answer, browser: Browser, before: int) -> None:
    """Refused for the issuer; of no EHR were tokens asked."""
    assert (answer.status, answer.code) == (400, "issuer_mismatch")
    assert not [name for name in browser.cookies() if name.startswith("__Host-smart-")]
    for place in app.registrations:
        assert app.clinics.requests(app.clinics.addresses(place).token, before) == []


@pairs
@each("with_error", [False, True])
def test_an_answer_on_the_redirect_path_of_another_ehr_is_refused(
    app: Practice, place: Place, other: Place, with_error: bool
) -> None:
    browser, before = Browser(), app.clinics.number()
    given = _answer_of(app, place, browser)
    if with_error:
        given = {"state": given["state"], "error": "access_denied"}
    _is_refused(app, _deliver(app, browser, f"/callback/{other}", given), browser, before)
    again = _deliver(app, browser, f"/callback/{place}", given)
    assert (again.status, again.code) == (400, "state_unknown")


@each("place", ["generic", "oracle", "epic"])
def test_an_answer_on_the_shared_path_is_refused_where_the_ehr_has_its_own(
    app: Practice, place: Place
) -> None:
    browser, before = Browser(), app.clinics.number()
    given = _answer_of(app, place, browser)
    _is_refused(app, _deliver(app, browser, "/callback", given), browser, before)


@pairs
def test_the_code_of_one_ehr_under_the_state_of_another_goes_to_neither(
    app: Practice, place: Place, other: Place
) -> None:
    """An EHR that is an attacker's sends the browser on to an honest one, which answers at its own
    path with the attacker's state.
    """
    browser, before = Browser(), app.clinics.number()
    attackers, honest = _answer_of(app, place, browser), _answer_of(app, other, browser)
    mixed = {**honest, "state": attackers["state"]}
    _is_refused(app, _deliver(app, browser, f"/callback/{other}", mixed), browser, before)
