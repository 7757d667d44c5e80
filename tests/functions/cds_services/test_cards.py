"""Which charts make cards, and what a card holds (CDS Hooks 2.0, "CDS Service Response")."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from clinical.calculators import REGISTRY
from clinical.calculators.registry import CARDS
from shared.release import version
from tests.support.ehr.cds import (
    Cds,
    bundle,
    chart,
    creatinine,
    days_ago,
    diagnosis,
    named,
    order,
    patient,
    smoking,
    value,
)
from tests.support.tables import each

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def qt(milliseconds: float, **more: Any) -> dict[str, Any]:
    return value("8634-8", milliseconds, "ms", **{"days": 0.02, **more})


def rate(beats: float = 60, **more: Any) -> dict[str, Any]:
    return value("8867-4", beats, "/min", **{"days": 0.02, **more})


def bound(resource: dict[str, Any]) -> dict[str, Any]:
    resource["valueQuantity"]["comparator"] = "<"
    return resource


def liver(ast: float, aged: int = 60, high: float | None = None, **more: Any) -> dict[str, Any]:
    normal: dict[str, Any] = (
        {"referenceRange": [{"high": {"value": high, "unit": "U/L"}}]} if high else {}
    )
    labs = (
        value("1920-8", ast, "U/L", **normal),
        value("1742-6", 60, "U/L"),
        value("777-3", 120, "10*3/uL"),
    )
    return chart(patient=patient(aged=aged), labs=bundle(*labs), **more)


def fibrillation(*further: str, gender: str = "male", aged: int = 41, **more: Any) -> Any:
    parts = {
        "patient": patient(aged=aged, gender=gender),
        "labs": bundle(),
        "conditions": bundle(*map(diagnosis, ("I48.0", *further))),
        "drugs": bundle(order("metformin")),
    }
    return chart(**{**parts, **more})


def risk(smokes: bool, **more: Any) -> dict[str, Any]:
    return chart(
        patient=patient(aged=64, gender="male"),
        labs=bundle(creatinine(1.0)),
        slow=bundle(
            value("2093-3", 240, "mg/dL"), value("2085-9", 35, "mg/dL"), value("8302-2", 180, "cm")
        ),
        vitals=bundle(value("8480-6", 165, "mm[Hg]"), value("29463-7", 90, "kg")),
        social=bundle(smoking("77176002" if smokes else "266919005")),
        **{"conditions": bundle(diagnosis("E11.9")), **more},
    )


def heart(*vitals: Any, **more: Any) -> dict[str, Any]:
    return chart(labs=bundle(), vitals=bundle(qt(510), rate(), *vitals), **more)


def kidney(
    now: float, before: float, *problems: Any, between: tuple[float, ...] = ()
) -> dict[str, Any]:
    labs = bundle(
        creatinine(now),
        *(creatinine(one, days=30 + nth) for nth, one in enumerate(between)),
        creatinine(before, days=120),
    )
    return chart(labs=labs, slow=bundle(), conditions=bundle(*problems))


def qrs(milliseconds: float, days: float = 0.02) -> dict[str, Any]:
    return value("8633-0", milliseconds, "ms", days=days)


def in_words(text: str) -> dict[str, Any]:
    return {**diagnosis(""), "code": {"text": text}}


def icd9(code: str) -> dict[str, Any]:
    system = "http://hl7.org/fhir/sid/icd-9-cm"
    return {**diagnosis(""), "code": {"coding": [{"system": system, "code": code}]}}


def ended(icd10: str) -> dict[str, Any]:
    status = {"coding": [{"code": "resolved"}]}
    return {**diagnosis(icd10), "clinicalStatus": status}


QTC = {"qtc": "warning"}
STROKE = {"cha2ds2_vasc": "warning"}
G3B, G4 = {"egfr_ckd_epi_2021": "info"}, {"egfr_ckd_epi_2021": "warning"}
# Cases that card_truth.json doesn't have.
ROWS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "QTc above 500": (heart(), QTC),
    "QT and rate apart": (chart(labs=bundle(), vitals=bundle(qt(510), rate(days=0.1))), {}),
    "QTc, QRS 130 of the hour": (heart(qrs(130)), {}),
    "QTc, QRS 120 of the hour": (heart(qrs(120)), QTC),
    "QTc, QRS 130 of another hour": (heart(qrs(130, days=0.2)), QTC),
    "QTc, QRS withdrawn": (heart({**qrs(130), "status": "entered-in-error"}), QTC),
    "QTc, QRS as a bound": (heart(bound(qrs(118))), {}),
    "QTc in fibrillation": (heart(conditions=bundle(diagnosis("I48.0"))), {}),
    "QTc, fibrillation suggested": (heart(conditions=bundle(in_words("Afib"))), {}),
    "QTc, fibrillation resolved": (heart(conditions=bundle(ended("I48.0"))), QTC),
    "woman with 3": (fibrillation("I10", "E11.9", gender="female"), STROKE),
    "woman with 2": (fibrillation("I10", gender="female"), {}),
    "fibrillation in words": (
        fibrillation(conditions=bundle(in_words("Afib"), diagnosis("I10"), diagnosis("E11.9"))),
        {},
    ),
    "fibrillation resolved and active": (
        fibrillation(
            conditions=bundle(
                ended("I48.0"), diagnosis("I48.2"), diagnosis("I10"), diagnosis("E11.9")
            )
        ),
        STROKE,
    ),
    "anticoagulant on hold": (
        fibrillation("I10", "E11.9", drugs=bundle(order("apixaban", status="on-hold"))),
        {},
    ),
    "anticoagulant named by a problem": (
        fibrillation(
            conditions=bundle(
                diagnosis("I48.0"), diagnosis("I10"), diagnosis("E11.9"), in_words("on Eliquis")
            )
        ),
        {},
    ),
    "only a drug that was stopped": (
        fibrillation("I10", "E11.9", drugs=bundle(order("metformin", status="stopped"))),
        {},
    ),
    "eGFR G4": (kidney(2.9, 2.8), G4),
    "eGFR G3b": (kidney(1.5, 1.6), G3B),
    "eGFR G3a": (kidney(1.1, 1.1), {}),
    "eGFR G4, G3b before": (kidney(2.0, 1.6), {}),
    "eGFR G3b, G4 before": (kidney(1.6, 2.0), G3B),
    "eGFR G4 throughout": (kidney(2.9, 2.8, between=(2.7, 2.6)), G4),
    "eGFR G4, worse in between": (kidney(2.9, 2.8, between=(4.2, 4.1)), G4),
    "eGFR G4, G3b once in between": (kidney(2.4, 2.8, between=(2.5, 1.7)), {}),
    "eGFR G4, normal in between": (kidney(2.4, 2.8, between=(2.5, 2.6, 0.7)), {}),
    "eGFR G3b, better before an older G3b": (
        chart(
            labs=bundle(*(creatinine(one, days=at) for one, at in ((1.6, 2), (1.1, 120)))),
            slow=bundle(creatinine(1.6, days=200)),
        ),
        {},
    ),
    "eGFR G4, stage 4 in words": (kidney(2.9, 2.8, in_words("CKD stage 4")), {}),
    "eGFR G4, stage IV in words": (kidney(2.9, 2.8, in_words("CKD, stage IV")), {}),
    "eGFR G4, a range of stages in words": (kidney(2.9, 2.8, in_words("CKD stage 1-4")), G4),
    "eGFR G4, stage IVB of a cancer": (
        kidney(2.9, 2.8, in_words("CKD after stage IVB ovarian cancer")),
        {},
    ),
    "eGFR G4, the worse of two stages in words": (
        kidney(2.9, 2.8, in_words("CKD stage 3, now stage 4")),
        {},
    ),
    "eGFR G4, 585.4 of ICD-9-CM": (kidney(2.9, 2.8, icd9("585.4")), {}),
    "eGFR G4, stage 3 listed": (kidney(2.9, 2.8, diagnosis("N18.30")), G4),
    "eGFR G3b, stage 3 listed": (kidney(1.5, 1.6, diagnosis("N18.30")), {}),
    "eGFR G4, stage 4 resolved": (kidney(2.9, 2.8, ended("N18.4")), G4),
    "10% or more": (risk(smokes=True), {"prevent_2023_base": "info"}),
    "10% or more with a statin": (risk(smokes=True, drugs=bundle(order("Lipitor"))), {}),
    "10% or more, an antihypertensive that may not be ordered": (
        risk(
            smokes=True,
            conditions=bundle(diagnosis("I10")),
            drugs=bundle(order("no lisinopril (cough)")),
        ),
        {},
    ),
    "10% or more in a non-smoker": (risk(smokes=False), {"prevent_2023_base": "info"}),
    "10% or more, a smoker only by the problem list": (
        risk(smokes=False, conditions=bundle(diagnosis("E11.9"), in_words("Smokes daily"))),
        {},
    ),
    "FIB-4 at 36": (liver(120, aged=36), {"fib4": "info"}),
    "FIB-4 at 35": (liver(120, aged=35), {}),
    "FIB-4 at 65": (liver(120, aged=65), {}),
    "FIB-4, AST of five times 40": (liver(200), {}),
    "FIB-4, AST of less than five times its limit": (liver(200, high=41), {"fib4": "info"}),
    "all warnings, then infos": (
        {
            **risk(smokes=True, drugs=bundle(order("metformin"))),
            "labs": bundle(creatinine(2.9), creatinine(2.8, days=120)),
            "conditions": bundle(*map(diagnosis, ("E11.9", "I10", "I48.0"))),
        },
        {**STROKE, **G4, "prevent_2023_base": "info"},
    ),
}


@each("name", ROWS)
def test_a_band_makes_its_card(cds: Cds, name: str) -> None:
    prefetch, expected = ROWS[name]
    assert cds.main.calculators(prefetch) == expected


def test_every_calculator_that_makes_cards_has_rows_here() -> None:
    made = {(name, how) for _, expected in ROWS.values() for name, how in expected.items()}
    declared = {
        (name, band.on_card.urgency)
        for name, output in CARDS.items()
        for band in output.bands
        if band.on_card
    }
    assert made == declared


@each(
    "values",
    [
        (creatinine(days=91),),
        (creatinine(days=400),),
        (bound(creatinine()),),
        (
            creatinine(2.9, effectiveDateTime=days_ago(2)[:10]),
            creatinine(1.9, effectiveDateTime=days_ago(2)[:10]),
        ),
        (creatinine(2.9, days=1), creatinine(1.4, days=3)),
        (creatinine(2.9, days=1), creatinine(2.5, days=2)),
        (creatinine(2.9, days=2), creatinine(3.0, days=1, status="preliminary")),
        (creatinine(2.9, days=2), bound(creatinine(days=1))),
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


def test_without_age_or_sex_nothing_that_needs_them_makes_a_card(cds: Cds) -> None:
    for change in ({"birthDate": None}, {"gender": None}, {"birthDate": "1950"}):
        person = {name: held for name, held in (patient() | change).items() if held}
        assert cds.main.cards(chart(patient=person)) == []
    assert cds.main.cards(chart(patient=patient(aged=11))) == []
    assert cds.main.cards(chart(patient=patient() | {"deceasedBoolean": True})) == []


def test_warnings_come_first_and_the_log_tells_each_card(cds: Cds) -> None:
    prefetch, expected = ROWS["all warnings, then infos"]
    cards = cds.main.cards(prefetch)
    assert [named(card) for card in cards] == [*expected]
    told = cds.last("cds_answered")
    assert told["cards"] == [card["uuid"] for card in cards]
    assert told["calculators"] == [f"{named(card)} {card['indicator']}" for card in cards]


def test_a_site_that_chooses_nothing_gets_three_cards(in_time: Cds) -> None:
    prefetch, _ = ROWS["all warnings, then infos"]
    assert in_time.main.calculators(prefetch) == {**STROKE, **G4}
    assert in_time.main.calculators(liver(120)) == {}


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
    cards = [card for prefetch, made in ROWS.values() if made for card in cds.main.cards(prefetch)]
    assert {named(card) for card in cards} == {*CARDS}
    for card in cards:
        check(card, cds.origin)
    assert len({card["uuid"] for card in cards}) == len(cards)


def check(card: dict[str, Any], origin: str) -> None:
    assert card.keys() == {
        *("uuid", "summary", "detail", "indicator", "source", "links", "overrideReasons")
    }
    assert not re.search(r'[:\[] ?(null|""|\[\]|\{\})', json.dumps(card))
    calculator = REGISTRY[named(card)]
    assert UUID4.fullmatch(card["uuid"])
    assert card["indicator"] in {"warning", "info"}
    rule = CARDS[calculator.name].card
    assert rule is not None
    said = re.fullmatch(r"[^\n]+ [0-9.]+(?: [^\n:]+)?: ([^\n:]+): [^\n:]+", card["summary"])
    assert said is not None
    assert said[1] == rule.document
    assert len(card["summary"]) < 140
    # A fact of the document, never what to do.
    assert not re.search(r"recommend|should|consider|start|stop", card["summary"], re.IGNORECASE)
    detail = card["detail"]
    assert len(detail) <= 2000
    assert not re.search(r"<|!\[|\]\(|https?:|www\.|&\w+;", detail)
    foot = detail.replace("\\", "").rpartition("\n\n")[2]
    assert foot.startswith(calculator.title)
    assert foot.endswith(f". smart-calc {version()}.")
    assert foot.count(str(calculator.year)) == 1
    source = card["source"]
    assert source.keys() == {"label", "url", "topic"}
    assert source["label"] == f"smart-calc: {calculator.title}"
    assert source["url"] == f"https://doi.org/{rule.doi}"
    assert rule.doi in {one.doi for one in calculator.sources}
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
        *("known", "notapplicable", "datawrong", "later")
    ]
    for one in card["overrideReasons"]:
        assert one.keys() == {"system", "code", "display"}
        assert one["system"] == f"{systems}/override-reasons"
        assert one["display"]


def test_the_detail_says_what_the_result_is_based_on(cds: Cds) -> None:
    (card,) = cds.main.cards(
        fibrillation("I10", "E11.9", drugs=bundle(order("metformin"), order("Ramipril 5 mg")))
    )
    detail = card["detail"].replace("\\", "")
    assert card["summary"] == "CHA2DS2-VASc 2: ACC/AHA 2023: class 1 from 2 in men"
    assert "2 or more in a man: class 1 threshold for anticoagulation reached" in detail
    assert "\n\nSource: ACC/AHA/ACCP/HRS 2023 atrial fibrillation guideline.\n" in detail
    assert "- Age: 41 years" in detail
    assert "- Hypertension: yes" in detail
    counted = "heart failure; stroke, TIA or systemic embolism; vascular disease"
    assert f"Not found in the chart, assumed absent: 3 diagnoses ({counted})." in detail
    assert "No anticoagulant was found among 2 drug entries." in detail
    assert "Not found among 3 problem entries: anticoagulant on the problem list;" in detail
    assert "Not valid with moderate to severe mitral stenosis or a mechanical valve." in detail


@each(
    "between, said",
    [
        ((), "There are no usable values in between."),
        ((bound(creatinine(0.9, days=30)),), "There are no usable values in between."),
        (
            (creatinine(2.7, days=30),),
            "The only usable value in between is in the same category or a worse one.",
        ),
        (
            (creatinine(2.7, days=30), creatinine(4.2, days=31)),
            "All 2 usable values in between are in the same category or a worse one.",
        ),
    ],
)
def test_a_stage_is_told_with_the_values_that_show_it(
    cds: Cds, between: tuple[dict[str, Any], ...], said: str
) -> None:
    labs = bundle(creatinine(2.9), *between, creatinine(2.8, days=120))
    (card,) = cds.main.cards({**kidney(2.9, 2.8), "labs": labs})
    day = r"\d{1,2} \w{3} \d{4}"
    assert card["summary"] == "eGFR 16 mL/min/1.73 m2: KDIGO 2024: G4, 15 to below 30"
    assert re.search(rf"- Creatinine, serum or plasma: 2\.9 mg/dL, {day}\n", card["detail"])
    earlier = rf"- Earlier: eGFR 17 mL/min/1\.73 m2 from 2\.8 mg/dL, {day}\. {said}\n"
    assert re.search(earlier, card["detail"])


def test_only_orders_that_could_count_are_counted_and_ended_ones_are_told(cds: Cds) -> None:
    none = "No statin was found, but the chart has no current drug orders."
    over = [order(drug, status="stopped") for drug in ("simvastatin", "atorvastatin", "metformin")]
    for orders, said in (
        ((), f"{none}\n"),
        (over, f"{none} 2 ended statin orders aren't counted.\n"),
    ):
        (card,) = cds.main.cards(risk(smokes=True, drugs=bundle(*orders)))
        assert said in card["detail"]
    drugs = (
        order("metformin"),
        order("ramipril", status="stopped"),
        order("warfarin", status="completed"),
        order("apixaban", status="cancelled"),
    )
    (card,) = cds.main.cards(fibrillation("I10", "E11.9", drugs=bundle(*drugs)))
    said = (
        "No anticoagulant was found among 1 drug entry. 1 ended anticoagulant order isn't counted."
    )
    assert said in card["detail"]


def test_a_diagnosis_has_the_date_of_its_earliest_entry(cds: Cds) -> None:
    dated = {"E11.9": "2009-03-05", "E11.22": "2019-11-12", "E11.319": None}
    listed = (diagnosis(code, onsetDateTime=day) for code, day in dated.items())
    (card,) = cds.main.cards(risk(smokes=True, conditions=bundle(*listed)))
    assert "- Diabetes: yes, 5 Mar 2009\n" in card["detail"]


def test_a_risk_with_an_egfr_of_a_single_creatinine_says_so(cds: Cds) -> None:
    said = "\n\neGFR is based on one creatinine value.\n\n"
    prefetch = risk(smokes=True)
    (card,) = cds.main.cards(prefetch)
    assert said in card["detail"]
    prefetch["labs"] = bundle(creatinine(1.0), creatinine(1.1, days=300))
    (card,) = cds.main.cards(prefetch)
    assert said not in card["detail"]


def test_no_card_tells_how_the_table_of_a_formula_is_read(cds: Cds) -> None:
    (card,) = cds.main.cards(risk(smokes=True))
    assert "An empty Value cell" in REGISTRY["prevent_2023_base"].table_note
    assert "term" not in card["detail"]


def test_values_and_cautions_are_two_lists(cds: Cds) -> None:
    """Two lists with nothing but an empty line between them are one to GFM (5.3)."""
    (card,) = cds.main.cards(kidney(2.9, 2.8))
    lists = re.findall(r"(?m)^(?:- .*\n?)+", card["detail"])
    assert len(lists) == 2
    between = card["detail"].partition(lists[0])[2].partition(lists[1])[0]
    assert between.strip().endswith("\n\nLimits:")


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

    prefetch = spoiled(ROWS["all warnings, then infos"][0])
    for entry in prefetch["conditions"]["entry"]:
        entry["resource"]["code"]["text"] = HOSTILE
    prefetch["drugs"]["entry"][0]["resource"]["medicationCodeableConcept"]["text"] = "metformin"
    prefetch["patient"] |= {"name": [{"family": HOSTILE}], "id": "p1"}
    text = json.dumps(cds.main.cards(prefetch))
    for word in ("SENTINEL", "<img", "javascript", prefetch["patient"]["birthDate"], "p1"):
        assert word not in text
    assert "egfr" in text


def test_nothing_to_say_is_an_empty_list(cds: Cds) -> None:
    answer = cds.main.call(chart(labs=bundle()))
    assert (answer.status, answer.json()) == (200, {"cards": []})
    assert cds.last("cds_answered")["calculators"] == []
