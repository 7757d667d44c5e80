"""What the page makes of a bound and of a question that a calculator's published rule settles."""

from collections.abc import Callable
from html import unescape

import pytest

from tests.support.browser.whole_page import chart_of, page_of
from tests.support.charts.chart_resources import condition, observation, order, patient
from tests.support.tables import each

Shown = Callable[..., str]
LIVER = (
    patient(),
    condition("K74.60", id="cirrhosis"),
    *(
        observation(code, value, unit, id=code)
        for code, value, unit in (
            ("2160-0", 0.9, "mg/dL"),
            ("6301-6", 1.2, "{INR}"),
            ("2951-2", 138, "mmol/L"),
            ("1751-7", 3.9, "g/dL"),
        )
    ),
)


def bilirubin(comparator: str, value: float, **more: object) -> dict[str, object]:
    made = observation("1975-2", value, "mg/dL", id="bilirubin", **more)
    made["valueQuantity"]["comparator"] = comparator
    return made


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    def of(name: str, *resources: dict[str, object]) -> str:
        page = unescape(page_of("p1", chart_of("p1", resources), monkeypatch))
        return page.partition(f'<details class="calculator" id="{name}"')[2].partition("</form>")[0]

    return of


@each(
    ("comparator", "value", "more", "counts"),
    [
        ("<", 0.2, {}, True),
        ("<", 1.0, {}, True),
        ("<", 1.1, {}, False),
        (">", 0.2, {}, False),
        # Not collected with the others.
        ("<", 0.2, {"effectiveDateTime": "2026-11-01"}, False),
    ],
)
def test_meld_takes_a_bilirubin_charted_as_below_its_floor(
    shown: Shown, comparator: str, value: float, more: dict[str, object], counts: bool
) -> None:
    told = shown("meld", *LIVER, bilirubin(comparator, value, **more))
    field = told.partition('data-name="bilirubin_total"')[2].partition('data-name="inr"')[0]
    assert ('data-value="1.0"' in field) is counts
    assert f"{comparator} {value} mg/dL" in field
    assert "Below 1.0 mg/dL counts as 1.0" in field


def test_labile_inr_is_asked_only_where_a_vitamin_k_antagonist_is_or_could_be(shown: Shown) -> None:
    fibrillation = condition("I48.91", id="af")
    for drug, value in (("apixaban", "false"), ("warfarin", "null"), ("blood thinner", "null")):
        told = shown("has_bled", patient(), fibrillation, order(drug))
        field = told.partition('data-name="labile_inr"')[2].partition('data-name="')[0]
        assert f'data-value="{value}"' in field
        assert ("No vitamin K antagonist was found in the chart." in field) is (value == "false")
