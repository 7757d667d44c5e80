"""A hospital's own codes (`[[ehr.codes]]`): the values they find, and the codes nothing reads."""

import json
from typing import Any

from clinical.calculators.inputs import INPUTS
from clinical.chart import Chart, read_chart
from clinical.chart.observations import LOCAL, ObservationReader
from clinical.chart.resources.times import parse_now
from clinical.queries import searches
from clinical.unread_codes import unread
from shared.config.settings import LocalCode
from shared.vendors import VENDORS
from tests.support.charts.chart_resources import LOINC, NOW, concept, condition, observation
from tests.support.tables import each

LAB = "http://lab.example.org/codes"
CODES = (
    LocalCode(LAB, "KREA", "creatinine", ""),
    LocalCode(LAB, "NA", "sodium", "mmol/L"),
    LocalCode(LAB, "J18.9", "glucose", ""),
    LocalCode(LOINC, "2705-2", "pao2", ""),
)


def chart_of(*resources: Any, reader: ObservationReader | None = None) -> Chart:
    reader = reader or ObservationReader(parse_now(NOW).tzinfo, CODES)
    return read_chart(list(resources), parse_now(NOW), "p1", None, reader)


def local(code: str, value: float, unit: str | None, /, **more: Any) -> dict[str, Any]:
    return observation(code, value, unit, **{"code": concept(LAB, code), **more})


@each(
    ("code", "value", "unit", "name", "read"),
    [
        ("KREA", 124, "umol/L", "creatinine", 1.4024),
        ("KREA", 1.4, None, "creatinine", None),
        ("KREA", 1.4, "g", "creatinine", None),
        ("KREA", 1400, "mg/dL", "creatinine", None),
        ("NA", 141, None, "sodium", 141),
        ("NA", 141, "mmol/L", "sodium", 141),
        ("NA", 141, "MMOL / L", "sodium", 141),
        ("NA", 141, "meq/L", "sodium", None),
        ("NA", 500, None, "sodium", None),
        ("CL", 101, "mmol/L", "chloride", None),
    ],
)
def test_a_value_is_found_by_a_code_of_the_list_in_a_unit_that_is_accepted(
    code: str, value: float, unit: str | None, name: str, read: float | None
) -> None:
    finding = chart_of(local(code, value, unit)).findings[name]
    assert (None if finding.value is None else round(float(finding.value), 4)) == read
    notes = finding.chosen.notes if finding.chosen and read else ()
    by_settings = "no unit in the chart, and this site's settings say mmol/L"
    assert notes == (() if read is None else (LOCAL,) if unit else (by_settings, LOCAL))


def test_a_loinc_code_decides_and_a_look_alike_never_counts() -> None:
    both = {"coding": [*concept(LAB, "KREA")["coding"], *concept(LOINC, "2951-2")["coding"]]}
    chart = chart_of(local("KREA", 141, "mmol/L", code=both))
    assert (chart.findings["sodium"].value, chart.findings["creatinine"].value) == (141, None)
    venous = chart_of(observation("2705-2", 41, "mm[Hg]")).findings["pao2"]
    assert venous.value is None
    assert venous.passed_over[0].why.endswith("venous")


def test_a_code_counts_on_a_component_but_for_no_diagnosis_and_under_no_other_system() -> None:
    panel = observation("24326-1", component=[local("KREA", 1.1, "mg/dL")])
    reader = ObservationReader(parse_now(NOW).tzinfo, CODES)
    assert chart_of(panel, reader=reader).findings["creatinine"].value == 1.1
    assert reader.local_codes() == [f"{LAB}|KREA"]
    others = chart_of(
        condition(concept(LAB, "J18.9")), local("KREA", 1, "mg/dL", code=concept("urn:x", "KREA"))
    )
    assert others.findings["pneumonia"].value is None
    assert (others.findings["glucose"].value, others.findings["creatinine"].value) == (None, None)


def test_the_codes_are_searched_for_with_the_input_that_they_measure() -> None:
    for profile in VENDORS.values():
        for search in searches(profile.searches, CODES):
            asked = dict(search.parameters).get("code", "")
            assert (f",{LAB}|KREA,{LAB}|NA" in asked) is (search.name == "labs")


def test_the_codes_that_nothing_reads_are_listed_by_frequency_without_values() -> None:
    codes = [
        *(local("KREA", 1.2345, "mg/dL", id=f"secret-{at}") for at in range(2)),
        local("NA", 99.875, None, id="secret-2"),
        observation("2160-0", 1, "mg/dL"),
        observation("2705-2", 41, "mm[Hg]"),
        observation("85354-9", component=[local("SYS", 120, "mm[Hg]"), local("NA", 140, None)]),
        observation("1", 1, "g", code={"text": "by name"}),
        local("CM", 0, None, valueQuantity=None, valueString="hemolyzed"),
        observation(
            "2951-2", 140, "mmol/L", code=concept("urn:oid:2.16.840.1.113883.6.1", "2951-2")
        ),
        condition("I10"),
    ]
    codes[0]["code"]["coding"][0]["display"] = "Kreatinin"
    inner = {"resourceType": "Bundle", "entry": [{"resource": one} for one in codes[1:]]}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": codes[0]}, {"resource": inner}]}
    found = unread(bundle)
    rows = [(one.system, one.code, one.unit, one.count) for one in found.codes]
    assert rows == [
        (LAB, "KREA", "mg/dL", 2),
        (LAB, "NA", "", 2),
        (LAB, "CM", None, 1),
        (LAB, "SYS", "mm[Hg]", 1),
    ]
    assert (found.observations, found.without_code) == (9, 1)
    assert not [one for one in ("secret", "1.2345", "99.875", "p1") if one in str(found)]
    assert unread({"resourceType": "OperationOutcome"}).observations == 0
    assert unread(json.loads("[1]")).observations == 0


def test_every_input_that_is_measured_can_have_a_code_of_its_own() -> None:
    codes = tuple(LocalCode(LAB, name, name, known.unit) for name, known in INPUTS.items())
    reader = ObservationReader(parse_now(NOW).tzinfo, codes)
    for name, known in INPUTS.items():
        value = (known.low + known.high) / 2
        chart = chart_of(
            local(name, value, None, effectiveDateTime="2026-11-24T11:00:00Z"), reader=reader
        )
        found = [c.evidence.value for e in chart.entries for n, c in e.candidates if n == name]
        assert found != [None], name
