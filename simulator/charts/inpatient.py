"""The chart of an inpatient with 3,000 Observations: two weeks of pneumonia on a monitored ward,
hour by hour, and a few results from years ago. It's generated from a seed at every startup.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from simulator.charts import analytes
from simulator.charts.builder import Chart
from simulator.charts.parts import TODAY, Json

_SEED = 20261120
_DAYS = 14
_HOURS = 24 * _DAYS
_ADMITTED = TODAY - timedelta(hours=_HOURS)


@dataclass(frozen=True, slots=True)
class _Monitored:
    """A value measured every `hours` hours: `well` at discharge, `well + ill` on admission.

    `spread`: maximum random change of a value, up or down. `until`: hours after admission when
    measuring stops.
    """

    analyte: analytes.Analyte
    hours: int
    well: float
    ill: float
    spread: float
    until: int = _HOURS


_MONITORED = (
    _Monitored(analytes.HEART_RATE, 1, 92, 30, 5),
    _Monitored(analytes.BREATHS, 1, 21, 10, 1),
    _Monitored(analytes.TEMPERATURE, 1, 37.6, 1.6, 0.3),
    _Monitored(analytes.SPO2, 1, 94, -3, 1),
    _Monitored(analytes.OXYGEN_FLOW, 1, 2, 8, 0.4),
    _Monitored(analytes.URINE_OUTPUT, 2, 140, -80, 30),
    _Monitored(analytes.BEDSIDE_GLUCOSE, 4, 150, 70, 25),
    _Monitored(analytes.PAIN, 4, 2, 4, 1),
    _Monitored(analytes.SODIUM, 6, 137, -6, 1),
    _Monitored(analytes.POTASSIUM, 6, 4.1, 0.6, 0.2),
    _Monitored(analytes.CHLORIDE, 6, 103, -4, 1),
    _Monitored(analytes.BICARBONATE, 6, 24, -7, 1),
    _Monitored(analytes.UREA_NITROGEN, 6, 22, 24, 2),
    _Monitored(analytes.CREATININE, 6, 1.15, 1.25, 0.05),
    _Monitored(analytes.GLUCOSE, 6, 148, 80, 15),
    _Monitored(analytes.CALCIUM, 24, 8.6, -0.5, 0.1),
    _Monitored(analytes.ALBUMIN, 24, 3.1, -0.4, 0.1),
    _Monitored(analytes.BILIRUBIN, 24, 0.8, 0.7, 0.1),
    _Monitored(analytes.AST, 24, 34, 40, 4),
    _Monitored(analytes.ALT, 24, 38, 30, 4),
    _Monitored(analytes.PLATELETS, 24, 290, -130, 15),
    _Monitored(analytes.INR, 24, 1.1, 0.3, 0.05),
    _Monitored(analytes.HEMOGLOBIN, 24, 11.4, 0.8, 0.2),
    _Monitored(analytes.LEUKOCYTES, 24, 9.8, 9, 0.8),
    _Monitored(analytes.LACTATE, 24, 1.1, 2.6, 0.2),
    _Monitored(analytes.OSMOLALITY, 24, 292, -4, 2),
    _Monitored(analytes.C_REACTIVE_PROTEIN, 24, 24, 210, 10),
    _Monitored(analytes.PROCALCITONIN, 24, 0.2, 6, 0.05, until=11 * 24),
    _Monitored(analytes.QT_INTERVAL, 24, 372, -40, 6),
    _Monitored(analytes.WEIGHT, 24, 91, 3, 0.3),
)
_ON_THE_LAST_DAY = (
    *((analytes.URINE_SODIUM, "38"), (analytes.URINE_CREATININE, "86")),
    *((analytes.URINE_UREA, "540"), (analytes.COMA_SCALE, "15")),
    *((analytes.PAO2, "71"), (analytes.FIO2, "28")),
)


def hugo() -> list[Json]:
    """Return the chart; it's the same on every call."""
    chart = Chart("synthetic-hugo")
    chart.demographics("Hugo", "male", "1957-10-11", "SYN-0008")
    here = chart.encounter(_ADMITTED, "IMP", "inpatient encounter")
    _long_ago(chart)
    chance = random.Random(_SEED)  # noqa: S311 - chart values, not secrets
    for hour in range(_HOURS):
        for analyte, value in _taken(hour, chance):
            chart.measure(_ADMITTED + timedelta(hours=hour), analyte, value, **here)
        systolic = round(_between(hour, chance, 108, -16, 6))
        chart.blood_pressure(
            _ADMITTED + timedelta(hours=hour), systolic, round(systolic * 0.58), **here
        )
        if hour % 8 == 0:
            alert = {"valueCodeableConcept": {"text": "Alert"}, **here}
            when = _ADMITTED + timedelta(hours=hour)
            chart.observe(when, "vital-signs", "67775-7", "Level of responsiveness", alert)
    for analyte, value in _ON_THE_LAST_DAY:
        chart.measure(TODAY - timedelta(hours=6), analyte, value, **here)
    _problems(chart, here)
    return chart.resources


def _taken(hour: int, chance: random.Random) -> Iterator[tuple[analytes.Analyte, str]]:
    """Yield the measurements of an hour."""
    for one in _MONITORED:
        if hour % one.hours == 0 and hour < one.until:
            value = _between(hour, chance, one.well, one.ill, one.spread)
            yield one.analyte, f"{max(value, 0.0):.3f}"


def _between(hour: int, chance: random.Random, well: float, ill: float, spread: float) -> float:
    """Return the value of an hour; the illness shrinks by the same share each day."""
    illness = math.pow(0.8, hour / 24)
    # Of the `random` methods, Python guarantees the same results across versions only for this one.
    return well + ill * illness + spread * (2 * chance.random() - 1)


def _long_ago(chart: Chart) -> None:
    """Add the results that an app misses if it reads only the newest pages."""
    for days, analyte, value in (
        (1130, analytes.CHOLESTEROL, "204"),
        (1130, analytes.HDL, "39"),
        (1130, analytes.TRIGLYCERIDES, "212"),
        (160, analytes.HBA1C, "7.9"),
        (400, analytes.ALBUMIN_RATIO, "44.0"),
        (2200, analytes.HEIGHT, "178.0"),
    ):
        chart.measure(TODAY - timedelta(days=days), analyte, value)
    chart.smoking(TODAY - timedelta(days=500), "8517006", "Former smoker")


def _problems(chart: Chart, here: Json) -> None:
    admitted = _ADMITTED.date().isoformat()
    for icd10, text in (("J18.9", "Pneumonia"), ("N17.9", "Acute kidney failure")):
        chart.problem(icd10, text, admitted, category="encounter-diagnosis", **here)
    chart.problem("I10", "Hypertension", "2012-03-05")
    chart.problem("E11.9", "Type 2 diabetes", "2018-11-13")
    for text, dose in (
        ("ceftriaxone 2 g injection", "2 g intravenous daily"),
        ("enoxaparin 40 mg/0.4 mL injection", "40 mg subcutaneous daily"),
        ("insulin lispro 100 unit/mL injection", "subcutaneous by scale"),
        ("acetaminophen 500 mg tablet", "2 tablets by mouth as needed"),
    ):
        chart.order("active", text, dose, admitted, **here)
    chart.order("on-hold", "lisinopril 20 MG Oral Tablet", "daily", admitted, "314077", **here)
    chart.order("active", "atorvastatin 40 MG Oral Tablet", "daily", admitted, "617311", **here)
