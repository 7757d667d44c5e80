"""Writes the synthetic charts: `python -m simulator.make_charts` makes the same files each time.

Nothing is taken from a real chart or from another data set: values are a starting point, a slow
trend and a small wobble of fixed numbers. LOINC names what was measured, UCUM the units, ICD-10-CM
the problems, RxNorm two of the drugs, SNOMED CT the smoking status.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from simulator.chart_builder import TODAY, Analyte, Chart, Json, chart_text
from simulator.charts import CHARTS

_DAYS_BETWEEN_VISITS = 91
_WOBBLE = (0, 2, -1, 1, -2, 1, 0, -1, 2)

WEIGHT = Analyte("29463-7", "Body weight", "kg", "kg", 1, "vital-signs")
HEIGHT = Analyte("8302-2", "Body height", "cm", "cm", 1, "vital-signs")
HEART_RATE = Analyte("8867-4", "Heart rate", "/min", "/min", 0, "vital-signs")
BREATHS = Analyte("9279-1", "Respiratory rate", "/min", "/min", 0, "vital-signs")
TEMPERATURE = Analyte("8310-5", "Body temperature", "°C", "Cel", 1, "vital-signs")
SPO2 = Analyte("59408-5", "Oxygen saturation by pulse oximetry", "%", "%", 0, "vital-signs")
CREATININE = Analyte("2160-0", "Creatinine, serum or plasma", "mg/dL", "mg/dL", 2)
SODIUM = Analyte("2951-2", "Sodium, serum or plasma", "mmol/L", "mmol/L", 0)
POTASSIUM = Analyte("2823-3", "Potassium, serum or plasma", "mmol/L", "mmol/L", 1)
CHLORIDE = Analyte("2075-0", "Chloride, serum or plasma", "mmol/L", "mmol/L", 0)
BICARBONATE = Analyte("1963-8", "Bicarbonate, serum or plasma", "mmol/L", "mmol/L", 0)
UREA_NITROGEN = Analyte("3094-0", "Urea nitrogen, serum or plasma", "mg/dL", "mg/dL", 0)
GLUCOSE = Analyte("2345-7", "Glucose, serum or plasma", "mg/dL", "mg/dL", 0)
HBA1C = Analyte("4548-4", "Hemoglobin A1c/hemoglobin total, blood", "%", "%", 1)
CHOLESTEROL = Analyte("2093-3", "Cholesterol, serum or plasma", "mg/dL", "mg/dL", 0)
HDL = Analyte("2085-9", "HDL cholesterol, serum or plasma", "mg/dL", "mg/dL", 0)
TRIGLYCERIDES = Analyte("2571-8", "Triglyceride, serum or plasma", "mg/dL", "mg/dL", 0)
HEMOGLOBIN = Analyte("718-7", "Hemoglobin, blood", "g/dL", "g/dL", 1)
ALBUMIN_RATIO = Analyte("9318-7", "Albumin/creatinine ratio, urine", "mg/g", "mg/g{creat}", 1)
ALBUMIN = Analyte("1751-7", "Albumin, serum or plasma", "g/dL", "g/dL", 2)
CALCIUM = Analyte("17861-6", "Calcium, serum or plasma", "mg/dL", "mg/dL", 1)
BILIRUBIN = Analyte("1975-2", "Bilirubin total, serum or plasma", "mg/dL", "mg/dL", 2)
AST = Analyte("1920-8", "Aspartate aminotransferase, serum or plasma", "U/L", "U/L", 0)
ALT = Analyte("1742-6", "Alanine aminotransferase, serum or plasma", "U/L", "U/L", 0)
PLATELETS = Analyte("777-3", "Platelets, blood", "10*3/uL", "10*3/uL", 0)
INR = Analyte("6301-6", "INR, platelet poor plasma", "{INR}", "{INR}", 1)


@dataclass(frozen=True, slots=True)
class Course:
    """How an analyte runs over the visits: every `every`-th one, the newest always."""

    analyte: Analyte
    newest: str
    per_visit: str
    wobble: str
    every: int = 1


COURSES = (
    Course(WEIGHT, "86.0", "0.3", "0.4"),
    Course(HEART_RATE, "74", "0", "2"),
    Course(CREATININE, "1.50", "0.03", "0.02"),
    Course(SODIUM, "139", "0", "1"),
    Course(POTASSIUM, "4.8", "0.03", "0.1"),
    Course(GLUCOSE, "142", "-1", "6"),
    Course(HBA1C, "7.4", "-0.05", "0.1"),
    Course(UREA_NITROGEN, "28", "0.5", "1"),
    Course(CHOLESTEROL, "172", "-3", "4", every=2),
    Course(HDL, "44", "0", "1", every=2),
    Course(TRIGLYCERIDES, "168", "-2", "9", every=2),
    Course(HEMOGLOBIN, "12.0", "-0.1", "0.1", every=2),
    Course(ALBUMIN_RATIO, "100.0", "3.5", "4.0", every=2),
    Course(HEIGHT, "165.0", "0", "0", every=4),
    Course(CHLORIDE, "104", "0", "1", every=4),
    Course(BICARBONATE, "22", "-0.2", "1", every=4),
    Course(ALBUMIN, "4.00", "-0.02", "0.05", every=4),
    Course(CALCIUM, "9.2", "0", "0.1", every=4),
    Course(AST, "24", "0", "2", every=6),
    Course(ALT, "28", "0", "2", every=6),
    Course(PLATELETS, "236", "0", "5", every=6),
    Course(INR, "1.0", "0", "0", every=12),
    Course(BREATHS, "14", "0", "1", every=12),
    Course(TEMPERATURE, "36.7", "0", "0.1", every=12),
    Course(SPO2, "97", "0", "1", every=12),
)
_VISITS = 13


def alma() -> list[Json]:
    """Return an adult with hypertension, diabetes and chronic kidney disease, three years long."""
    chart = Chart("synthetic-alma")
    chart.demographics("Alma", "female", "1968-03-14", "SYN-0001")
    here = {"encounter": {"reference": f"Encounter/{chart.encounter()}"}}

    for visit in reversed(range(_VISITS)):
        when = TODAY - timedelta(days=_DAYS_BETWEEN_VISITS * visit)
        chart.blood_pressure(when, 138 + visit % 3 * 4, 84 + visit % 4 * 2)
        for course in COURSES:
            if visit % course.every == 0:
                chart.measure(
                    when, course.analyte, str(_value(course, visit)), **(here if not visit else {})
                )
    chart.smoking(TODAY - timedelta(days=182), "8517006", "Former smoker")
    chart.measure(TODAY, BILIRUBIN, "0.20", comparator="<", **here)
    chart.measure(TODAY, POTASSIUM, "8.9", status="entered-in-error", **here)
    later = TODAY + timedelta(minutes=90)
    chart.measure(later, CREATININE, "1.60", status="preliminary", **here)

    chart.problem("I12.9", "Hypertensive chronic kidney disease, stage 1-4", "2016-05-09")
    chart.problem("E11.22", "Type 2 diabetes with diabetic chronic kidney disease", "2014-10-02")
    chart.problem("N18.32", "Chronic kidney disease, stage 3b", "2022-08-17")
    chart.problem("E78.5", "Hyperlipidemia", "2015-01-22")
    chart.problem("J18.9", "Pneumonia", "2025-01-30", clinical="resolved")
    chart.problem(
        "I48.91", "Atrial fibrillation", "2024-06-11", clinical=None, verification="refuted"
    )
    chart.order("active", "lisinopril 20 MG Oral Tablet", "1 tablet daily", "2026-05-22", "314077")
    chart.order(
        "active", "atorvastatin 40 MG Oral Tablet", "1 tablet daily", "2026-05-22", "617311"
    )
    chart.order("active", "metformin 500 mg tablet", "1 tablet twice daily", "2026-05-22")
    chart.order("stopped", "ibuprofen 400 mg tablet", "1 tablet as needed", "2024-11-22")
    return chart.resources


def bruno() -> list[Json]:
    """Return a healthy adult with one visit and no encounter."""
    chart = Chart("synthetic-bruno")
    chart.demographics("Bruno", "male", "1991-08-02", "SYN-0002")
    when = TODAY - timedelta(days=50)
    chart.blood_pressure(when, 118, 74)
    for analyte, value in (
        (WEIGHT, "78.0"),
        (HEIGHT, "181.0"),
        (HEART_RATE, "62"),
        (CREATININE, "0.90"),
        (CHOLESTEROL, "178"),
        (HDL, "55"),
        (TRIGLYCERIDES, "90"),
    ):
        chart.measure(when, analyte, value)
    chart.smoking(when, "266919005", "Never smoked tobacco")
    return chart.resources


def _value(course: Course, visit: int) -> Decimal:
    """Return the value `visit` visits before the newest."""
    wobble = Decimal(_WOBBLE[visit % len(_WOBBLE)]) * Decimal(course.wobble)
    return Decimal(course.newest) - visit * Decimal(course.per_visit) + wobble


if __name__ == "__main__":
    for name, resources in (("alma", alma()), ("bruno", bruno())):
        (CHARTS / f"{name}.json").write_text(chart_text(resources), encoding="utf-8")
