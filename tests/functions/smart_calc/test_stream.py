"""The page while the chart is read: the order of its parts, their dependencies, and placeholders.

The EHR holds its responses until the test releases them, so the tests check the order, not a time.
"""

import http.client
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from functions.smart_calc import stream
from tests.support.app.app import App
from tests.support.browser.browser import NAVIGATION
from tests.support.charts.app_chart import (
    CHART,
    CREATININE,
    WEIGHT,
    bundle,
    days_ago,
    measured,
    tenant_of,
)
from tests.support.charts.held_chart import HeldChart
from tests.support.ehr.scripted_ehr import Scripted, as_fhir


@dataclass
class SlowChart(HeldChart):
    """The page that waits for a chart's answers."""

    app: App | None = None
    text: str = ""
    connection: http.client.HTTPConnection | None = None
    response: http.client.HTTPResponse | None = None

    def open(self) -> http.client.HTTPResponse:
        assert self.app
        launched = self.app.launch(self.tenant)
        parts = urlsplit(f"{self.app.origin}/smart_calc/{launched.handle}/")
        cookies = "; ".join(f"{name}={value}" for name, value in launched.browser.cookies().items())
        self.connection = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=60)
        headers = {**NAVIGATION, "Host": parts.netloc, "Cookie": cookies}
        self.connection.request("GET", parts.path, headers=headers)
        self.response = self.connection.getresponse()
        return self.response

    def close(self) -> None:
        if self.connection and self.response:
            self.response.close()
            self.connection.close()

    def read_until(self, text: str) -> str:
        """What came up to a text; the answer ends without it where it never comes."""
        assert self.response
        while text not in self.shown:
            more = self.response.read1(65536)
            assert more, f"{text} never came: {self.shown[-500:]}"
            self.text += more.decode()
        return self.shown

    def rest(self) -> str:
        assert self.response
        self.text += self.response.read().decode()
        return self.shown

    @property
    def shown(self) -> str:
        return re.sub(r"<script>.*?</script>|<style>.*?</style>", "", self.text, flags=re.DOTALL)


@pytest.fixture
def slow(app: App) -> Iterator[SlowChart]:
    made = SlowChart(tenant_of(app, refresh_token="refresh-1"), app=app)
    yield made
    made.let_go()
    made.close()


def test_the_frame_comes_before_the_ehr_has_answered_anything(slow: SlowChart) -> None:
    answer = slow.open()
    assert answer.status == 200
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "script-src 'sha256-" in answer.headers["Content-Security-Policy"]
    shown = slow.read_until("Reading the chart")
    assert 'id="filter"' in shown
    assert "Testpatient" not in shown


def test_no_value_comes_before_the_name_though_all_values_have_been_read(slow: SlowChart) -> None:
    slow.open()
    slow.let_go(*CHART)
    slow.read_until("Reading the chart")
    until = time.monotonic() + 60
    while len([one for one in slow.tenant.received if one.path != "/auth/token"]) < 7:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert "data-patient=" not in slow.shown
    slow.let_go("patient")
    shown = slow.rest()
    assert shown.index("<h1><bdi>Synthetic Testpatient</bdi></h1>") < shown.index("data-patient=")


def test_whose_it_is_comes_while_the_values_are_still_read(slow: SlowChart) -> None:
    slow.open()
    slow.let_go("patient")
    shown = slow.read_until("<h1><bdi>Synthetic Testpatient</bdi></h1>")
    assert "<details" not in shown


def test_a_calculator_comes_as_soon_as_what_it_is_made_of_has_been_read(slow: SlowChart) -> None:
    slow.open()
    slow.let_go("patient", "vitals", "slow")
    shown = slow.read_until('id="bsa_mosteller"')
    assert 'id="egfr_ckd_epi_2021"' not in shown
    # The user can change a row immediately, so the page's stamp, which its note uses, comes first.
    assert shown.index('id="stamp"') < shown.index('<details class="calculator"')
    slow.let_go("labs")
    assert 'id="egfr_ckd_epi_2021"' not in slow.read_until('id="anion_gap"')
    # What diagnoses can warn of waits for them.
    slow.let_go("conditions")
    assert 'id="has_bled"' not in slow.read_until('id="egfr_ckd_epi_2021"')
    slow.let_go("drugs")
    assert 'id="prevent_2023_base"' not in slow.read_until('id="has_bled"')
    slow.let_go("social")
    shown = slow.rest()
    assert shown.index('id="prevent_2023_base"') < shown.index('id="values"')
    assert shown.rstrip().endswith("</html>")
    for name in ("bsa_mosteller", "egfr_ckd_epi_2021", "has_bled"):
        assert shown.count(f'<details class="calculator" id="{name}"') == 1


def test_a_row_that_a_later_search_changes_comes_again_and_no_other(slow: SlowChart) -> None:
    later = {**CREATININE, "id": "o-later", "effectiveDateTime": days_ago(1)}
    later["valueQuantity"] = {**CREATININE["valueQuantity"], "value": 7.7}
    slow.answers["social"] = as_fhir(bundle(later))
    slow.open()
    slow.let_go("patient", "vitals", "slow", "labs", "conditions")
    assert "7.7 mg/dL" not in slow.read_until('id="egfr_ckd_epi_2021"')
    slow.let_go(*CHART)
    shown = slow.rest()
    rows = re.findall(r'<details class="calculator" id="(\w+)"', shown)
    assert "7.7 mg/dL" in shown[shown.rindex('id="egfr_ckd_epi_2021"') :]
    assert rows.count("egfr_ckd_epi_2021") == 2
    assert rows.count("bsa_mosteller") == rows.count("anion_gap") == 1


def test_old_values_are_named_in_the_order_of_the_page_whichever_came_first(app: App) -> None:
    old = {"effectiveDateTime": days_ago(300)}
    ions = (("2951-2", 139), ("2075-0", 101), ("2028-9", 24))
    labs = [measured("x", loinc, value, "mmol/L", **old) for loinc, value in ions]
    told = set()
    for first, row in (("labs", "anion_gap"), ("vitals", "bsa_mosteller")):
        slow = SlowChart(tenant_of(app, refresh_token="refresh-1"), app=app)
        slow.answers = {
            "labs": as_fhir(bundle(*labs)),
            "vitals": as_fhir(bundle({**WEIGHT, **old})),
        }
        slow.open()
        slow.let_go("patient", "slow", first)
        slow.read_until(f'id="{row}"')
        slow.let_go()
        told |= set(re.findall(r"Old values: [^<]+", slow.rest()))
        slow.close()
    (line,) = told
    assert line.count(";") == 3


def test_the_time_zone_of_the_page_is_that_of_the_values_though_diagnoses_come_first(
    slow: SlowChart,
) -> None:
    for name in ("labs", "slow", "vitals", "social"):
        there = [
            {**one, "effectiveDateTime": one["effectiveDateTime"].replace("Z", "-06:00")}
            for one in CHART[name]
        ]
        slow.answers[name] = as_fhir(bundle(*there))
    slow.open()
    slow.let_go("conditions", "drugs")
    slow.read_until("Reading the chart")
    slow.let_go("patient")
    slow.read_until("<h1><bdi>Synthetic Testpatient</bdi></h1>")
    slow.let_go(*CHART)
    assert 'data-offset="-360"' in slow.rest()


def test_a_part_that_fails_is_told_and_the_others_come(slow: SlowChart) -> None:
    slow.answers["labs"] = Scripted(500)
    slow.open()
    slow.let_go("patient", "vitals", "slow", "labs")
    assert "could not be read" in slow.read_until('id="anion_gap"')
    slow.let_go(*CHART)
    assert "Not all of the chart was read" in slow.rest()


def test_a_session_that_ends_while_values_are_read_is_told_on_the_page_which_keeps_them(
    slow: SlowChart,
) -> None:
    answer = slow.open()
    slow.let_go("patient", "vitals", "slow")
    slow.read_until('id="bsa_mosteller"')
    slow.end_the_session()
    slow.let_go("labs")
    shown = slow.rest()
    assert answer.status == 200
    assert "The session has ended." in shown
    assert "session_expired" in shown
    assert "launch the app again" in shown
    assert shown.index('id="bsa_mosteller"') < shown.index("The session has ended.")
    assert shown.rstrip().endswith("</html>")


def test_a_browser_that_goes_away_ends_the_reading_and_the_server_serves_on(
    slow: SlowChart,
) -> None:
    slow.open()
    slow.read_until("Reading the chart")
    slow.close()
    slow.let_go("patient", *CHART)
    slow.text = ""
    slow.open()
    assert 'id="complete"' in slow.rest()


def test_the_script_holds_nothing_that_would_end_it_early() -> None:
    """The script is inline in the page, without escaping."""
    script = stream.script()
    assert "</" not in script
    assert "<!--" not in script
