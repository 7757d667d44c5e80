"""Entries that can't be classified: listed once on the page, and left open wherever they matter."""

import re
from html import unescape

import pytest

from tests.support.browser.whole_page import chart_of, page_of
from tests.support.charts.chart_resources import (
    condition,
    observation,
    order,
    patient,
    pressure,
    smoking,
)

RISK = (
    patient(),
    observation("2093-3", 200, "mg/dL", id="tc", effectiveDateTime="2026-11-20"),
    observation("2085-9", 50, "mg/dL", id="hdl", effectiveDateTime="2026-11-20"),
    observation("2160-0", 1.0, "mg/dL", id="cr", effectiveDateTime="2026-11-20"),
    observation("29463-7", 80, "kg", id="kg", effectiveDateTime="2026-11-20"),
    observation("8302-2", 180, "cm", id="cm", effectiveDateTime="2026-11-20"),
    pressure(130, 80, id="bp"),
    smoking("266919005", id="smoke"),
)
UNKNOWN = (
    condition("J45.9", id="asthma"),
    condition("I48.0", id="af"),
    condition({"text": "rhythm <b>problem</b>"}, id="text", recordedDate="2025-05-04"),
    condition(
        {"coding": [{"system": "http://hospital.example/p", "code": "P77"}]},
        id="local",
        recordedDate="2024-03",
    ),
)


def section(page: str, name: str) -> str:
    """The text of one calculator."""
    parts = page.split('<details class="calculator"')
    (part,) = (one for one in parts if one.startswith(f' id="{name}"'))
    return part


@pytest.fixture(scope="module")
def page() -> str:
    with pytest.MonkeyPatch.context() as patched:
        return page_of("p1", chart_of("p1", (*RISK, *UNKNOWN)), patched)


def test_they_are_listed_once_in_the_words_of_the_chart(page: str) -> None:
    (told,) = re.findall(r'<section [^>]*id="not-classified".*?</section>', page, re.DOTALL)
    assert "2 of 4 problems could not be classified" in told
    entries = [unescape(re.sub(r"<(?!b>|/b>).*?>", "", one)) for one in told.split("<li>")[1:]]
    assert [one.partition("\n")[0] for one in entries] == [
        "rhythm <b>problem</b>, 4 May 2025, no code system",
        "P77, Mar 2024, http://hospital.example/p",
    ]


def test_an_open_item_is_not_answered_and_the_score_lies_in_a_range(page: str) -> None:
    score = section(page, "cha2ds2_vasc")
    assert score.count("not answered: 2 entries could match") == 5
    assert "assumed absent" not in score
    assert re.search(r"<strong>\d to \d</strong>", score)


def test_a_note_names_what_is_open() -> None:
    with pytest.MonkeyPatch.context() as patched:
        resolved = condition({"text": "rhythm problem"}, "resolved", id="past")
        hypertension = condition("I10", id="htn")
        chart = chart_of("p1", (*RISK, hypertension, resolved, order("lisinopril 10 MG")))
        risk = section(page_of("p1", chart, patched), "prevent_2023_base")
    assert "Missing inputs: Known cardiovascular disease (not answered)\n" in risk


def test_a_chart_that_is_understood_says_nothing_of_it() -> None:
    with pytest.MonkeyPatch.context() as patched:
        page = page_of("p1", chart_of("p1", (*RISK, *UNKNOWN[:2])), patched)
    assert "could not be classified" not in page
