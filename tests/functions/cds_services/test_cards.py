"""Which charts make cards, and what a card holds (CDS Hooks 2.0, "CDS Service Response")."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from clinical.calculators import REGISTRY
from shared.release import VERSION
from tests.support.cds import (
    Cds,
    bundle,
    chart,
    creatinine,
    days_ago,
    diagnosis,
    named,
    order,
    patient,
    value,
)
from tests.support.tables import each

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def qt(milliseconds: float, **more: Any) -> dict[str, Any]:
    return value("8634-8", milliseconds, "ms", **{"days": 0.02, **more})


def rate(beats: float = 60, **more: Any) -> dict[str, Any]:
    return value("8867-4", beats, "/min", **{"days": 0.02, **more})


def body(kilograms: float) -> dict[str, Any]:
    heights = bundle(value("8302-2", 170, "cm"))
    return chart(labs=bundle(), slow=heights, vitals=bundle(value("29463-7", kilograms, "kg")))


def calcium(milligrams: float, albumin: float) -> dict[str, Any]:
    return chart(
        labs=bundle(value("17861-6", milligrams, "mg/dL"), value("1751-7", albumin, "g/dL"))
    )


def liver(ast: float, aged: int = 76, **more: Any) -> dict[str, Any]:
    found = (
        value("1920-8", ast, "U/L", **more),
        value("1742-6", 30, "U/L", **more),
        value("777-3", 100, "10*3/uL", **more),
    )
    return chart(patient=patient(aged=aged), labs=bundle(*found))


def osmolality(measured: float) -> dict[str, Any]:
    found = (("2951-2", 140, "mmol/L"), ("2345-7", 90, "mg/dL"), ("3094-0", 14, "mg/dL"))
    values = [value(*one) for one in (*found, ("2692-2", measured, "mosm/kg"))]
    return chart(labs=bundle(*values))


def fibrillation(*further: str, gender: str = "male", aged: int = 41, **drugs: Any) -> Any:
    codes = ("I48.0", *further)
    return chart(
        patient=patient(aged=aged, gender=gender),
        labs=bundle(),
        conditions=bundle(*map(diagnosis, codes)),
        **drugs,
    )


def risk(smokes: bool) -> dict[str, Any]:
    answer = "77176002" if smokes else "266919005"
    smoking = value("72166-2", 1, "1")
    del smoking["valueQuantity"]
    snomed = "http://snomed.info/sct"
    smoking["valueCodeableConcept"] = {"coding": [{"system": snomed, "code": answer}]}
    return chart(
        patient=patient(aged=64, gender="male"),
        labs=bundle(creatinine(1.0)),
        slow=bundle(
            value("2093-3", 240, "mg/dL"), value("2085-9", 35, "mg/dL"), value("8302-2", 180, "cm")
        ),
        vitals=bundle(value("8480-6", 165, "mm[Hg]"), value("29463-7", 90, "kg")),
        social=bundle(smoking),
        conditions=bundle(diagnosis("E11.9")),
    )


ROWS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "QTc above 500": (chart(labs=bundle(), vitals=bundle(qt(510), rate())), {"qtc": "warning"}),
    "QTc prolonged, woman": (chart(labs=bundle(), vitals=bundle(qt(465), rate())), {"qtc": "info"}),
    "QTc not prolonged": (chart(labs=bundle(), vitals=bundle(qt(440), rate())), {}),
    "QT and rate apart": (
        chart(labs=bundle(), vitals=bundle(qt(510), rate(days=0.1))),
        {},
    ),
    "class 1 threshold for anticoagulation": (
        fibrillation("I10", "E11.9"),
        {"cha2ds2_vasc": "warning"},
    ),
    "class 2a": (fibrillation("I10"), {"cha2ds2_vasc": "info"}),
    "below the threshold": (fibrillation(), {}),
    "anticoagulated": (fibrillation("I10", "E11.9", drugs=bundle(order("apixaban"))), {}),
    "anticoagulant on hold": (
        fibrillation("I10", "E11.9", drugs=bundle(order("apixaban", status="on-hold"))),
        {},
    ),
    "no drugs at all": (fibrillation("I10", drugs=None), {"cha2ds2_vasc": "info"}),
    "no fibrillation": (chart(labs=bundle(), conditions=bundle(diagnosis("I10"))), {}),
    "osmolal gap raised": (osmolality(310), {"serum_osmolality": "warning"}),
    "osmolal gap not raised": (osmolality(295), {}),
    "eGFR G5": (chart(labs=bundle(creatinine(6))), {"egfr_ckd_epi_2021": "warning"}),
    "eGFR G4": (chart(labs=bundle(creatinine(2.5))), {"egfr_ckd_epi_2021": "warning"}),
    "eGFR G3b": (chart(labs=bundle(creatinine(1.5))), {"egfr_ckd_epi_2021": "info"}),
    "eGFR G3a": (chart(labs=bundle(creatinine(1.1))), {"egfr_ckd_epi_2021": "info"}),
    "eGFR G2": (chart(labs=bundle(creatinine(0.8))), {}),
    "calcium low only as charted": (calcium(8.0, 2.5), {}),
    "calcium high when corrected": (calcium(10.0, 2.5), {"corrected_calcium": "info"}),
    "calcium low when corrected": (calcium(8.6, 4.5), {"corrected_calcium": "info"}),
    "calcium high by itself": (calcium(11.5, 4.0), {}),
    "FIB-4 above 2.67": (liver(60), {"fib4": "info"}),
    "FIB-4 between": (liver(17), {}),
    "FIB-4 in a young person": (liver(300, aged=31), {}),
    "10 % or more": (risk(smokes=True), {"prevent_2023_base": "info"}),
    "BMI below 18.5": (body(50), {"bmi": "info"}),
    "BMI 40 or more": (body(120), {"bmi": "info"}),
    "BMI of obesity class II": (body(105), {}),
}


@each("name", ROWS)
def test_a_band_makes_its_card(cds: Cds, name: str) -> None:
    prefetch, expected = ROWS[name]
    assert cds.main.calculators(prefetch) == expected


def test_every_calculator_that_makes_cards_has_rows_here() -> None:
    made = {(name, how) for _, found in ROWS.values() for name, how in found.items()}
    declared = {
        (calculator.name, band.urgency)
        for calculator in REGISTRY.values()
        for output in calculator.outputs
        for band in output.bands
        if output.card and band.urgency
    }
    assert made == declared


def bound(**more: Any) -> dict[str, Any]:
    found = creatinine(**more)
    found["valueQuantity"]["comparator"] = "<"
    return found


@each(
    "values",
    [
        (creatinine(days=91),),
        (creatinine(days=400),),
        (bound(),),
        (
            creatinine(2.9, effectiveDateTime=days_ago(2)[:10]),
            creatinine(1.9, effectiveDateTime=days_ago(2)[:10]),
        ),
        (creatinine(2.9, days=1), creatinine(1.4, days=3)),
        (creatinine(2.9, days=1), creatinine(2.5, days=2)),
        (creatinine(2.9, days=2), creatinine(3.0, days=1, status="preliminary")),
        (creatinine(2.9, days=2), bound(days=1)),
        (creatinine(290, days=2),),
        (value("2160-0", 2.9, "mg"),),
        (value("2160-0", 2.9, "mg/dL", effectiveDateTime=None),),
        (value("2160-0", 2.9, "mg/dL", days=-3),),
    ],
    ids=[
        *("old", "older than its look-back", "a bound", "two of one day", "changing in a week"),
        *("changing in two days", "a newer preliminary one", "a newer bound", "implausible"),
        *("no unit of it", "undated", "of a day to come"),
    ],
)
def test_a_value_that_is_not_certain_makes_no_card(cds: Cds, values: tuple[Any, ...]) -> None:
    assert cds.main.cards(chart(labs=bundle(*values))) == []


def test_values_that_were_not_drawn_together_make_no_card(cds: Cds) -> None:
    """They are computed on the page, with a warning."""
    apart = chart(
        labs=bundle(value("17861-6", 10.0, "mg/dL", days=2), value("1751-7", 2.5, "g/dL", days=1.6))
    )
    assert cds.main.cards(apart) == []


def test_without_age_or_sex_nothing_that_needs_them_makes_a_card(cds: Cds) -> None:
    for change in ({"birthDate": None}, {"gender": None}, {"birthDate": "1950"}):
        person = {name: held for name, held in (patient() | change).items() if held}
        assert cds.main.cards(chart(patient=person)) == []
    assert cds.main.cards(chart(patient=patient(aged=11))) == []
    assert cds.main.cards(chart(patient=patient() | {"deceasedBoolean": True})) == []


def full() -> dict[str, Any]:
    """A chart of seven cards."""
    return chart(
        labs=bundle(
            creatinine(2.9),
            *(value("17861-6", 10.0, "mg/dL"), value("1751-7", 2.5, "g/dL")),
            *(value("1920-8", 60, "U/L"), value("1742-6", 30, "U/L")),
            value("777-3", 100, "10*3/uL"),
            *(value("2951-2", 140, "mmol/L"), value("2345-7", 90, "mg/dL")),
            *(value("3094-0", 14, "mg/dL"), value("2692-2", 310, "mosm/kg")),
        ),
        slow=bundle(value("8302-2", 170, "cm")),
        vitals=bundle(qt(470), rate(), value("29463-7", 120, "kg")),
        conditions=bundle(diagnosis("I48.0"), diagnosis("I10")),
    )


def test_warnings_come_first_five_at_most_and_the_last_names_the_others(cds: Cds) -> None:
    cards = cds.main.cards(full())
    assert [(named(card), card["indicator"]) for card in cards] == [
        ("cha2ds2_vasc", "warning"),
        ("serum_osmolality", "warning"),
        ("egfr_ckd_epi_2021", "warning"),
        ("qtc", "info"),
        ("corrected_calcium", "info"),
    ]
    *others, last = [card["detail"] for card in cards]
    assert "FIB-4, Body mass index" in last
    assert not any("without a card of its own" in one for one in others)
    told = cds.last("cds_answered")
    assert told["cards"] == [card["uuid"] for card in cards]
    assert told["calculators"] == [f"{named(card)} {card['indicator']}" for card in cards]


def test_no_card_rests_on_what_nobody_can_classify_and_the_log_counts_it(cds: Cds) -> None:
    codes = ("I48.0", "I10", "E11.9")
    unknown = {**diagnosis(""), "code": {"text": "rhythm problem, see note"}}
    prefetch = fibrillation(*codes[1:])
    assert [named(card) for card in cds.main.cards(prefetch)] == ["cha2ds2_vasc"]
    assert cds.last("cds_answered")["unclassified"] == {"problems": 0, "drugs": 0}
    prefetch["conditions"] = bundle(*map(diagnosis, codes), unknown)
    assert cds.main.cards(prefetch) == []
    assert cds.last("cds_answered")["unclassified"] == {"problems": 1, "drugs": 0}
    assert "rhythm" not in cds.server.log.read_text("utf-8")


def test_every_card_is_as_the_standard_and_the_contract_say(cds: Cds) -> None:
    cards = [card for prefetch, _ in ROWS.values() for card in cds.main.cards(prefetch)]
    assert {named(card) for card in cards} == {
        calculator.name
        for calculator in REGISTRY.values()
        if any(output.card for output in calculator.outputs)
    }
    for card in cards:
        check(card, cds.origin)
    assert len({card["uuid"] for card in cards}) == len(cards)


def check(card: dict[str, Any], origin: str) -> None:
    assert card.keys() == {
        *("uuid", "summary", "detail", "indicator", "source", "links", "overrideReasons"),
    }
    calculator = REGISTRY[named(card)]
    assert UUID4.fullmatch(card["uuid"])
    assert card["indicator"] in {"warning", "info"}
    assert re.fullmatch(r"[^\n]+ [-0-9.]+(?: [^\n:]+)?: [^\n]+", card["summary"])
    assert len(card["summary"]) < 140
    detail = card["detail"]
    assert len(detail) <= 2000
    assert not re.search(r"<|!\[|\]\(|https?:|www\.|&\w+;", detail)
    assert f"{calculator.year}. smart-calc {VERSION}." in detail.replace("\\", "")
    source = card["source"]
    assert source.keys() == {"label", "url", "topic"}
    assert source["label"] == f"smart-calc: {calculator.title}"
    doi = next(one.doi for one in calculator.sources if one.doi)
    assert source["url"] == f"https://doi.org/{doi}"
    systems = f"{origin}/cds_services/CodeSystem"
    assert source["topic"] == {
        "system": f"{systems}/calculators",
        "code": calculator.name.replace("_", ""),
        "display": calculator.title,
    }
    assert re.fullmatch(r"[A-Za-z0-9]{1,100}", source["topic"]["code"])
    (link,) = card["links"]
    assert link.keys() == {"label", "type", "url", "appContext"}
    assert (link["type"], link["url"]) == ("smart", f"{origin}/launch")
    assert not urlsplit(link["url"]).query
    assert link["appContext"] == f'{{"calculator":"{calculator.name}"}}'
    assert [one["code"] for one in card["overrideReasons"]] == [
        *("known", "notapplicable", "datawrong", "later"),
    ]
    for one in card["overrideReasons"]:
        assert one.keys() == {"system", "code", "display"}
        assert one["system"] == f"{systems}/override-reasons"
        assert one["display"]


def test_the_detail_says_what_the_result_stands_on(cds: Cds) -> None:
    (card,) = cds.main.cards(fibrillation("I10", "E11.9", gender="male", aged=41))
    detail = card["detail"].replace("\\", "")
    assert "- Age: 41 years" in detail
    assert "- Hypertension: yes" in detail
    assert "Not found in the chart and counted as no: 3 diagnoses." in detail
    assert "Not with moderate to severe mitral stenosis or a mechanical valve." in detail
    (card,) = cds.main.cards(chart(labs=bundle(creatinine(2.9))))
    assert re.search(
        r"- Creatinine, serum or plasma: 2\.9 mg/dL, \d{1,2} \w{3} \d{4}\n", card["detail"]
    )


def test_values_and_cautions_are_two_lists(cds: Cds) -> None:
    """Two lists with nothing but an empty line between them are one to GFM (5.3)."""
    (card,) = cds.main.cards(chart(labs=bundle(creatinine(2.9))))
    lists = re.findall(r"(?m)^(?:- .*\n?)+", card["detail"])
    assert len(lists) == 2
    between = card["detail"].partition(lists[0])[2].partition(lists[1])[0]
    assert between.strip() == "To be read with it:"


def test_what_speaks_against_a_result_stands_in_its_card(cds: Cds) -> None:
    prefetch = chart(conditions=bundle(diagnosis("N17.9")))
    (card,) = cds.main.cards(prefetch)
    first = card["detail"].index("Acute kidney injury is on the problem list")
    assert first < card["detail"].index("Not while creatinine is changing")


def test_topics_stay_the_same_and_uuids_do_not(cds: Cds) -> None:
    one, other = (cds.main.cards(chart())[0] for _ in range(2))
    assert one["source"] == other["source"]
    assert one["uuid"] != other["uuid"]


HOSTILE = '<img src=x onerror=alert(1)> [x](javascript:y) **SENTINEL** \n# "\\'


def test_no_text_of_the_chart_gets_into_a_card(cds: Cds) -> None:
    """Clients render markdown, some with HTML in it."""

    def spoiled(held: Any) -> Any:
        if isinstance(held, dict):
            spoilt = {name: spoiled(inner) for name, inner in held.items()}
            return {**spoilt, "text": HOSTILE, "display": HOSTILE, "note": [{"text": HOSTILE}]}
        return [spoiled(one) for one in held] if isinstance(held, list) else held

    prefetch = spoiled(full())
    for entry in prefetch["conditions"]["entry"]:
        entry["resource"]["code"]["text"] = HOSTILE
    prefetch["patient"] |= {"name": [{"family": HOSTILE}], "id": "p1"}
    text = json.dumps(cds.main.cards(prefetch))
    for word in ("SENTINEL", "<img", "javascript", prefetch["patient"]["birthDate"], "p1"):
        assert word not in text
    assert "egfr" in text


def test_nothing_to_say_is_an_empty_list(cds: Cds) -> None:
    answer = cds.main.call(chart(labs=bundle()))
    assert (answer.status, answer.json()) == (200, {"cards": []})
    assert cds.last("cds_answered")["calculators"] == []
