from itertools import permutations
from typing import Any

from clinical.chart import prefill, read_chart
from clinical.chart.evidence import Outcome
from clinical.chart.resources.times import parse_now
from tests.support.charts.chart_resources import (
    NOW,
    concept,
    find,
    observation,
    patient,
    read,
    sex_extension,
)
from tests.support.tables import each


@each(
    ("born", "now", "age"),
    [
        ("1960-11-24", NOW, 66),
        ("1960-11-25", NOW, 65),
        ("2026-11-24", NOW, 0),
        ("1904-02-29", "2024-02-29T00:00:00Z", 120),
        ("2004-02-29", "2025-02-28T23:59:00Z", 20),
        ("2004-02-29", "2025-03-01T00:00:00Z", 21),
        # Already the 24th in Taipei, still the 23rd in Chicago.
        ("1960-11-24", "2026-11-24T01:00:00+08:00", 66),
        ("1960-11-24", "2026-11-23T23:00:00-06:00", 65),
    ],
)
def test_age_is_counted_in_completed_years_on_the_day_of_the_site(
    born: str, now: str, age: int
) -> None:
    finding = find("age", patient(birthDate=born), now=now)
    assert (finding.value, finding.unit) == (age, "a")


@each(
    ("born", "outcome"),
    [
        (None, Outcome.ABSENT),
        ("", Outcome.ABSENT),
        (19601124, Outcome.ABSENT),
        ("1960", Outcome.UNREADABLE),
        ("1960-11", Outcome.UNREADABLE),
        ("1960-02-30", Outcome.UNREADABLE),
        ("24/11/1960", Outcome.UNREADABLE),
        ("2026-11-25", Outcome.IMPLAUSIBLE),
        ("1860-11-24", Outcome.IMPLAUSIBLE),
    ],
)
def test_age_is_asked_without_a_full_plausible_birth_date(born: Any, outcome: Outcome) -> None:
    finding = find("age", patient(birthDate=born))
    assert (finding.outcome, finding.value) == (outcome, None)


def nested(name: str, **parts: str) -> dict[str, Any]:
    """An extension of HL7's gender harmony, whose parts are codes."""
    coded = {part: concept("urn:oid:1.2.3", code) for part, code in parts.items()}
    inner = [{"url": part, "valueCodeableConcept": code} for part, code in coded.items()]
    return {"url": f"http://hl7.org/fhir/StructureDefinition/{name}", "extension": inner}


def clinical_use(value: str) -> dict[str, Any]:
    return nested("patient-sexParameterForClinicalUse", value=value)


def recorded(kind: str, value: str) -> dict[str, Any]:
    return nested("individual-recordedSexOrGender", type=kind, value=value)


@each(
    ("gender", "extensions", "expected"),
    [
        ("male", [], "male"),
        ("female", [], "female"),
        ("male", [sex_extension("us-core-birthsex", valueCode="M")], "male"),
        ("male", [sex_extension("us-core-birthsex", valueCode="UNK")], "male"),
        ("male", [sex_extension("us-core-birthsex", valueCode="F")], None),
        ("female", [sex_extension("us-core-sex", valueCode="248153007")], None),
        ("female", [sex_extension("us-core-sex", valueCode="248152002")], "female"),
        ("female", [sex_extension("us-core-individual-sex", valueCoding={"code": "male"})], None),
        ("other", [], None),
        ("unknown", [], None),
        (None, [], None),
        ("other", [sex_extension("us-core-birthsex", valueCode="F")], "female"),
        ("unknown", [sex_extension("us-core-sex", valueCode="248153007")], "male"),
        (None, [sex_extension("us-core-birthsex", valueCode="M")], "male"),
        ("other", [sex_extension("us-core-birthsex", valueCode="OTH")], None),
        (
            "other",
            [
                sex_extension("us-core-birthsex", valueCode="F"),
                sex_extension("us-core-sex", valueCode="248153007"),
            ],
            None,
        ),
        ("other", [sex_extension("us-core-genderIdentity", valueCode="F")], None),
        ("female", [clinical_use("female-typical")], "female"),
        ("female", [clinical_use("male-typical")], None),
        ("female", [clinical_use("specified")], None),
        ("other", [clinical_use("specified")], None),
        ("female", [clinical_use("unknown")], "female"),
        ("other", [clinical_use("male-typical")], "male"),
        ("male", [recorded("76689-9", "F")], None),
        ("male", [recorded("76689-9", "M")], "male"),
        ("male", [recorded("76691-5", "F")], "male"),
        ("M", [], None),
        ("Male", [], None),
    ],
)
def test_sex_follows_gender_unless_a_recorded_sex_contradicts_it(
    gender: str | None, extensions: list[Any], expected: str | None
) -> None:
    finding = find("sex", patient(gender=gender, extension=extensions or None))
    assert finding.value == expected


def test_a_contradiction_and_an_absence_of_sex_are_told_apart() -> None:
    contradiction = patient(extension=[sex_extension("us-core-birthsex", valueCode="F")])
    assert find("sex", contradiction).outcome is Outcome.CONFLICTING
    assert find("sex", patient(gender="unknown")).outcome is Outcome.ABSENT
    assert find("sex").outcome is Outcome.ABSENT
    other = patient(gender="other", extension=[sex_extension("us-core-birthsex", valueCode="F")])
    assert "us-core-birthsex F" in find("sex", other).why


@each(
    ("died", "flags"),
    [
        ({"deceasedBoolean": True}, ("deceased",)),
        ({"deceasedBoolean": False}, ()),
        ({"deceasedDateTime": "2026-10-01"}, ("deceased",)),
        ({}, ()),
    ],
)
def test_the_age_says_that_a_patient_has_died(died: Any, flags: tuple[str, ...]) -> None:
    assert read(patient(**died)).findings["age"].flags == flags


def test_without_a_patient_there_is_no_age() -> None:
    assert read(patient(id="p2")).findings["age"].outcome is Outcome.ABSENT


def test_copies_of_a_patient_that_differ_are_in_conflict() -> None:
    for pages in permutations([patient(), patient(birthDate="1950-01-01")]):
        chart = read(*pages)
        assert chart.findings["age"].outcome is Outcome.CONFLICTING
        assert chart.findings["sex"].value == "male"


@each(
    ("patients", "age"),
    [(["p1"], 66), (["other", "p1"], 66), (["other"], None), (["a", "b"], None)],
)
def test_the_prefill_reads_the_patient_of_the_mapping_cases(
    patients: list[str], age: int | None
) -> None:
    about_other = observation("2951-2", 140, "mmol/L", subject={"reference": "Patient/other"})
    values = prefill([about_other, *(patient(id=known) for known in patients)], NOW)
    assert (values["age"], values["sodium"]) == (age, None)


def test_a_chart_is_read_for_any_patient() -> None:
    chart = read_chart(
        [patient(id="other"), patient(birthDate="1990-01-01")], parse_now(NOW), "other", None
    )
    assert chart.findings["age"].value == 66
