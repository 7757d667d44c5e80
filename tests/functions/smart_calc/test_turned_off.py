"""Calculators that a site has turned off (`calculators_off`; contract, 13.3)."""

import json
import os
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from clinical.calculators import REGISTRY
from tests.support.app.app import App, ehr_tables
from tests.support.app.servers import free_port, run, serve_app
from tests.support.browser.browser import OWN_FETCH
from tests.support.charts.app_chart import calculator, open_page, tenant_of
from tests.support.ehr.scripted_ehr import ScriptedEhr
from tests.support.tables import each

NO_EHR = "http://127.0.0.1:9"
RESPONSIBLE = "Clinical informatics <ext. 7>"
OFF = ("has_bled", "egfr_ckd_epi_2021")
CREATININE = {"creatinine": {"value": 1.5, "unit": "mg/dL"}}


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("turned-off")
    top = f"calculators_off = {json.dumps(OFF)}\nresponsible = '{RESPONSIBLE}'"
    tables = ehr_tables(NO_EHR, scripted)
    with serve_app(folder, tables, top=top, port=free_port()) as server:
        yield App(server.origin, server, NO_EHR, scripted)


def test_the_page_says_that_it_is_turned_off_here_and_shows_nothing_else_of_it(
    without: App,
) -> None:
    page = open_page(without, without.launch(tenant_of(without))).text
    for name in OFF:
        shown = calculator(page, name)
        assert "turned off by your organization" in shown
        assert "For a note" not in shown
        assert "<input" not in page.partition(f'id="{name}"')[2].partition("</details>")[0]
    assert "Creatinine" in calculator(page, "creatinine_clearance_cg")
    assert "Turned off by your organization</h2>" in page


def test_the_page_names_who_is_responsible_or_says_that_no_one_is(without: App, app: App) -> None:
    named, unnamed = (
        unescape(open_page(one, one.launch(tenant_of(one))).text) for one in (without, app)
    )
    assert f"Responsible for this app at this site: {RESPONSIBLE}." in named
    assert "No one is named" not in named
    assert "No one is named as responsible for this app at this site." in unnamed


def test_each_formula_says_how_it_was_verified_and_which_codes_are_read(app: App) -> None:
    page = open_page(app, app.launch(tenant_of(app))).text
    formulas = page.split('<details class="formula">')[1:]
    assert len(formulas) == len(REGISTRY)
    for formula in formulas:
        told = formula.partition("</details>")[0]
        assert "against an independent second implementation; not reviewed by a clinician." in told
        assert "This calculator reads these code systems: " in told
        assert "Entries in other code systems may be missed." in told
    risk = page.partition('id="prevent_2023_base"')[2].partition("reads these code systems: ")[2]
    assert risk.startswith(
        "LOINC and SNOMED CT (observations); "
        "ICD-10, ICD-9-CM and SNOMED CT (diagnoses); RxNorm and ATC (drugs)."
    )


def test_what_it_gives_to_others_is_not_computed_either(without: App) -> None:
    """It may have been withdrawn for a wrong formula."""
    launched = without.launch(tenant_of(without))
    shown = calculator(open_page(without, launched).text, "prevent_2023_base")
    assert "eGFR (CKD-EPI 2021, creatinine) is turned off by your organization" in shown
    assert "Calculated: Body mass index" in shown
    inputs = {**CREATININE, "age": {"value": 60, "unit": "a"}, "sex": {"value": "male"}}
    answer = launched.browser.send(
        "POST",
        f"{without.origin}/smart_calc/{launched.handle}/prevent_2023_base",
        {**OWN_FETCH, "Content-Type": "application/json"},
        json.dumps({"inputs": inputs}).encode(),
    )
    assert "eGFR (CKD-EPI 2021)" in answer.json()["refused"]


@each("name", OFF)
@each("method", ["POST", "GET", "PUT"])
def test_its_address_is_not_found(without: App, name: str, method: str) -> None:
    launched = without.launch(tenant_of(without))
    address = f"{without.origin}/smart_calc/{launched.handle}/{name}"
    headers = {**OWN_FETCH, "Content-Type": "application/json"}
    body = json.dumps({"inputs": CREATININE}).encode() if method == "POST" else None
    answer = launched.browser.send(method, address, headers, body)
    assert (answer.status, answer.code) == (404, "not_found")


def test_the_others_answer_as_ever(without: App) -> None:
    launched = without.launch(tenant_of(without))
    address = f"{without.origin}/smart_calc/{launched.handle}/bmi"
    inputs = {"weight": {"value": 80, "unit": "kg"}, "height": {"value": 180, "unit": "cm"}}
    headers = {**OWN_FETCH, "Content-Type": "application/json"}
    answer = launched.browser.send(
        "POST", address, headers, json.dumps({"inputs": inputs}).encode()
    )
    assert answer.status == 200
    assert answer.json()["outputs"]["bmi"] == pytest.approx(24.69, abs=0.01)


CONFIG = """
public_url = "https://smart.example.org"
sealing_keys = ["env:SEALING_KEY"]
calculators_off = ["bmi", "has_bld"]
cards = ["qtc", "bmi"]
launch_minutes = 0
[store]
kind = "sqlite"
[[ehr]]
key = "ehr"
iss = ["https://ehr.example.org/r4"]
client_id = "client"
scopes = "patient/*.rs"
[[ehr]]
key = "other"
iss = ["https://other.example.org/r4"]
client_id = "client"
scopes = "patient/*.rs"
redirect_path = "/callback/other"
cards = ["bmi"]
"""


def test_a_name_that_no_calculator_has_ends_the_process_at_start_with_all_other_problems(
    tmp_path: Path,
) -> None:
    config = tmp_path / "smart.toml"
    config.write_text(CONFIG)
    environment = {"PATH": os.environ["PATH"], "SMART_CONFIG": str(config)}
    log = tmp_path / "log"
    assert run("functions.smart_calc.main", environment=environment, log=log) == 1
    said = log.read_text("utf-8")
    assert "calculators_off[1]: isn't a calculator [setting_invalid]" in said
    assert "calculators_off[0]" not in said
    assert "cards[1]: doesn't have a card [setting_invalid]" in said
    assert "Choose from qtc, cha2ds2_vasc, egfr_ckd_epi_2021, prevent_2023_base, fib4." in said
    assert "smart-calc: 4 problem(s)" in said
    assert "\nehr[1].cards[0]: doesn't have a card [setting_invalid]" in said
    assert "launch_minutes" in said
