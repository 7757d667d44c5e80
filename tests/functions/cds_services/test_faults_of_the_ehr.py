"""Every fault that the simulated EHR can have as a CDS client, and what the service makes of it."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from simulator.faults.cds_faults import CDS_FAULTS
from tests.support.app.servers import free_port
from tests.support.browser.browser import Browser
from tests.support.ehr.three_ehrs import ThreeEhrs, in_words, serve_copy, serve_ehrs
from tests.support.tables import each

DARIO = "synthetic-dario"
TOKEN = "cds_token_invalid"
# Status, code, and the reason in the log of what is refused.
REFUSED: Mapping[str, tuple[int, str, str | None]] = {
    "cds-no-token": (401, TOKEN, "missing"),
    "cds-token-unsigned": (401, TOKEN, "algorithm"),
    "cds-token-hmac": (401, TOKEN, "algorithm"),
    "cds-token-bad-signature": (401, TOKEN, "signature"),
    "cds-token-no-kid": (401, TOKEN, "key"),
    "cds-token-jku-elsewhere": (401, TOKEN, "jku"),
    "cds-token-other-issuer": (401, TOKEN, "client"),
    "cds-token-other-tenant": (401, TOKEN, "client"),
    "cds-token-audience-base": (401, TOKEN, "audience"),
    "cds-token-audience-fixed": (401, TOKEN, "audience"),
    "cds-token-expired": (401, TOKEN, "time"),
    "cds-clock-behind": (401, TOKEN, "time"),
    "cds-clock-ahead": (401, TOKEN, "time"),
    "cds-token-long": (401, TOKEN, "time"),
    "cds-token-no-jti": (401, TOKEN, "jti"),
    "cds-token-replayed": (401, TOKEN, "replayed"),
    "cds-other-hook": (400, "parameter_invalid", None),
    "cds-no-fhir-server": (400, "parameter_invalid", None),
    "cds-other-fhir-server": (403, "cds_server_denied", None),
    "cds-prefetch-other-patient": (403, "patient_denied", None),
    "cds-no-data": (412, "cds_data_missing", None),
    "cds-stripped": (412, "cds_data_missing", None),
    "cds-authorization-expired": (412, "cds_data_missing", None),
    "cds-reads-hang": (412, "cds_data_missing", None),
    "cds-prefetch-outcome": (412, "cds_data_missing", None),
    "cds-prefetch-next-elsewhere": (412, "cds_data_missing", None),
    "cds-prefetch-huge": (413, "too_large", None),
}
# Whether the cards are the same as without faults, and the number of FHIR requests.
ANSWERED: Mapping[str, tuple[bool, int]] = {
    "cds-no-authorization": (True, 0),
    "cds-patient-reference": (True, 0),
    "cds-slow": (True, 0),
    "cds-no-app-context": (True, 0),
    "cds-no-prefetch": (True, 7),
    "cds-prefetch-text": (True, 6),
    "cds-prefetch-partial": (True, 5),
    "cds-prefetch-next": (True, 1),
    "cds-prefetch-null": (False, 0),
    "cds-user-is-patient": (False, 0),
}
# Each at a separate EHR, because the service limits how often it fetches keys again.
ABOUT_KEYS: Mapping[str, tuple[str, int, str]] = {
    "cds-token-unknown-kid": ("oracle", 401, "key"),
    "cds-token-new-key": ("epic", 200, ""),
    "cds-keys-unavailable": ("generic", 503, ""),
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeEhrs]:
    port = free_port()
    folder = tmp_path_factory.mktemp("faults")
    with (
        serve_ehrs(folder, f"http://localhost:{port}") as ehr_origin,
        serve_copy(folder, ehr_origin, port) as running,
    ):
        yield running


class Chart:
    """A chart that was opened, and what the app logged meanwhile."""

    def __init__(self, app: ThreeEhrs, ehr: str, fault: str) -> None:
        before = len(app.server.log.read_bytes())
        address = f"{app.ehr_origin}/{ehr}/chart?patient={DARIO}&fault={fault}"
        self.page = html.unescape(Browser().send("GET", address, timeout=60).text)
        said = app.server.log.read_bytes()[before:].decode().splitlines()
        self.lines: list[dict[str, Any]] = [json.loads(one) for one in said]
        self.cards = re.findall(r'<h3 id="card[^>]*>(.*?)</h3>', self.page)

    def of(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.lines if one["event"] == event]


def test_every_fault_of_a_client_is_in_a_table() -> None:
    assert CDS_FAULTS.keys() == {*REFUSED, *ANSWERED, *ABOUT_KEYS}


@each("name", REFUSED)
def test_a_call_that_cannot_be_served_is_refused_and_its_reason_logged(
    app: ThreeEhrs, name: str
) -> None:
    status, code, reason = REFUSED[name]
    chart = Chart(app, CDS_FAULTS[name].ehrs[0], name)
    assert f"The service returned {status} ({code})" in chart.page
    assert "App error" not in chart.page
    assert not re.search(r"[.:;,][.:;,]", in_words(chart.page.partition("<main")[2]))
    assert chart.cards == []
    line = chart.of("cds_refused")[-1]
    assert (line["code"], line.get("reason")) == (code, reason)


@each("name", ANSWERED)
def test_a_call_that_lacks_something_is_answered_with_what_is_known(
    app: ThreeEhrs, name: str
) -> None:
    is_whole, reads = ANSWERED[name]
    right = Chart(app, "generic", "")
    assert right.cards
    chart = Chart(app, "generic", name)
    assert chart.cards == (right.cards if is_whole else [])
    assert "App error" not in chart.page
    assert len(chart.of("fhir_request")) >= reads
    assert bool(chart.of("fhir_request")) is (reads > 0)


@each("name", ABOUT_KEYS)
def test_a_fault_of_the_keys_is_told_from_a_bad_token(app: ThreeEhrs, name: str) -> None:
    ehr, status, reason = ABOUT_KEYS[name]
    assert Chart(app, ehr, "").cards
    chart = Chart(app, ehr, name)
    assert bool(chart.cards) is (status == 200)
    if status != 200:
        assert f"The service returned {status}" in chart.page
        assert chart.of("cds_refused")[-1].get("reason", "") == reason


def test_no_log_line_holds_a_token_or_names_the_patient(app: ThreeEhrs) -> None:
    # This EHR still has its original keys, regardless of the tests above.
    assert Chart(app, "oracle", "cds-no-prefetch").cards
    recorded = json.loads(Browser().get(f"{app.ehr_origin}/_recorded").body)["requests"]
    tokens = {
        value.partition(" ")[2]
        for one in recorded
        if one["path"].startswith("/oracle/r4/")
        for name, value in one["headers"]
        if name == "Authorization"
    }
    log = app.server.log.read_text(encoding="utf-8")
    assert tokens
    assert not [one for one in (*tokens, DARIO, "Dario", "1959-04-21", "eyJ") if one in log]
