"""Greta's chart, with one example of each problem that real charts have.

It has doubtful statuses, versions, dates, units and values of every kind (FHIR R4 Observation,
Condition, MedicationRequest). Comments state how an app should interpret them.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from simulator.charts import analytes
from simulator.charts.builder import Chart
from simulator.charts.parts import HL7, SNOMED, TODAY, Json, coding, concept, quantity

_BODY_POSITION = "http://hl7.org/fhir/StructureDefinition/observation-bodyPosition"
_STANDING = "10904000"
_TOBACCO = "229819007"
_FORMER_SMOKER = "8517006"


class _DirtyChart(Chart):
    """A chart that writes values exactly as given."""

    def value(self, analyte: analytes.Analyte, when: str, value: Json, **members: Any) -> None:
        """Add an Observation with a date as text and any value[x]."""
        self._write(analyte, when, {**value, **members})

    def number(
        self,
        analyte: analytes.Analyte,
        when: str,
        number: str,
        unit: str = "",
        ucum: str = "",
        **members: Any,
    ) -> None:
        """Add a numeric Observation; its unit is text, UCUM or absent."""
        value: Json = {"value": Decimal(number)}
        if ucum:
            value = quantity(Decimal(number), unit or ucum, ucum)
        elif unit:
            value["unit"] = unit
        if "comparator" in members:
            value["comparator"] = members.pop("comparator")
        self._write(analyte, when, {"valueQuantity": value, **members})

    def _write(self, analyte: analytes.Analyte, when: str, members: Json) -> None:
        identity = {name: members.pop(name) for name in ("fhir_id", "version") if name in members}
        stamp = members.pop("known", None) or (when if "T" in when else TODAY.isoformat())
        members = {"effectiveDateTime": when, "issued": stamp, **members}
        self.observe(
            datetime.fromisoformat(stamp),
            analyte.category,
            analyte.loinc,
            analyte.name,
            members,
            **identity,
        )


def greta() -> list[Json]:
    """Return the chart."""
    chart = _DirtyChart("synthetic-greta")
    chart.demographics("Greta", "female", "1955-07-30", "SYN-0007")
    _offsets_and_statuses(chart)
    _versions(chart)
    _units(chart)
    _values(chart)
    _dates(chart)
    _pressures(chart)
    _tobacco(chart)
    _problems(chart)
    _orders(chart)
    return chart.resources


def _offsets_and_statuses(chart: _DirtyChart) -> None:
    # 124 umol/L is the newest. The second value is 20 minutes older, although its date sorts last
    # as text.
    chart.number(analytes.CREATININE, "2026-11-18T23:30:00-06:00", "124", "µmol/L", "umol/L")
    chart.number(analytes.CREATININE, "2026-11-19T05:10:00+00:00", "1.90", "mg/dL", "mg/dL")
    early, late = "2026-11-20T06:00:00-06:00", "2026-11-20T07:00:00-06:00"
    chart.number(analytes.CREATININE, early, "1.10", "mg/dL", "mg/dL", status="preliminary")
    chart.number(analytes.CREATININE, late, "14.0", "mg/dL", "mg/dL", status="entered-in-error")
    # The same code in the laboratory's own code system is a different test.
    local = {"coding": [coding("urn:smart-calc:simulator:tests", "2160-0")], "text": "Test 2160-0"}
    chart.number(analytes.CREATININE, late, "9.90", "mg/dL", "mg/dL", code=local)
    chart.value(analytes.POTASSIUM, late, {}, status="registered")


def _versions(chart: _DirtyChart) -> None:
    """Add two resources that are listed in two versions each, far apart."""
    twice = {"fhir_id": "synthetic-greta-obs-sodium"}
    at = "2026-11-19T07:00:00-06:00"
    chart.number(analytes.SODIUM, at, "121", "mmol/L", "mmol/L", **twice)
    withdrawn = {"status": "entered-in-error", "version": 2, "known": "2026-11-19T15:00:00-06:00"}
    chart.number(analytes.SODIUM, at, "121", "mmol/L", "mmol/L", **twice, **withdrawn)
    chart.number(analytes.SODIUM, "2026-11-17T08:00:00-06:00", "137", "meq/L")
    # The first version also has another date, so it's on a later page than the second.
    twice = {"fhir_id": "synthetic-greta-obs-potassium"}
    at = "2026-02-17T08:00:00-06:00"
    chart.number(analytes.POTASSIUM, at, "5.9", "mmol/L", "mmol/L", **twice)
    corrected = {"status": "corrected", "version": 2, "known": "2026-11-17T12:00:00-06:00"}
    at = "2026-11-17T08:00:00-06:00"
    chart.number(analytes.POTASSIUM, at, "4.4", "mmol/L", "mmol/L", **twice, **corrected)


def _units(chart: _DirtyChart) -> None:
    at = "2026-11-17T08:00:00-06:00"
    chart.number(analytes.CALCIUM, at, "2.31")  # probably in mmol/L, but an app must not guess
    chart.number(analytes.ALT, at, "28", "E/L")  # a unit outside the tables
    chart.number(analytes.CHLORIDE, at, "1.04", "mmol/L", "mmol/L")  # a misplaced decimal point
    chart.number(analytes.ALBUMIN, at, "41", "g/L", "g/L")
    chart.number(analytes.GLUCOSE, at, "6.1", "mmol/L", "mmol/L")
    chart.number(analytes.UREA_NITROGEN, at, "15", "MG/DL")
    chart.number(analytes.PLATELETS, at, "212", "K/uL")
    chart.number(analytes.INR, at, "1.1")  # has no unit
    chart.number(analytes.WEIGHT, at, "165", "lb", "[lb_av]")
    chart.number(analytes.HEIGHT, "2022-03-09T10:00:00-06:00", "65", "in", "[in_i]")
    at = "2026-11-20T08:00:00-06:00"
    chart.number(analytes.TEMPERATURE, at, "98.4", "°F", "[degF]")
    chart.number(analytes.SPO2, at, "0.96", "", "1")
    chart.number(analytes.BREATHS, at, "16", "breaths/min")


def _values(chart: _DirtyChart) -> None:
    at = "2026-11-17T08:00:00-06:00"
    chart.number(analytes.BILIRUBIN, at, "0.3", "MG/DL", comparator="<")
    chart.number(analytes.TRIGLYCERIDES, at, "10.0", "mmol/L", "mmol/L", comparator=">")
    chart.value(analytes.BICARBONATE, at, {"valueString": "24, sample hemolyzed"})
    unknown = concept(f"{HL7}/data-absent-reason", "error", "Clotted")
    chart.value(analytes.AST, at, {"dataAbsentReason": unknown})
    chart.number(analytes.AST, "2026-11-10T08:00:00-06:00", "31", "IU/L")
    # Two heart rates at the same time: an app can't prefer either.
    at = "2026-11-20T08:00:00-06:00"
    chart.number(analytes.HEART_RATE, at, "72", "bpm")
    chart.number(analytes.HEART_RATE, at, "110", "bpm")


def _dates(chart: _DirtyChart) -> None:
    months = {"start": "2026-08-01", "end": "2026-09-10"}
    chart.number(
        analytes.HBA1C,
        "2026-09-10T12:00:00-06:00",
        "53",
        "mmol/mol",
        "mmol/mol",
        effectiveDateTime=None,
        effectivePeriod=months,
    )
    moment = "2026-09-10T14:20:00.250+02:00"
    instant = {"effectiveDateTime": None, "effectiveInstant": moment}
    chart.number(analytes.CHOLESTEROL, moment, "5.2", "mmol/L", "mmol/L", **instant)
    chart.number(analytes.HDL, "2026-09", "1.3", "mmol/L", "mmol/L")
    issued = "2026-09-11T09:00:00-06:00"
    chart.number(analytes.LDL, issued, "3.1", "mmol/L", "mmol/L", effectiveDateTime=None)
    chart.number(
        analytes.HEMOGLOBIN, TODAY.isoformat(), "12.9", "g/dL", effectiveDateTime=None, issued=None
    )
    chart.number(
        analytes.WEIGHT, "2062-11-20T09:00:00-06:00", "80", "kg", "kg", known=TODAY.isoformat()
    )


def _pressures(chart: _DirtyChart) -> None:
    chart.blood_pressure(TODAY.replace(day=18), 152, 90)
    singles = "2026-11-20T08:20:00-06:00"
    for loinc, name, number in (
        ("8480-6", "Systolic blood pressure", "146"),
        ("8462-4", "Diastolic blood pressure", "84"),
    ):
        single = analytes.Analyte(loinc, name, "mmHg", "mm[Hg]", 0, "vital-signs")
        chart.number(single, singles, number, "mmHg", "mm[Hg]")
    standing = {"url": _BODY_POSITION, "valueCodeableConcept": concept(SNOMED, _STANDING)}
    chart.blood_pressure(TODAY, 118, 70, extension=[standing])


def _tobacco(chart: _DirtyChart) -> None:
    """Add tobacco use as Oracle Health stores it: no LOINC, and a separate amount."""
    packs = {"coding": [coding("urn:smart-calc:simulator:tests", "packs")], "text": "Packs a day"}
    amount = {"code": packs, "valueString": "half a pack until 2011"}
    when = TODAY.replace(month=5)
    chart.observe(when, "social-history", "", "", amount, fhir_id="synthetic-greta-obs-packs")
    tobacco = {"coding": [coding(SNOMED, _TOBACCO)], "text": "Tobacco"}
    status = {
        "code": tobacco,
        "valueCodeableConcept": concept(SNOMED, _FORMER_SMOKER, "Former smoker"),
        "hasMember": [{"reference": "Observation/synthetic-greta-obs-packs"}],
    }
    chart.observe(when, "social-history", "", "", status)


def _problems(chart: _DirtyChart) -> None:
    withdrawn: Json = {"clinical": None, "verification": "entered-in-error"}
    chart.problem("E11.9", "Type 2 diabetes", "2024-02-01", **withdrawn)
    chart.problem("I48.91", "Atrial fibrillation", "2026-11-18", verification="provisional")
    chart.problem("", "", "2011", clinical=None, code=concept(SNOMED, "38341003"))  # hypertension
    chart.problem("", "", "2024-06", code={"text": "Congestive heart failure, per daughter"})
    chart.problem("Z82.3", "Family history of stroke", "2019-01-01")
    infarction = concept(SNOMED, "22298006", "Heart attack, long ago")
    chart.problem("", "", "2009", clinical="inactive", code=infarction)
    chart.problem("K92.2", "Gastrointestinal bleeding", "2025-01-30", clinical="resolved")
    chart.problem("", "", "2026-10-02", code=None, verificationStatus=None)


def _orders(chart: _DirtyChart) -> None:
    day = "2026-08-21"
    chart.order("active", "nystatin 100,000 unit/g cream", "to the skin twice daily", day)
    chart.order("active", "diclofenac 1% topical gel", "to the knee", day)
    chart.order("active", "timolol 0.5% ophthalmic solution", "1 drop in both eyes", day)
    chart.order("on-hold", "losartan 50 mg tablet", "daily", day)
    chart.order("entered-in-error", "warfarin 5 mg tablet", "daily", day)
    chart.order("active", "simvastatin 20 mg tablet", "daily", day, intent="proposal")
    chart.order("active", "ibuprofen 400 mg tablet", "never", day, doNotPerform=True)
