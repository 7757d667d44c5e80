"""The calculator that a card named: from the token answer to the address after the launch."""

import json
from typing import Any

import pytest

from functions.callback import card_target
from shared.smart import token_response
from tests.support.app.app import App, Launched
from tests.support.browser.browser import Browser
from tests.support.tables import each

NAMED = '{"calculator":"egfr_ckd_epi_2021"}'


def launched(app: App, app_context: Any) -> Launched:
    tenant = app.scripted.tenant()
    tenant.token["appContext"] = app_context
    return app.launch(tenant, Browser())


@pytest.mark.calculators
@each("given", [NAMED, json.loads(NAMED), '{ "calculator": "bmi", "more": [1] }'], ids=repr)
def test_the_app_opens_at_the_calculator_that_the_card_named(app: App, given: Any) -> None:
    name = (json.loads(given) if isinstance(given, str) else given)["calculator"]
    answer = launched(app, given).callback
    assert answer.location.partition("#")[2] == name


@each(
    "given",
    [
        *("", "bmi", "[]", "null", "{", '{"calculator":"nonsense"}', '{"calculator":["bmi"]}'),
        *('{"calculator":"bmi/../x"}', '{"calculator":null}', '{"Calculator":"bmi"}'),
        '{"calculator":"bmi","x":"' + "y" * 2048 + '"}',
        *(7, True, [NAMED], {}, {"calculator": "BMI"}, {"calculator": {"bmi": 1}}),
    ],
    ids=lambda given: repr(given)[:40],
)
def test_whatever_else_comes_is_ignored(app: App, given: Any) -> None:
    answer = launched(app, given).callback
    assert answer.status == 303
    assert "#" not in answer.location


def test_the_session_tells_what_came_for_an_app_of_your_own(app: App) -> None:
    cases: list[tuple[Any, str | None]] = [
        (NAMED, NAMED),
        (json.loads(NAMED), NAMED),
        ("any text", "any text"),
        (None, None),
        ("y" * 2049, None),
        (7, None),
    ]
    for given, told in cases:
        opened = launched(app, given)
        answer = opened.browser.fetch(f"{opened.fhir_base}/session")
        assert answer.json()["app_context"] == told


@pytest.mark.calculators
def test_a_fragment_of_its_own_is_kept() -> None:
    body = b'{"access_token":"t","token_type":"Bearer","appContext":"{\\"calculator\\":\\"bmi\\"}"}'
    context = token_response.parse(body, {}).context
    assert card_target.after_card("/app/?session=s", context) == "/app/?session=s#bmi"
    assert card_target.after_card("/app/#start", context) == "/app/#start"


def test_no_log_line_holds_the_context(app: App) -> None:
    launched(app, '{"calculator":"bmi","note":"sentinel-context"}')
    assert "sentinel-context" not in app.server.log.read_text()
