"""The invented charts of seven outpatients, each with inputs for its calculators.

No data comes from a real chart or another data set. A value that relates to a diagnosis is in the
range that the diagnosis implies (see tests/simulator/charts/test_charts_fill_calculators.py).
"""

from datetime import timedelta

from simulator.charts import analytes
from simulator.charts.builder import Chart
from simulator.charts.courses import Course, visits
from simulator.charts.parts import LOINC, TODAY, Json, coding

_KIDNEYS_AND_SUGAR = (
    Course(analytes.WEIGHT, "86.0", "0.3", "0.4"),
    Course(analytes.HEART_RATE, "74", "0", "2"),
    Course(analytes.CREATININE, "1.50", "0.03", "0.02"),
    Course(analytes.SODIUM, "139", "0", "1"),
    Course(analytes.POTASSIUM, "4.8", "0.03", "0.1"),
    Course(analytes.GLUCOSE, "142", "-1", "6"),
    Course(analytes.HBA1C, "7.4", "-0.05", "0.1"),
    Course(analytes.UREA_NITROGEN, "28", "0.5", "1"),
    Course(analytes.CHOLESTEROL, "172", "-3", "4", every=2),
    Course(analytes.HDL, "44", "0", "1", every=2),
    Course(analytes.TRIGLYCERIDES, "168", "-2", "9", every=2),
    Course(analytes.HEMOGLOBIN, "12.0", "-0.1", "0.1", every=2),
    Course(analytes.ALBUMIN_RATIO, "100.0", "3.5", "4.0", every=2),
    Course(analytes.HEIGHT, "165.0", every=4),
    Course(analytes.CHLORIDE, "104", "0", "1", every=4),
    Course(analytes.BICARBONATE, "22", "-0.2", "1", every=4),
    Course(analytes.ALBUMIN, "4.00", "-0.02", "0.05", every=4),
    Course(analytes.CALCIUM, "9.2", "0", "0.1", every=4),
    Course(analytes.AST, "24", "0", "2", every=6),
    Course(analytes.ALT, "28", "0", "2", every=6),
    Course(analytes.PLATELETS, "236", "0", "5", every=6),
    Course(analytes.INR, "1.0", every=12),
    Course(analytes.BREATHS, "14", "0", "1", every=12),
    Course(analytes.TEMPERATURE, "36.7", "0", "0.1", every=12),
    Course(analytes.SPO2, "97", "0", "1", every=12),
)
_HEART = (
    Course(analytes.WEIGHT, "71.0", "0.5"),
    Course(analytes.HEART_RATE, "78", "-4"),
    Course(analytes.CREATININE, "1.02", "0.03"),
    Course(analytes.SODIUM, "140", every=2),
    Course(analytes.POTASSIUM, "4.4", every=2),
    Course(analytes.HEMOGLOBIN, "13.1", every=2),
    Course(analytes.PLATELETS, "221", every=2),
    Course(analytes.BILIRUBIN, "0.60", every=2),
    Course(analytes.AST, "22", every=2),
    Course(analytes.ALT, "19", every=2),
    Course(analytes.INR, "1.1", every=2),
    Course(analytes.HEIGHT, "163.0", every=2),
    Course(analytes.QT_INTERVAL, "396", every=2),
)
_KIDNEYS = (
    Course(analytes.WEIGHT, "84.0", every=2),
    Course(analytes.HEART_RATE, "70", every=2),
    Course(analytes.CREATININE, "2.90", "0.15"),
    Course(analytes.EGFR, "23", "-2"),
    Course(analytes.POTASSIUM, "5.3", "0.1"),
    Course(analytes.SODIUM, "138", every=2),
    Course(analytes.CHLORIDE, "108", every=2),
    Course(analytes.BICARBONATE, "19", every=2),
    Course(analytes.UREA_NITROGEN, "52", every=2),
    Course(analytes.GLUCOSE, "98", every=2),
    Course(analytes.OSMOLALITY, "304", every=2),
    Course(analytes.CALCIUM, "8.4", every=2),
    Course(analytes.ALBUMIN, "3.60", every=2),
    Course(analytes.HEMOGLOBIN, "10.2", every=2),
    Course(analytes.ALBUMIN_RATIO, "820.0", every=2),
    Course(analytes.CHOLESTEROL, "196", every=2),
    Course(analytes.HDL, "42", every=2),
    Course(analytes.TRIGLYCERIDES, "178", every=2),
    Course(analytes.LDL, "121", every=2),
    Course(analytes.HEIGHT, "176.0", every=2),
)
_LIVER = (
    Course(analytes.WEIGHT, "68.0", "1.5"),
    Course(analytes.HEART_RATE, "82", every=2),
    Course(analytes.CREATININE, "1.10", "0.05"),
    Course(analytes.SODIUM, "131", "-2"),
    Course(analytes.BILIRUBIN, "3.40", "0.60", normal_high="1.20"),
    Course(analytes.INR, "1.7", "0.2"),
    Course(analytes.ALBUMIN, "2.60", every=2),
    Course(analytes.AST, "78", every=2, normal_high="40"),
    Course(analytes.ALT, "41", every=2, normal_high="40"),
    Course(analytes.PLATELETS, "72", every=2),
    Course(analytes.POTASSIUM, "3.7", every=2),
    Course(analytes.CHLORIDE, "101", every=2),
    Course(analytes.BICARBONATE, "21", every=2),
    Course(analytes.CALCIUM, "8.1", every=2),
    Course(analytes.UREA_NITROGEN, "18", every=2),
    Course(analytes.GLUCOSE, "96", every=2),
    Course(analytes.HEIGHT, "168.0", every=2),
    Course(analytes.QT_INTERVAL, "460", every=2),
)


def alma() -> list[Json]:
    """Return three years of a chart: hypertension, diabetes with a statin, kidney disease."""
    chart = Chart("synthetic-alma")
    chart.demographics("Alma", "female", "1968-03-14", "SYN-0001")
    here = chart.encounter()
    visits(
        chart, 13, _KIDNEYS_AND_SUGAR, lambda visit: (138 + visit % 3 * 4, 84 + visit % 4 * 2), here
    )
    chart.smoking(TODAY - timedelta(days=182), "8517006", "Former smoker")
    chart.measure(TODAY, analytes.BILIRUBIN, "0.20", comparator="<", **here)
    chart.measure(TODAY, analytes.POTASSIUM, "8.9", status="entered-in-error", **here)
    later = TODAY + timedelta(minutes=90)
    chart.measure(later, analytes.CREATININE, "1.60", status="preliminary", **here)

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
    """Return the chart of a healthy adult with one visit and no encounter."""
    chart = Chart("synthetic-bruno")
    chart.demographics("Bruno", "male", "1991-08-02", "SYN-0002")
    when = TODAY - timedelta(days=50)
    chart.blood_pressure(when, 118, 74)
    for analyte, value in (
        (analytes.WEIGHT, "78.0"),
        (analytes.HEIGHT, "181.0"),
        (analytes.HEART_RATE, "62"),
        (analytes.CREATININE, "0.90"),
        (analytes.CHOLESTEROL, "178"),
        (analytes.HDL, "55"),
        (analytes.TRIGLYCERIDES, "90"),
    ):
        chart.measure(when, analyte, value)
    chart.smoking(when, "266919005", "Never smoked tobacco")
    return chart.resources


def cora() -> list[Json]:
    """Return a chart with atrial fibrillation on an anticoagulant, heart failure and a stroke."""
    chart = Chart("synthetic-cora")
    chart.demographics("Cora", "female", "1950-02-09", "SYN-0003")
    visits(chart, 2, _HEART, lambda visit: (148 - visit * 6, 86), chart.encounter())
    chart.smoking(TODAY - timedelta(days=91), "266919005", "Never smoked tobacco")
    chart.problem("I48.20", "Chronic atrial fibrillation", "2019-04-03")
    chart.problem("I11.0", "Hypertensive heart disease with heart failure", "2021-07-19")
    chart.problem("Z86.73", "History of stroke without residual deficits", "2020-01-27")
    chart.order("active", "apixaban 5 MG Oral Tablet", "twice daily", "2026-08-21", "1364445")
    chart.order("active", "furosemide 40 MG Oral Tablet", "daily", "2026-08-21", "313988")
    chart.order(
        "active", "metoprolol succinate 50 mg extended release tablet", "daily", "2026-08-21"
    )
    chart.order("stopped", "aspirin 81 mg tablet", "daily", "2019-04-03")
    return chart.resources


def dario() -> list[Json]:
    """Return the chart of a smoker with kidney disease whose problem list is one stage behind."""
    chart = Chart("synthetic-dario")
    chart.demographics("Dario", "male", "1959-04-21", "SYN-0004")
    visits(chart, 2, _KIDNEYS, lambda visit: (142 + visit * 4, 82), chart.encounter())
    chart.smoking(TODAY, "449868002", "Smokes every day")
    chart.problem("N18.32", "Chronic kidney disease, stage 3b", "2024-03-11")
    chart.problem("I12.9", "Hypertensive chronic kidney disease, stage 1-4", "2015-09-30")
    chart.problem("D63.1", "Anemia in chronic kidney disease", "2025-02-18")
    chart.order("active", "amlodipine 5 MG Oral Tablet", "daily", "2026-08-21", "197361")
    chart.order("active", "rosuvastatin 10 mg tablet", "daily", "2026-08-21")
    chart.order("active", "sodium bicarbonate 650 mg tablet", "twice daily", "2026-08-21")
    return chart.resources


def elsa() -> list[Json]:
    """Return a chart with cirrhosis: drugs that lower blood pressure, but no hypertension."""
    chart = Chart("synthetic-elsa")
    chart.demographics("Elsa", "female", "1968-12-01", "SYN-0005")
    visits(chart, 2, _LIVER, lambda visit: (106 + visit * 4, 62), chart.encounter())
    chart.smoking(TODAY - timedelta(days=182), "8517006", "Former smoker")
    drinks = {"valueCodeableConcept": {"text": "None for two years"}}
    chart.observe(TODAY, "social-history", "74013-4", "Alcoholic drinks per day", drinks)
    chart.problem("K74.60", "Cirrhosis of liver", "2023-06-05")
    chart.problem("K76.6", "Portal hypertension", "2023-06-05")
    chart.problem("I85.10", "Secondary esophageal varices", "2024-01-15")
    chart.problem("R18.8", "Ascites", "2025-10-08")
    chart.order("active", "spironolactone 25 MG Oral Tablet", "daily", "2026-08-21", "313096")
    chart.order("active", "furosemide 40 MG Oral Tablet", "daily", "2026-08-21", "313988")
    chart.order("active", "lactulose 10 g/15 mL oral solution", "twice daily", "2026-08-21")
    return chart.resources


def ida() -> list[Json]:
    """Return a chart with atrial fibrillation and no anticoagulant, which gets a CDS card."""
    chart = Chart("synthetic-ida")
    chart.demographics("Ida", "female", "1949-06-17", "SYN-0009")
    chart.blood_pressure(TODAY, 142, 82)
    chart.measure(TODAY, analytes.WEIGHT, "66.0")
    chart.measure(TODAY, analytes.CREATININE, "0.90")
    chart.measure(TODAY, analytes.SODIUM, "149")
    chart.problem("I48.0", "Paroxysmal atrial fibrillation", "2026-09-02")
    chart.problem("I10", "Essential hypertension", "2011-03-15")
    chart.order("active", "lisinopril 20 MG Oral Tablet", "daily", "2026-09-02", "314077")
    chart.order(
        "active", "metoprolol succinate 50 mg extended release tablet", "daily", "2026-09-02"
    )
    return chart.resources


def falk() -> list[Json]:
    """Return a nearly empty chart: a name, and one measurement with few details."""
    chart = Chart("synthetic-falk")
    chart.demographics("Falk", None, None, "SYN-0006")
    chart.add(
        "Observation",
        {
            "status": "final",
            "code": {
                "coding": [coding(LOINC, analytes.WEIGHT.loinc)],
                "text": analytes.WEIGHT.name,
            },
            "effectiveDateTime": "2024",
            "valueQuantity": {"value": 74, "unit": "kg"},
        },
    )
    return chart.resources
