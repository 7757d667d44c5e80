from typing import Any

import pytest

from clinical.chart.codes.drugs import DRUG_CLASSES
from clinical.chart.codes.tables import rows
from clinical.chart.evidence import Outcome
from clinical.chart.medications import names
from clinical.chart.medications.drug import classify, drug_of
from clinical.chart.medications.names import classes_named
from tests.support.charts.chart_resources import (
    ATC,
    RXNORM,
    SNOMED,
    concept,
    condition,
    find,
    order,
    read,
    sources,
)
from tests.support.tables import each

STATIN = "simvastatin 20 MG Oral Tablet"


def coded_in_atc(text: str, *codes: str) -> Any:
    return concept(ATC, *codes, text=text)


def route(code: str | None = None, text: str | None = None) -> list[Any]:
    coded = concept(SNOMED, code, text=text) if code else {"text": text}
    return [{"route": coded}]


def outcome(name: str, *resources: Any) -> Outcome:
    return find(name, *resources, condition("I10")).outcome


def test_every_listed_name_brand_and_code_is_of_its_class() -> None:
    counts = {row["name"]: not row.get("why") for row in rows("drug_names")}
    items = {row["name"]: row["item"].split() for row in rows("drug_names")}
    wrong: list[Any] = []
    for row in (*rows("drug_names"), *rows("drug_brands"), *rows("drug_products")):
        ingredients = row["of"].split(", ") if "of" in row else [row["name"]]
        called = [row[key] for key in ("name", "brand") if key in row]
        called += [name for name in row.get("also", "").split(", ") if name]
        drugs: list[Any] = [f"{name.upper()}(5mg)" for name in called]
        drugs += [concept(RXNORM, code) for code in row.get("rxnorm", "").split()]
        for drug in drugs:
            claims = {claim.item: claim for claim in classify(drug_of(order(drug), {})).claims}
            for one in ingredients:
                flagged = [claims[item].flag for item in items[one] if item in claims]
                if len(flagged) < len(items[one]):
                    wrong.append((drug, one))
                elif counts[one] and not row.get("why") and any(flagged):
                    wrong.append((drug, one, "only suggests"))
    assert wrong == []


def test_no_other_drug_is_of_a_class() -> None:
    others = (row.get("phrase", row.get("names", "")) for row in rows("other_drugs"))
    assert [named for one in others for named in names.read(one).named] == []


def test_a_name_with_one_letter_wrong_suggests() -> None:
    listed = {row["name"] for row in rows("drug_names") if " " not in row["name"]}
    wrong = []
    for name in (name for name in listed if len(name) > len("heparin")):
        for misspelt in (name[:4] + name[5:], f"{name[:3]}q{name[4:]}", f"{name[:3]}q{name[3:]}"):
            named = names.read(misspelt).named
            if misspelt not in listed and not (named and all(one.why for one in named)):
                wrong.append((misspelt, named))
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "drug", "told"),
    [
        ("statin", "imipenem/cilastatin", Outcome.ABSENT),
        ("statin", "octreotide, a somatostatin analogue", Outcome.ABSENT),
        ("antiplatelet_or_nsaid", "mesalamine (5-ASA) 400 MG", Outcome.ABSENT),
        ("vitamin_k_antagonist", "apixaban 5 MG", Outcome.ABSENT),
        ("oral_anticoagulant", "enoxaparin", Outcome.ABSENT),
        ("parenteral_anticoagulant", "enoxaparin 40 mg/0.4 mL", Outcome.FOUND),
        ("parenteral_anticoagulant", "heparin 10 unit/mL lock flush", Outcome.ABSENT),
        ("antiplatelet_or_nsaid", "ibuprofen 200 MG Oral Capsule [Advil Liqui-Gel]", Outcome.FOUND),
        ("antiplatelet_or_nsaid", "naproxen sodium 220 MG Liquid Gels", Outcome.FOUND),
        ("antiplatelet_or_nsaid", "acide acétylsalicylique 75 mg", Outcome.FOUND),
        ("statin", "simvastatine", Outcome.FOUND),
        ("statin", "Zarator 10", Outcome.OFFERED),
        ("statin", "cerivastatin", Outcome.OFFERED),
        ("oral_anticoagulant", "Blutverdünner", Outcome.OFFERED),
        ("antihypertensive_treatment", "Lasix 40", Outcome.OFFERED),
        ("statin", "calcium carbonate 500 mg", Outcome.ABSENT),
        ("statin", "zorblizumab 10 mg", Outcome.ABSENT),
        ("statin", "Zorblaxil calcium 10 mg", Outcome.OPEN),
        ("statin", "cholesterol pill", Outcome.OPEN),
    ],
)
def test_a_text_is_read_by_its_words(name: str, drug: str, told: Outcome) -> None:
    assert outcome(name, order(drug)) is told


@each(
    "text",
    [
        *("no {}", "NO {} (cough)", "no more {} 10 mg", "non-{}", "not on {}", "d/c {}", "hold {}"),
        *("don’t give {}", "STOP: {}", "pas de {}", "allergic to {}", "no metformin or {}"),
        *("{} 10 mg: contraindicated", "{} - patient refused", "{} (Patient not taking: Reported)"),
        *("{} - discontinued", "metformin, no {}", "[Held by provider] {}", "{} - on hold"),
        *("{} d/c'd 3/4", "{}, no longer taking", "{}: HOLD", "withhold {}", "anaphylaxis to {}"),
    ],
)
def test_a_name_that_the_text_may_negate_only_suggests(text: str) -> None:
    for name, drug in (("statin", "simvastatin"), ("oral_anticoagulant", "apixaban")):
        named = text.format(drug)
        assert outcome(name, order(named)) is Outcome.OFFERED
        local = {"coding": [{"display": drug}], "text": named}
        assert outcome(name, order(local)) is Outcome.OFFERED
        assert outcome(name, order(named), order(drug)) is Outcome.FOUND


@each(
    "text",
    [
        *("{} 10 mg, no refills", "non-VA {}", "do not crush {}", "{}, not on an empty stomach"),
        *("{} until discontinued", "{}. Hold if SBP < 100", "no substitution {}", "{}, no statin"),
        *("T {} 5 mg", "{} until stopped", "{} (allergy to sulfa)", "{}, allergies reviewed"),
    ],
)
def test_a_negation_of_something_else_leaves_the_name_as_it_is(text: str) -> None:
    assert outcome("oral_anticoagulant", order(text.format("apixaban"))) is Outcome.FOUND


def test_a_code_counts_whatever_the_text_says() -> None:
    assert outcome("statin", order(concept(RXNORM, "36567", text="no simvastatin"))) is (
        Outcome.FOUND
    )


@pytest.mark.parametrize(
    ("changes", "value", "flag"),
    [
        ({"status": "active"}, True, None),
        ({"status": "on-hold"}, None, "on_hold"),
        ({"status": "completed"}, False, "status"),
        ({"status": "stopped"}, False, "status"),
        ({"status": "cancelled"}, False, "status"),
        ({"status": "draft"}, False, "status"),
        ({"status": "entered-in-error"}, False, "status"),
        ({"status": None}, False, "status"),
        ({"status": "unknown"}, None, "unconfirmed"),
        ({"intent": "proposal"}, False, "not_an_order"),
        ({"intent": "proposal", "reportedBoolean": True}, None, "unconfirmed"),
        ({"intent": "plan"}, None, "unconfirmed"),
        ({"intent": "plan", "reportedBoolean": True}, True, None),
        ({"intent": "plan", "reportedReference": {"display": "Daughter"}}, True, None),
        ({"intent": "option"}, False, "not_an_order"),
        ({"intent": "original-order"}, True, None),
        ({"intent": "filler-order"}, True, None),
        ({"doNotPerform": True}, False, "not_an_order"),
        ({"doNotPerform": False}, True, None),
        ({"subject": {"reference": "Patient/p2"}}, False, None),
    ],
)
def test_only_an_active_order_for_the_patient_counts(
    changes: Any, value: bool | None, flag: str | None
) -> None:
    finding = find("statin", order(STATIN, **changes))
    assert finding.value is value
    assert list(sources(finding).values()) == ([flag] if flag else [])


@pytest.mark.parametrize(
    "named",
    [
        {"medicationCodeableConcept": {"text": STATIN}},
        {"medicationCodeableConcept": {"coding": [{"display": STATIN}]}},
        {"medicationReference": {"reference": "Medication/x", "display": STATIN}},
        {
            "contained": [{"resourceType": "Medication", "id": "d", "code": {"text": STATIN}}],
            "medicationReference": {"reference": "#d"},
        },
        {
            "contained": [
                {
                    "resourceType": "Medication",
                    "id": "d",
                    "ingredient": [{"itemCodeableConcept": {"text": "simvastatin"}}],
                }
            ],
            "medicationReference": {"reference": "#d"},
        },
        {
            "contained": [
                {
                    "resourceType": "Medication",
                    "id": "d",
                    "ingredient": [{"itemReference": {"reference": "#i"}}],
                },
                {"resourceType": "Substance", "id": "i", "code": {"text": "simvastatin"}},
            ],
            "medicationReference": {"reference": "#d"},
        },
        {
            "contained": [
                {
                    "resourceType": "Medication",
                    "id": "d",
                    "ingredient": [{"itemReference": {"display": "simvastatin"}}],
                }
            ],
            "medicationReference": {"reference": "#d"},
        },
        {"medicationReference": {"reference": "Medication/sent"}},
        {"medicationReference": {"reference": "https://ehr.example/r4/Medication/sent"}},
        {"medicationCodeableConcept": concept(ATC, "C10AA01")},
    ],
)
def test_a_drug_is_named_in_any_of_these_places(named: Any) -> None:
    sent = {"resourceType": "Medication", "id": "sent", "code": {"text": STATIN}}
    assert find("statin", order(None, **named), sent).value is True


@pytest.mark.parametrize(
    ("name", "drug", "value"),
    [
        ("antihypertensive_treatment", coded_in_atc("timolol", "S01ED01"), False),
        ("antihypertensive_treatment", coded_in_atc("timolol", "C07AA06"), True),
        ("antihypertensive_treatment", coded_in_atc("timolol", "S01ED01", "C07AA06"), True),
        ("antihypertensive_treatment", coded_in_atc("timolol", ""), True),
        ("antihypertensive_treatment", coded_in_atc("terazosin", "G04CA03"), True),
        ("antihypertensive_treatment", coded_in_atc("tamsulosin", "G04CA02"), False),
        ("antihypertensive_treatment", coded_in_atc("atorvastatin/amlodipine", "C10BX03"), True),
        ("antiplatelet_or_nsaid", coded_in_atc("diclofenac", "M02AA15"), False),
        ("antiplatelet_or_nsaid", coded_in_atc("diclofenac", "M01AB05"), True),
        ("antiplatelet_or_nsaid", coded_in_atc("acetylsalicylic acid", "N02BA01"), True),
        ("antiplatelet_or_nsaid", coded_in_atc("codeine/paracetamol", "N02AJ06"), False),
        ("statin", coded_in_atc("atorvastatin/amlodipine", "C10BX03"), True),
        ("statin", coded_in_atc("simvastatin", "V03AX"), False),
        ("statin", concept(ATC, "C10BA10"), False),
        ("statin", concept(ATC, "C10"), None),
        ("antihypertensive_treatment", concept(ATC, "C02KX01"), False),
        ("antiplatelet_or_nsaid", concept(ATC, "M01AX05"), False),
    ],
)
def test_an_atc_code_decides_before_the_name(name: str, drug: Any, value: bool | None) -> None:
    assert find(name, order(drug), condition("I10")).value is value


def test_an_atc_code_decides_before_an_rxnorm_ingredient() -> None:
    gel = {"coding": [{"system": RXNORM, "code": "3355"}, {"system": ATC, "code": "M02AA15"}]}
    assert find("antiplatelet_or_nsaid", order(gel)).value is False


@pytest.mark.parametrize(
    ("named", "charted"),
    [
        ({"medicationCodeableConcept": concept("urn:oid:1.2.3", "C10AA01")}, "C10AA01"),
        ({"medicationCodeableConcept": concept(RXNORM, "999999999")}, "999999999"),
        ({"medicationReference": {"reference": "Medication/unsent"}}, ""),
        ({"medicationReference": {"reference": "Medication/unsent", "display": "M 7"}}, "M 7"),
        (
            {
                "contained": [{"resourceType": "Medication", "id": "d", "code": {"text": STATIN}}],
                "medicationReference": {"reference": "#other"},
            },
            "",
        ),
        ({"note": [{"text": STATIN}]}, ""),
    ],
)
def test_an_order_of_which_nobody_can_tell_the_drug_leaves_every_class_open(
    named: Any, charted: str
) -> None:
    chart = read(order(None, **named), condition("I10"))
    classes = [chart.findings[drugs.name] for drugs in DRUG_CLASSES]
    assert {finding.outcome for finding in classes} == {Outcome.OPEN}
    assert {finding.why for finding in classes} == {"1 entry could match"}
    assert chart.findings["hypertension"].value is True
    assert chart.drugs.entries == 1
    assert [one.charted for one in chart.drugs.unclassified] == [charted]


@pytest.mark.parametrize(
    ("kind", "status", "value"),
    [
        ("MedicationStatement", "active", None),
        ("MedicationStatement", "completed", False),
        ("MedicationStatement", "entered-in-error", False),
        ("MedicationDispense", "completed", None),
        ("MedicationAdministration", "not-done", False),
    ],
)
def test_what_is_no_order_only_suggests_a_drug(kind: str, status: str, value: bool | None) -> None:
    chart = read(order(STATIN, resourceType=kind, status=status), order("D 1", resourceType=kind))
    assert chart.findings["statin"].value is value
    assert (chart.drugs.entries, chart.findings["oral_anticoagulant"].value) == (0, False)


def test_a_statement_for_the_eye_only_is_left_out() -> None:
    told = order(STATIN, resourceType="MedicationStatement", dosage=route(text="eye"))
    assert find("statin", told).value is False


def test_an_unknown_drug_with_an_unknown_status_leaves_every_class_open() -> None:
    assert outcome("statin", order("Zorblaxil", status="unknown")) is Outcome.OPEN


def test_the_name_of_a_code_is_shown_beside_another_text() -> None:
    coded = {"coding": [{"system": RXNORM, "code": "36567", "display": "simvastatin"}]}
    for text, shown in (("her pill", "simvastatin (36567)"), ("Simvastatin", "")):
        chosen = find("statin", order(coded | {"text": text})).chosen
        assert chosen is not None
        assert chosen.coded == shown


def test_a_problem_names_a_drug_but_not_one_that_is_not_taken() -> None:
    assert classes_named("Afib, on Eliquis") == ("oral_anticoagulant",)
    assert classes_named("Allergy to aspirin") == ()
    assert classes_named("Afib, not anticoagulated") == ()
    assert classes_named("Systolic murmur") == ()


@pytest.mark.parametrize(
    ("name", "drug", "more", "value"),
    [
        ("antiplatelet_or_nsaid", "diclofenac 1 % Topical Gel", {}, False),
        ("antiplatelet_or_nsaid", "diclofenac 50 MG", {}, True),
        ("antiplatelet_or_nsaid", "ketorolac ophthalmic solution", {}, False),
        ("antiplatelet_or_nsaid", "diclofenac", {"dosageInstruction": route("6064005")}, False),
        ("antiplatelet_or_nsaid", "diclofenac", {"dosageInstruction": route("54485002")}, False),
        ("antiplatelet_or_nsaid", "diclofenac", {"dosageInstruction": route("10547007")}, False),
        ("antiplatelet_or_nsaid", "diclofenac", {"dosageInstruction": route("372468001")}, False),
        ("antiplatelet_or_nsaid", "diclofenac", {"dosageInstruction": route("372464004")}, False),
        ("antiplatelet_or_nsaid", "diclofenac", {"dosageInstruction": route("448598008")}, False),
        ("antiplatelet_or_nsaid", "diclofenac", {"dosageInstruction": route("26643006")}, True),
        (
            "antiplatelet_or_nsaid",
            "diclofenac",
            {"dosageInstruction": route(text="Both Eyes")},
            False,
        ),
        (
            "antiplatelet_or_nsaid",
            "diclofenac",
            {"dosageInstruction": [*route("6064005"), *route("26643006")]},
            True,
        ),
        ("antihypertensive_treatment", "timolol 0.5 % Ophthalmic Solution", {}, False),
        ("antihypertensive_treatment", "timolol 10 MG Oral Tablet", {}, True),
        ("antihypertensive_treatment", "clonidine 0.1 MG/Day Transdermal Patch", {}, True),
        ("antihypertensive_treatment", "minoxidil 5 % topical foam", {}, False),
    ],
)
def test_a_drug_for_skin_eye_or_ear_is_left_out(
    name: str, drug: str, more: Any, value: bool
) -> None:
    assert find(name, order(drug, **more), condition("I10")).value is value


@pytest.mark.parametrize(
    ("drug", "dosage", "value"),
    [
        ("diclofenac 1 % Topical Gel", {"route": concept("urn:oid:1.2.3", "TOP")}, False),
        ("diclofenac 1 % Topical Gel", {"route": concept(SNOMED, "999")}, False),
        ("diclofenac 1 % Topical Gel", {"route": {"text": "as told"}}, False),
        ("diclofenac 50 MG", {"route": concept("urn:oid:1.2.3", "TOP")}, True),
        ("diclofenac gel", {"route": concept(SNOMED, "26643006")}, True),
        ("diclofenac gel", {"route": {"text": "Oral"}}, True),
        ("ketorolac", {"text": "1 drop in both eyes twice daily"}, False),
        ("ketorolac", {"text": "Instill into the left ear"}, False),
        ("diclofenac", {"text": "Apply to affected area"}, False),
        ("ibuprofen", {"text": "400 mg every 6 hours as needed for ear pain"}, True),
        ("ibuprofen", {"route": {"text": "Oral"}, "text": "Stop if it itches on the skin"}, True),
    ],
)
def test_a_route_that_is_not_understood_leaves_it_to_the_other_texts(
    drug: str, dosage: Any, value: bool
) -> None:
    ordered = order(drug, dosageInstruction=[dosage])
    assert find("antiplatelet_or_nsaid", ordered).value is value


def test_one_coding_of_a_route_is_enough() -> None:
    both = {"coding": [{"system": "urn:oid:1.2.3", "code": "TOP"}]}
    both["coding"].append({"system": SNOMED, "code": "6064005"})
    gel = order("diclofenac", dosageInstruction=[{"route": both}])
    assert find("antiplatelet_or_nsaid", gel).value is False


def test_the_dose_form_of_a_contained_medication_tells_the_route() -> None:
    drops = {
        "resourceType": "Medication",
        "id": "d",
        "code": {"text": "timolol"},
        "form": {"text": "Ophthalmic drops"},
    }
    eye = order(None, contained=[drops], medicationReference={"reference": "#d"})
    assert find("antihypertensive_treatment", eye, condition("I10")).value is False


@pytest.mark.parametrize(
    ("drug", "diagnosis", "value", "flags"),
    [
        ("lisinopril 10 MG", condition("I10"), True, ()),
        ("lisinopril 10 MG", None, None, ("no_diagnosis",)),
        ("metoprolol 50 MG", condition("I10"), True, ()),
        ("metoprolol 50 MG", None, None, ("no_diagnosis",)),
        ("metoprolol 50 MG", condition("I10", "resolved"), None, ("no_diagnosis",)),
        ("metoprolol 50 MG", condition("I10", verification="provisional"), None, ("no_diagnosis",)),
        ("furosemide 40 MG", condition("I10"), None, ("suggestion",)),
        (concept(ATC, "C09AA03"), condition("I10"), True, ()),
        (concept(ATC, "C03CA01"), condition("I10"), None, ("suggestion",)),
        (concept(RXNORM, "6918"), condition("I10"), True, ()),
        (concept(RXNORM, "4603"), condition("I10"), None, ("suggestion",)),
        (concept(RXNORM, "4603"), None, None, ("suggestion",)),
    ],
)
def test_an_antihypertensive_without_the_diagnosis_is_offered(
    drug: Any, diagnosis: Any, value: bool | None, flags: tuple[str, ...]
) -> None:
    finding = find("antihypertensive_treatment", order(drug), diagnosis)
    assert (finding.value, finding.flags) == (value, flags)


def test_one_active_order_is_enough() -> None:
    chart = read(
        order(STATIN, id="done", status="completed"),
        order("atorvastatin 40 MG", id="new", authoredOn="2026-11-01"),
        order(STATIN, id="old", authoredOn="2026-01-01"),
    )
    finding = chart.findings["statin"]
    assert finding.value is True
    assert finding.chosen is not None
    assert finding.chosen.source == "MedicationRequest/new"
    assert [evidence.source for evidence in finding.further] == ["MedicationRequest/old"]
    assert sources(finding) == {"MedicationRequest/done": "status"}
