"""The rows of the list: what each says in a word, their order, and which one matters most."""

import re
from datetime import UTC, datetime
from typing import Any

from clinical.calculators import REGISTRY
from clinical.chart import read_chart
from clinical.clock import Clock
from functions.smart_calc.page.calculator_views import in_groups
from functions.smart_calc.page.view_models import CalculatorView
from tests.support.app.app import App
from tests.support.charts.app_chart import answering, bundle, open_page, tenant_of
from tests.support.charts.chart_resources import condition, observation, order, pressure
from tests.support.ehr.scripted_ehr import as_fhir
from tests.support.tables import each

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PERSON = {"resourceType": "Patient", "id": "p1", "birthDate": "1957-10-11", "gender": "male"}
EGFR, CLEARANCE = "egfr_ckd_epi_2021", "creatinine_clearance_cg"
AF = "cha2ds2_vasc"


def measured(loinc: str, value: float, unit: str) -> dict[str, Any]:
    return observation(loinc, value, unit, id=loinc, effectiveDateTime="2026-11-24T08:00:00Z")


VALUES = (
    measured("2160-0", 1.21, "mg/dL"),
    measured("29463-7", 86, "kg"),
    measured("8302-2", 165, "cm"),
    pressure(138, 84, id="o-bp", effectiveDateTime="2026-11-24T08:00:00Z"),
)


def listed(*resources: dict[str, Any]) -> list[CalculatorView]:
    chart = read_chart([PERSON, *VALUES, *resources], NOW, "p1", None)
    return [view for views in in_groups(chart, Clock(NOW)).values() for view in views]


def row(name: str, *resources: dict[str, Any]) -> CalculatorView:
    return next(view for view in listed(*resources) if view.name == name)


@each(
    ("codes", "said"),
    [
        ((), "Kidney"),
        (("I10",), "Kidney"),
        (("I10", "E11.9"), "Kidney"),
        (("E11.22", "I10"), "CKD"),
        (("N18.32", "E11.9"), "CKD"),
        (("N18.6",), "CKD"),
        (("N17.9", "N18.32", "I10"), "AKI"),
    ],
)
def test_a_row_names_the_problem_for_which_a_clinician_looks_at_it(
    codes: tuple[str, ...], said: str
) -> None:
    chart = [condition(code, id=f"c-{code}") for code in codes]
    shown = row(EGFR, *chart)
    assert (shown.subject, shown.is_charted) == (said, codes != ())


def test_what_the_charted_problems_are_about_comes_first() -> None:
    names = [view.name for view in listed() if view.group == "computed"]
    assert names[0] == EGFR
    anticoagulant = order("apixaban 5 MG Oral Tablet", id="m1")
    with_fibrillation = listed(condition("I48.91", id="c1"), condition("I10", id="c2"))
    first = [(view.name, view.subject) for view in with_fibrillation[:3]]
    assert first == [("cha2ds2_vasc", "AF"), ("has_bled", "AF"), (EGFR, "Kidney")]
    dosing = listed(condition("I48.91", id="c1"), anticoagulant, condition("I10", id="c2"))
    assert [view.name for view in dosing[:4]][2:] == [CLEARANCE, EGFR]
    assert dosing[2].subject == "OAC"


def test_a_score_that_lacks_few_answers_is_a_result_of_this_patient() -> None:
    view = row("has_bled", condition("I48.91", id="c1"))
    assert (view.group, view.hint) == ("computed", "one missing")
    # The heading says what is missing. Nothing else repeats it.
    assert view.provenance.startswith("Computed from 2 chart values, ")


@each(
    ("name", "chart", "hint"),
    [
        (EGFR, (), "G2"),
        (CLEARANCE, (), "adj. weight"),
        ("bmi", (), "obese class I"),
        ("bsa_mosteller", (), ""),
        ("corrected_calcium", (), "needs total calcium, albumin"),
        ("meld", (), "needs total bilirubin and 3 more"),
        ("cha2ds2_vasc", (), "No atrial fibrillation found"),
        ("news2", (), "time-critical"),
    ],
)
def test_a_row_says_in_a_word_what_the_number_means_or_what_it_needs(
    name: str, chart: tuple[dict[str, Any], ...], hint: str
) -> None:
    assert row(name, *chart).hint == hint


def test_every_calculator_has_its_row_in_the_order_of_all_charts_before_anything_is_read(
    app: App,
) -> None:
    """Later data fills the rows. The calculator that opens first shows which one is relevant."""
    ill = as_fhir(bundle(condition("I48.91", id="c1")))
    for tenant, first in ((tenant_of(app), EGFR), (answering(tenant_of(app), conditions=ill), AF)):
        page = open_page(app, app.launch(tenant)).text
        frame, _, rest = page.partition("</template>")
        named = re.findall(r'<slot name="(\w+)" data-title=', frame)
        known = [name for name, one in REGISTRY.items() if not one.mark]
        assert named == [
            *known,
            *(name for name, one in REGISTRY.items() if one.mark),
            "values",
            "about",
        ]
        assert frame.count("reading …") == len(named) - 1
        assert f'data-first="{first}"' in rest


def test_the_limit_of_an_age_is_that_of_the_calculator_where_it_has_one() -> None:
    """NEWS2 takes the last 24 hours; the input itself is shown for two days."""
    old = measured("8867-4", 72, "/min")
    breaths = measured("9279-1", 16, "/min") | {"effectiveDateTime": "2026-11-16T08:00:00Z"}
    (shown,) = [one for one in row("news2", old, breaths).inputs if one.name == "respiratory_rate"]
    assert shown.age == "8 days ago, the limit is 1 day"
